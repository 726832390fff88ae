import { jest } from '@jest/globals'
import {
  controllerRevisions,
  daemonSets,
  namespaces,
  nodes,
  persistentVolumeClaims,
  pods,
  statefulSets,
} from '@kapell/openapi/meta/refs'
import type { V1Pod, V1StatefulSet } from '@kapell/openapi/types'
import { startControlPlane, type ControlPlane } from './controllers-support.ts'

const ns = 'sets'
const image = (pod: V1Pod): string => pod.spec?.containers[0]?.image ?? ''
const targetOf = (pod: V1Pod): string | undefined =>
  pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms[0]
    ?.matchFields?.[0]?.values?.[0]

// Conditions come within milliseconds; a busy machine may take longer.
jest.setTimeout(30_000)

describe('stateful sets and daemon sets on a real API server', () => {
  let plane: ControlPlane
  const order: string[] = []
  beforeAll(async () => {
    plane = await startControlPlane({
      node: {
        nodeFor: (pod) => targetOf(pod) ?? 'node-1',
        phase: (pod) => (image(pod) === 'never' ? undefined : 'Running'),
      },
    })
    await plane.client.resource(namespaces).create({ metadata: { name: ns } })
    plane.informers.informer(pods).onChange({
      add: (pod) => void order.push(`+${pod.metadata?.name}`),
      delete: (pod) => void order.push(`-${pod.metadata?.name}`),
    })
  })
  afterAll(() => plane.close())

  const podsOf = async (app: string) =>
    (await plane.client.resource(pods, ns).list({ labelSelector: `app=${app}` })).items
  const set = (name: string, more: Partial<NonNullable<V1StatefulSet['spec']>> = {}): V1StatefulSet => ({
    metadata: { name },
    spec: {
      serviceName: name,
      replicas: 3,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: 'v1' }] } },
      ...more,
    },
  })
  const settled = (name: string, replicas: number, to?: string) =>
    plane.until([statefulSets, pods], async () => {
      const s = await plane.client.resource(statefulSets, ns).get(name)
      const own = await podsOf(name)
      const ok =
        s.status?.observedGeneration === s.metadata?.generation &&
        (s.status?.readyReplicas ?? 0) === replicas &&
        own.length === replicas &&
        s.status?.replicas === replicas &&
        (to === undefined || own.every((p) => image(p) === to))
      return ok ? s : undefined
    })
  const patch = (name: string, spec: object) =>
    plane.client.resource(statefulSets, ns).patch(name, 'strategic', { spec })
  const setImage = (name: string, to: string) =>
    patch(name, { template: { spec: { containers: [{ name: 'c', image: to }] } } })
  const historyOf = (app: string) =>
    order.filter((entry) => entry.startsWith(`+${app}-`) || entry.startsWith(`-${app}-`))

  it('makes pods in order, each with its name and its claim', async () => {
    await plane.client.resource(statefulSets, ns).create(
      set('db', {
        volumeClaimTemplates: [
          {
            metadata: { name: 'data' },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
          },
        ],
      }),
    )
    const done = await settled('db', 3)
    expect(historyOf('db')).toEqual(['+db-0', '+db-1', '+db-2'])
    expect(done.status?.currentRevision).toBe(done.status?.updateRevision)
    const [first] = await podsOf('db')
    expect(first?.spec).toMatchObject({ hostname: 'db-0', subdomain: 'db' })
    expect(first?.spec?.volumes).toContainEqual({ name: 'data', persistentVolumeClaim: { claimName: 'data-db-0' } })
    expect(first?.metadata?.labels).toMatchObject({
      'statefulset.kubernetes.io/pod-name': 'db-0',
      'apps.kubernetes.io/pod-index': '0',
      'controller-revision-hash': done.status?.updateRevision,
    })
    const claims = (await plane.client.resource(persistentVolumeClaims, ns).list()).items
    expect(claims.map(({ metadata }) => metadata?.name)).toEqual(['data-db-0', 'data-db-1', 'data-db-2'])
  })

  it('updates from the last to the first, one at a time, and keeps the history', async () => {
    order.length = 0
    await setImage('db', 'v2')
    const done = await settled('db', 3, 'v2')
    expect(historyOf('db')).toEqual(['-db-2', '+db-2', '-db-1', '+db-1', '-db-0', '+db-0'])
    await plane.until([statefulSets], async () => {
      const { status } = await plane.client.resource(statefulSets, ns).get('db')
      return status?.currentRevision === done.status?.updateRevision ? true : undefined
    })
    const kept = (await plane.client.resource(controllerRevisions, ns).list({ labelSelector: 'app=db' })).items
    expect(kept.map(({ revision }) => revision).sort()).toEqual([1, 2])
  })

  it('holds an update back below the partition', async () => {
    await patch('db', { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } })
    await setImage('db', 'v3')
    await plane.until([pods], async () => {
      const images = (await podsOf('db')).map(image)
      return images.length === 3 && images.filter((i) => i === 'v3').length === 1 ? true : undefined
    })
    // A pod lost below the partition comes back as it was.
    await plane.client.resource(pods, ns).delete('db-0')
    const again = await plane.until([pods], async () => {
      const pod = await plane.client
        .resource(pods, ns)
        .get('db-0')
        .catch(() => undefined)
      return pod !== undefined && pod.metadata?.deletionTimestamp === undefined && pod.status?.phase === 'Running'
        ? pod
        : undefined
    })
    expect(image(again)).toBe('v2')
    await patch('db', { updateStrategy: { rollingUpdate: { partition: 0 } } })
    await settled('db', 3, 'v3')
  })

  it('scales down from the last, and keeps the claims', async () => {
    order.length = 0
    await patch('db', { replicas: 1 })
    await settled('db', 1)
    expect(historyOf('db')).toEqual(['-db-2', '-db-1'])
    expect((await plane.client.resource(persistentVolumeClaims, ns).list()).items).toHaveLength(3)
  })

  it('waits for a pod that does not come up; parallel sets do not', async () => {
    const stuck = {
      template: { metadata: { labels: { app: 'slow' } }, spec: { containers: [{ name: 'c', image: 'never' }] } },
    }
    await plane.client.resource(statefulSets, ns).create(set('slow', stuck))
    await plane.client.resource(statefulSets, ns).create(set('fast', { podManagementPolicy: 'Parallel' }))
    await settled('fast', 3)
    expect((await podsOf('slow')).map(({ metadata }) => metadata?.name)).toEqual(['slow-0'])
  })

  it('a daemon set has one pod on each node that fits, and follows the nodes', async () => {
    const node = (name: string, taints: object[] = []) =>
      plane.client
        .resource(nodes)
        .create({ metadata: { name, labels: { disk: 'ssd' } }, spec: { taints: taints as never } })
    await node('node-1')
    await node('node-2')
    await node('node-3', [{ key: 'own', value: 'x', effect: 'NoSchedule' }])
    await plane.client.resource(daemonSets, ns).create({
      metadata: { name: 'agent' },
      spec: {
        selector: { matchLabels: { app: 'agent' } },
        template: {
          metadata: { labels: { app: 'agent' } },
          spec: { nodeSelector: { disk: 'ssd' }, containers: [{ name: 'c', image: 'v1' }] },
        },
      },
    })
    const on = (...names: string[]) =>
      plane.until([pods, daemonSets], async () => {
        const own = (await podsOf('agent')).filter((p) => p.metadata?.deletionTimestamp === undefined)
        const { status } = await plane.client.resource(daemonSets, ns).get('agent')
        const where = own.map((p) => p.spec?.nodeName ?? '').sort()
        return where.join() === names.join() && status?.numberReady === names.length ? status : undefined
      })
    expect(await on('node-1', 'node-2')).toMatchObject({
      desiredNumberScheduled: 2,
      currentNumberScheduled: 2,
      numberAvailable: 2,
    })
    await node('node-4')
    await on('node-1', 'node-2', 'node-4')
    await plane.client.resource(nodes).patch('node-2', 'merge', { metadata: { labels: { disk: 'hdd' } } })
    await on('node-1', 'node-4')
    await plane.client.resource(daemonSets, ns).patch('agent', 'strategic', {
      spec: { template: { spec: { containers: [{ name: 'c', image: 'v2' }] } } },
    })
    await plane.until([pods, daemonSets], async () => {
      const { status, metadata } = await plane.client.resource(daemonSets, ns).get('agent')
      return status?.updatedNumberScheduled === 2 &&
        status.numberAvailable === 2 &&
        status.observedGeneration === metadata?.generation
        ? true
        : undefined
    })
    expect((await podsOf('agent')).map(image)).toEqual(['v2', 'v2'])
  })

  it('a daemon set that takes the place of one deleted alone has its pods and its history', async () => {
    const client = plane.client.resource(daemonSets, ns)
    const { metadata, spec } = await client.get('agent')
    const uids = async () => (await podsOf('agent')).map((p) => p.metadata?.uid ?? '').sort()
    const before = await uids()
    await client.delete('agent', { propagationPolicy: 'Orphan' })
    await plane.until([daemonSets], async () => {
      const { items } = await client.list()
      return items.some((one) => one.metadata?.uid === metadata?.uid) ? undefined : true
    })
    const template = structuredClone(spec!.template)
    template.spec!.containers[0]!.image = 'v1'
    const updateStrategy = { type: 'OnDelete' }
    const { metadata: own } = await client.create({
      metadata: { name: 'agent' },
      spec: { selector: spec!.selector, template, updateStrategy },
    })
    const revisions = await plane.until([controllerRevisions], async () => {
      const { items } = await plane.client.resource(controllerRevisions, ns).list({ labelSelector: 'app=agent' })
      const adopted = items.filter((one) => one.metadata?.ownerReferences?.some(({ uid }) => uid === own?.uid))
      return adopted.length === 2 && adopted.some(({ revision }) => revision === 3) ? adopted : undefined
    })
    // Gone back to the first template: its revision is the newest, no third one was made.
    expect(revisions.map(({ revision }) => revision).sort()).toEqual([2, 3])
    await plane.until([pods], async () => {
      const owned = (await podsOf('agent')).filter((p) => p.metadata?.ownerReferences?.[0]?.uid === own?.uid)
      return owned.length === 2 ? true : undefined
    })
    expect(await uids()).toEqual(before)
  })

  it('had nothing to complain of', () => expect(plane.warnings).toEqual([]))
})
