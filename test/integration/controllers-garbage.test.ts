import { jest } from '@jest/globals'
import type { OwnerReference } from '@kapell/openapi/meta/object'
import {
  configMaps,
  customResourceDefinitions,
  deployments,
  namespaces,
  pods,
  replicaSets,
  secrets,
} from '@kapell/openapi/meta/refs'
import type { V1ConfigMap } from '@kapell/openapi/types'
import { startControlPlane, type ControlPlane } from './controllers-support.ts'

// Conditions come within milliseconds; a busy machine may take longer.
jest.setTimeout(30_000)

describe('garbage collection on a real API server', () => {
  let plane: ControlPlane
  const ns = 'garbage'
  beforeAll(async () => {
    plane = await startControlPlane()
    await plane.client.resource(namespaces).create({ metadata: { name: ns } })
  })
  afterAll(() => plane.close())

  const make = async (name: string, owners: V1ConfigMap[] = [], more: Partial<OwnerReference> = {}) =>
    plane.client.resource(configMaps, ns).create({
      metadata: {
        name,
        ownerReferences: owners.map(({ metadata }) => ({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          name: metadata?.name ?? '',
          uid: metadata?.uid ?? '',
          ...more,
        })),
      },
    })
  const read = (name: string) =>
    plane.client
      .resource(configMaps, ns)
      .get(name)
      .catch(() => undefined)
  const gone = (...names: string[]) =>
    plane.until([configMaps], async () =>
      (await Promise.all(names.map(read))).every((o) => o === undefined) ? true : undefined,
    )

  it('background: dependents follow their owner, to the last generation', async () => {
    const a = await make('a')
    const b = await make('b', [a])
    await make('c', [b])
    await plane.client.resource(configMaps, ns).delete('a', { propagationPolicy: 'Background' })
    await gone('a', 'b', 'c')
  })

  it('keeps what another owner still holds, without the reference to the gone one', async () => {
    const [x, y] = [await make('x'), await make('y')]
    await make('shared', [x, y])
    await plane.client.resource(configMaps, ns).delete('x', { propagationPolicy: 'Background' })
    const shared = await plane.until([configMaps], async () => {
      const found = await read('shared')
      return found?.metadata?.ownerReferences?.length === 1 ? found : undefined
    })
    expect(shared.metadata?.ownerReferences?.[0]?.name).toBe('y')
  })

  it('foreground: the owner goes last', async () => {
    const top = await make('top')
    await make('below', [top], { blockOwnerDeletion: true })
    const order: string[] = []
    const off = plane.informers
      .informer(configMaps)
      .onChange({ delete: (o) => void order.push(o.metadata?.name ?? '') })
    await plane.client.resource(configMaps, ns).delete('top', { propagationPolicy: 'Foreground' })
    await gone('top', 'below')
    await plane.until([configMaps], () => (order.length >= 2 ? true : undefined))
    off()
    expect(order).toEqual(['below', 'top'])
  })

  it('orphan: dependents stay, and name the owner no more', async () => {
    const parent = await make('parent')
    await make('child', [parent])
    await plane.client.resource(configMaps, ns).delete('parent', { propagationPolicy: 'Orphan' })
    await gone('parent')
    expect((await read('child'))?.metadata?.ownerReferences ?? []).toEqual([])
  })

  it('an owner that never was: the dependent goes', async () => {
    await make('stray', [{ metadata: { name: 'nobody', uid: '11111111-2222-3333-4444-555555555555' } }])
    await gone('stray')
  })

  it('an owner of the same name but another identity is not the owner', async () => {
    await make('namesake')
    await make('stray2', [{ metadata: { name: 'namesake', uid: '11111111-2222-3333-4444-666666666666' } }])
    await gone('stray2')
    expect(await read('namesake')).toBeDefined()
  })

  it('a ring in foreground deletion does not hang', async () => {
    const one = await make('ring1')
    const two = await make('ring2', [one], { blockOwnerDeletion: true })
    await plane.client.resource(configMaps, ns).patch('ring1', 'merge', {
      metadata: {
        ownerReferences: [
          { apiVersion: 'v1', kind: 'ConfigMap', name: 'ring2', uid: two.metadata?.uid, blockOwnerDeletion: true },
        ],
      },
    })
    await plane.client.resource(configMaps, ns).delete('ring1', { propagationPolicy: 'Foreground' })
    await gone('ring1', 'ring2')
  })

  it('follows across kinds: Deployment, ReplicaSet, pods, in all three ways', async () => {
    const create = (name: string) =>
      plane.client.resource(deployments, ns).create({
        metadata: { name },
        spec: {
          replicas: 2,
          selector: { matchLabels: { app: name } },
          template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: 'v1' }] } },
        },
      })
    const count = async (app: string) => {
      const by = { labelSelector: `app=${app}` }
      const [d, r, p] = await Promise.all([
        plane.client.resource(deployments, ns).list(),
        plane.client.resource(replicaSets, ns).list(by),
        plane.client.resource(pods, ns).list(by),
      ])
      return [d.items.filter((o) => o.metadata?.name === app).length, r.items.length, p.items.length].join()
    }
    const reaches = (app: string, counts: string) =>
      plane.until([pods, replicaSets, deployments], async () => ((await count(app)) === counts ? true : undefined))
    for (const policy of ['Background', 'Foreground'] as const) {
      const app = policy.toLowerCase()
      await create(app)
      await reaches(app, '1,1,2')
      await plane.client.resource(deployments, ns).delete(app, { propagationPolicy: policy })
      await reaches(app, '0,0,0')
    }
    await create('orphan')
    await reaches('orphan', '1,1,2')
    await plane.client.resource(deployments, ns).delete('orphan', { propagationPolicy: 'Orphan' })
    await reaches('orphan', '0,1,2')
    // The same Deployment again takes its ReplicaSet back.
    await create('orphan')
    const adopted = await plane.until([replicaSets], async () => {
      const [set] = (await plane.client.resource(replicaSets, ns).list({ labelSelector: 'app=orphan' })).items
      return set?.metadata?.ownerReferences?.[0]?.kind === 'Deployment' ? set : undefined
    })
    expect(adopted.metadata?.ownerReferences).toHaveLength(1)
    expect(await count('orphan')).toBe('1,1,2')
  })

  it('knows custom kinds as they come', async () => {
    const group = 'test.example.com'
    await plane.client.resource(customResourceDefinitions).create({
      metadata: { name: `widgets.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    })
    const widgets = { group, version: 'v1', kind: 'Widget', plural: 'widgets', namespaced: true } as const
    const widget = await plane.until([customResourceDefinitions], () =>
      plane.client
        .resource(widgets, ns)
        .create({ metadata: { name: 'w' } })
        .catch(() => undefined),
    )
    await plane.client.resource(secrets, ns).create({
      metadata: {
        name: 'of-widget',
        ownerReferences: [{ apiVersion: `${group}/v1`, kind: 'Widget', name: 'w', uid: widget.metadata?.uid ?? '' }],
      },
    })
    await plane.client.resource(widgets, ns).delete('w', { propagationPolicy: 'Background' })
    await plane.until([secrets], async () =>
      (await plane.client.resource(secrets, ns).list()).items.some((o) => o.metadata?.name === 'of-widget')
        ? undefined
        : true,
    )
  })
})
