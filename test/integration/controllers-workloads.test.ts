import { jest } from '@jest/globals'
import {
  configMaps,
  deployments,
  endpoints,
  endpointSlices,
  events,
  namespaces,
  pods,
  replicaSets,
  serviceAccounts,
  services,
} from '@kapell/openapi/meta/refs'
import type { V1Deployment, V1Pod } from '@kapell/openapi/types'
import { rootCa, startControlPlane, type ControlPlane } from './controllers-support.ts'

const image = (pod: V1Pod): string => pod.spec?.containers[0]?.image ?? ''

function deployment(name: string, more: Partial<NonNullable<V1Deployment['spec']>> = {}): V1Deployment {
  return {
    metadata: { name },
    spec: {
      replicas: 10,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'c', image: 'v1', ports: [{ name: 'http', containerPort: 8080 }] }] },
      },
      ...more,
    },
  }
}

// Conditions come within milliseconds; a busy machine may take longer.
jest.setTimeout(30_000)

describe('controllers on a real API server', () => {
  let plane: ControlPlane
  const ns = 'work'
  beforeAll(async () => {
    plane = await startControlPlane({
      node: { phase: (pod) => (image(pod) === 'never' ? undefined : 'Running') },
    })
    await plane.client.resource(namespaces).create({ metadata: { name: ns } })
    await plane.until([serviceAccounts], () =>
      plane.client
        .resource(serviceAccounts, ns)
        .get('default')
        .catch(() => undefined),
    )
  })
  afterAll(() => plane.close())

  const get = (name: string) => plane.client.resource(deployments, ns).get(name)
  const complete = (name: string, replicas: number, generation = 0) =>
    plane.until([deployments], async () => {
      const d = await get(name)
      const s = d.status ?? {}
      return (s.observedGeneration ?? 0) >= Math.max(generation, d.metadata?.generation ?? 0) &&
        s.updatedReplicas === replicas &&
        s.availableReplicas === replicas &&
        s.replicas === replicas
        ? d
        : undefined
    })
  const change = async (name: string, patch: object) =>
    (await plane.client.resource(deployments, ns).patch(name, 'strategic', patch)).metadata?.generation ?? 0
  const setImage = (name: string, to: string) =>
    change(name, { spec: { template: { spec: { containers: [{ name: 'c', image: to }] } } } })
  const podsOf = async (app: string) =>
    (await plane.client.resource(pods, ns).list({ labelSelector: `app=${app}` })).items

  it('publishes the CA and a default account to every namespace', async () => {
    const map = await plane.until([configMaps], () =>
      plane.client
        .resource(configMaps, ns)
        .get('kube-root-ca.crt')
        .catch(() => undefined),
    )
    expect(map.data).toEqual({ 'ca.crt': rootCa })
    await plane.client.resource(serviceAccounts, ns).delete('default')
    await plane.until([serviceAccounts], () =>
      plane.client
        .resource(serviceAccounts, ns)
        .get('default')
        .catch(() => undefined),
    )
  })

  it('makes ten ready pods of a Deployment, and tells of it', async () => {
    await plane.client.resource(deployments, ns).create(deployment('web'))
    const done = await complete('web', 10)
    expect(done.metadata?.annotations).toMatchObject({ 'deployment.kubernetes.io/revision': '1' })
    expect(done.status?.conditions?.map(({ type, status, reason }) => [type, status, reason])).toEqual(
      expect.arrayContaining([
        ['Available', 'True', 'MinimumReplicasAvailable'],
        ['Progressing', 'True', 'NewReplicaSetAvailable'],
      ]),
    )
    const [set] = (await plane.client.resource(replicaSets, ns).list()).items
    expect(set?.metadata?.name).toMatch(/^web-[bcdfghjklmnpqrstvwxz2-9]+$/)
    expect(set?.metadata?.ownerReferences).toMatchObject([{ kind: 'Deployment', name: 'web', controller: true }])
    const told = await plane.until([events], async () =>
      (await plane.client.resource(events, ns).list()).items.find(({ reason }) => reason === 'ScalingReplicaSet'),
    )
    expect(told.message).toBe(`Scaled up replica set ${set?.metadata?.name} from 0 to 10`)
  })

  it('rolls a change out within its bounds, keeps the history, and rolls back', async () => {
    let most = 0
    let fewest = 10
    const count = (): void => {
      const all = plane.informers
        .informer(pods)
        .lister.inNamespace(ns)
        .filter((p) => p.metadata?.labels?.app === 'web')
      const ready = all.filter(
        (p) =>
          p.metadata?.deletionTimestamp === undefined &&
          p.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'),
      )
      most = Math.max(most, all.filter((p) => p.metadata?.deletionTimestamp === undefined).length)
      fewest = Math.min(fewest, ready.length)
    }
    const off = plane.informers.informer(pods).onChange({ add: count, update: count, delete: count })
    const generation = await setImage('web', 'v2')
    const done = await complete('web', 10, generation)
    off()
    // 25 % of 10: three more at most, two fewer at most.
    expect(most).toBeLessThanOrEqual(13)
    expect(fewest).toBeGreaterThanOrEqual(8)
    expect(new Set((await podsOf('web')).map(image))).toEqual(new Set(['v2']))
    expect(done.metadata?.annotations?.['deployment.kubernetes.io/revision']).toBe('2')

    const sets = (await plane.client.resource(replicaSets, ns).list({ labelSelector: 'app=web' })).items
    expect(sets.map((s) => s.metadata?.annotations?.['deployment.kubernetes.io/revision']).sort()).toEqual(['1', '2'])
    // What `kubectl rollout undo` does: the old template, without its hash.
    const back = await setImage('web', 'v1')
    const undone = await complete('web', 10, back)
    expect(undone.metadata?.annotations?.['deployment.kubernetes.io/revision']).toBe('3')
    const after = (await plane.client.resource(replicaSets, ns).list({ labelSelector: 'app=web' })).items
    expect(after).toHaveLength(2)
    expect(after.find((s) => s.spec?.replicas === 10)?.metadata?.annotations).toMatchObject({
      'deployment.kubernetes.io/revision': '3',
      'deployment.kubernetes.io/revision-history': '1',
    })
  })

  it('scales, pauses and resumes', async () => {
    await complete('web', 3, await change('web', { spec: { replicas: 3 } }))
    await change('web', { spec: { paused: true } })
    await setImage('web', 'v3')
    await plane.until([deployments], async () =>
      (await get('web')).status?.conditions?.find(({ reason }) => reason === 'DeploymentPaused'),
    )
    expect(new Set((await podsOf('web')).map(image))).toEqual(new Set(['v1']))
    await complete('web', 3, await change('web', { spec: { paused: false } }))
    expect(new Set((await podsOf('web')).map(image))).toEqual(new Set(['v3']))
  })

  it('a rollout that cannot proceed keeps what is available, and says when its deadline has passed', async () => {
    await plane.client
      .resource(deployments, ns)
      .create(deployment('stuck', { replicas: 4, progressDeadlineSeconds: 1 }))
    await complete('stuck', 4)
    await setImage('stuck', 'never')
    const condition = await plane.until([deployments], async () =>
      (await get('stuck')).status?.conditions?.find(({ reason }) => reason === 'ProgressDeadlineExceeded'),
    )
    expect(condition).toMatchObject({
      status: 'False',
      message: expect.stringMatching(/^ReplicaSet "stuck-.*" has timed out progressing\.$/) as string,
    })
    // The deadline may pass before the last of the pods that may be made is.
    await plane.until([deployments], async () => {
      const { availableReplicas, updatedReplicas } = (await get('stuck')).status ?? {}
      return availableReplicas === 3 && updatedReplicas === 2
    })
    await complete('stuck', 4, await setImage('stuck', 'v1'))
  })

  it('Recreate never runs two versions side by side', async () => {
    await plane.client
      .resource(deployments, ns)
      .create(deployment('single', { replicas: 2, strategy: { type: 'Recreate' } }))
    await complete('single', 2)
    let mixed = false
    const off = plane.informers.informer(pods).onChange({
      add: (pod) => {
        const all = plane.informers
          .informer(pods)
          .lister.inNamespace(ns)
          .filter((p) => p.metadata?.labels?.app === 'single')
        if (image(pod) === 'v2' && all.some((p) => image(p) === 'v1')) mixed = true
      },
    })
    await complete('single', 2, await setImage('single', 'v2'))
    off()
    expect(mixed).toBe(false)
  })

  it('keeps no more history than asked', async () => {
    await plane.client.resource(deployments, ns).create(deployment('short', { replicas: 1, revisionHistoryLimit: 1 }))
    await complete('short', 1)
    for (const to of ['v2', 'v3', 'v4']) await complete('short', 1, await setImage('short', to))
    await plane.until([replicaSets], async () =>
      (await plane.client.resource(replicaSets, ns).list({ labelSelector: 'app=short' })).items.length === 2
        ? true
        : undefined,
    )
  })

  it('replaces pods that are lost, releases those relabelled, adopts orphans', async () => {
    await plane.client.resource(deployments, ns).create(deployment('keep', { replicas: 2 }))
    await complete('keep', 2)
    const [lost, other] = await podsOf('keep')
    await plane.client.resource(pods, ns).delete(lost?.metadata?.name ?? '')
    await plane.until([pods], async () => {
      const now = await podsOf('keep')
      return now.length === 2 && now.every((p) => p.metadata?.name !== lost?.metadata?.name) ? now : undefined
    })
    const name = other?.metadata?.name ?? ''
    await plane.client.resource(pods, ns).patch(name, 'merge', { metadata: { labels: { app: 'mine' } } })
    const released = await plane.until([pods], async () => {
      const pod = await plane.client.resource(pods, ns).get(name)
      return (pod.metadata?.ownerReferences ?? []).length === 0 ? pod : undefined
    })
    expect(released.metadata?.labels?.app).toBe('mine')
    await plane.until([pods], async () => ((await podsOf('keep')).length === 2 ? true : undefined))
    // Given back, there is one too many: one goes, and none is without an owner.
    await plane.client.resource(pods, ns).patch(name, 'merge', { metadata: { labels: { app: 'keep' } } })
    await plane.until([pods], async () => {
      const now = (await podsOf('keep')).filter((p) => p.metadata?.deletionTimestamp === undefined)
      return now.length === 2 && now.every((p) => p.metadata?.ownerReferences?.length === 1) ? true : undefined
    })
  })

  it('tells in endpoints and slices which pods stand behind a Service', async () => {
    await plane.client.resource(services, ns).create({
      metadata: { name: 'keep' },
      spec: { selector: { app: 'keep' }, ports: [{ name: 'web', port: 80, targetPort: 'http' }] },
    })
    const slice = await plane.until([endpointSlices], async () =>
      (
        await plane.client.resource(endpointSlices, ns).list({ labelSelector: 'kubernetes.io/service-name=keep' })
      ).items.find(({ endpoints: e }) => e?.length === 2),
    )
    expect(slice).toMatchObject({
      addressType: 'IPv4',
      ports: [{ name: 'web', port: 8080, protocol: 'TCP' }],
      metadata: { labels: { 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' } },
    })
    expect(slice.endpoints?.[0]).toMatchObject({
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: 'node-1',
      targetRef: { kind: 'Pod' },
    })
    await plane.until([endpoints], async () => {
      const found = await plane.client
        .resource(endpoints, ns)
        .get('keep')
        .catch(() => undefined)
      return found?.subsets?.[0]?.addresses?.length === 2 ? found : undefined
    })
    await plane.client.resource(services, ns).delete('keep')
    await plane.until([endpointSlices, endpoints], async () => {
      const left = await plane.client
        .resource(endpointSlices, ns)
        .list({ labelSelector: 'kubernetes.io/service-name=keep' })
      const old = await plane.client
        .resource(endpoints, ns)
        .get('keep')
        .catch(() => undefined)
      return left.items.length === 0 && old === undefined ? true : undefined
    })
  })

  it('mirrors Endpoints that are kept by hand', async () => {
    await plane.client.resource(services, ns).create({ metadata: { name: 'hand' }, spec: { ports: [{ port: 80 }] } })
    const by = { labelSelector: 'kubernetes.io/service-name=hand' }
    const slices = async () => (await plane.client.resource(endpointSlices, ns).list(by)).items
    await plane.client.resource(endpoints, ns).create({
      metadata: { name: 'hand' },
      subsets: [{ addresses: [{ ip: '10.9.9.9' }], ports: [{ port: 8080 }] }],
    })
    await plane.until([endpointSlices], async () =>
      (await slices()).find((s) => s.endpoints?.[0]?.addresses[0] === '10.9.9.9'),
    )
    await plane.client
      .resource(endpoints, ns)
      .patch('hand', 'merge', { subsets: [{ addresses: [{ ip: '10.9.9.8' }], ports: [{ port: 8080 }] }] })
    await plane.until([endpointSlices], async () => {
      const found = await slices()
      return found.length === 1 && found[0]?.endpoints?.[0]?.addresses[0] === '10.9.9.8' ? true : undefined
    })
    await plane.client.resource(endpoints, ns).delete('hand')
    await plane.until([endpointSlices], async () => ((await slices()).length === 0 ? true : undefined))
  })

  it('empties a namespace and lets it go', async () => {
    await plane.client.resource(namespaces).delete(ns)
    await plane.until([namespaces], async () =>
      (await plane.client.resource(namespaces).list()).items.some(({ metadata }) => metadata?.name === ns)
        ? undefined
        : true,
    )
    expect((await plane.client.resource(pods).list()).items).toEqual([])
    expect((await plane.client.resource(replicaSets).list()).items).toEqual([])
  })

  it('had nothing to complain of', () => {
    expect(plane.warnings).toEqual([])
  })
})
