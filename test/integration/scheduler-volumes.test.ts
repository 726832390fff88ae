import { jest } from '@jest/globals'
import { startCluster, type EmbeddedCluster } from '@kapell/cli'
import {
  events,
  namespaces,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  storageClasses,
} from '@kapell/openapi/meta/refs'
import { until } from '../e2e/support/wait.ts'

const ns = 'sched'

// Retries back off for some seconds.
jest.setTimeout(60_000)

/** Scheduler, binder and provisioner together: who waits for whom, and that nobody waits for ever. */
describe('pods with claims', () => {
  let cluster: EmbeddedCluster
  beforeAll(async () => {
    cluster = await startCluster()
    await cluster.client.resource(namespaces).create({ metadata: { name: ns } })
    for (const name of ['n1', 'n2']) await addNode(name)
    await until('the account', () => cluster.client.raw('GET', `/api/v1/namespaces/${ns}/serviceaccounts/default`))
    await until('the default class', () => cluster.client.resource(storageClasses).get('local-path'))
  })
  afterAll(() => cluster.close())

  async function addNode(name: string): Promise<void> {
    const client = cluster.client.resource(nodes)
    const ready = { type: 'Ready', status: 'True', lastHeartbeatTime: new Date().toISOString() }
    await client.create({
      metadata: {
        name,
        labels: { 'kubernetes.io/hostname': name },
        annotations: { 'kapell.io/local-path-directory': `/data/${name}` },
      },
    })
    const allocatable = { cpu: '8', memory: '8Gi', pods: '50' }
    await client.patch(
      name,
      'merge',
      { status: { allocatable, capacity: allocatable, conditions: [ready] } },
      { subresource: 'status' },
    )
    await client.patch(name, 'merge', { spec: { taints: null } })
  }
  const claim = (name: string, more: object = {}) =>
    cluster.client.resource(persistentVolumeClaims, ns).create({
      metadata: { name },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...more },
    })
  const pod = (name: string, claimName: string, spec: object = {}) =>
    cluster.client.resource(pods, ns).create({
      metadata: { name },
      spec: {
        containers: [{ name: 'c', image: 'i' }],
        volumes: [{ name: 'v', persistentVolumeClaim: { claimName } }],
        ...spec,
      },
    })
  const nodeOf = (name: string) =>
    until(`${name} to be placed`, async () => (await cluster.client.resource(pods, ns).get(name)).spec?.nodeName, {
      timeoutMs: 20_000,
    })
  const condition = async (name: string, message: string): Promise<void> => {
    const found = await until(`${name} to be refused`, async () => {
      const { status } = await cluster.client.resource(pods, ns).get(name)
      return status?.conditions?.find((one) => one.type === 'PodScheduled' && one.status === 'False')
    })
    expect(found.message).toContain(message)
  }

  it('a volume is made on the node that the pod was given, and the pod is bound after it', async () => {
    await claim('one')
    await pod('one', 'one', { nodeSelector: { 'kubernetes.io/hostname': 'n2' } })
    expect(await nodeOf('one')).toBe('n2')
    // The phase is written after what binds the claim, which is all that the scheduler waits for.
    const bound = await until('the claim to be bound', async () => {
      const found = await cluster.client.resource(persistentVolumeClaims, ns).get('one')
      return found.status?.phase === 'Bound' ? found : undefined
    })
    expect(bound.metadata?.annotations).toMatchObject({ 'volume.kubernetes.io/selected-node': 'n2' })
    const volume = await cluster.client.resource(persistentVolumes).get(bound.spec?.volumeName ?? '')
    expect(volume.spec?.local?.path).toMatch(/^\/data\/n2\//)
  })

  it('the next pod with that claim goes to the same node', async () => {
    await pod('again', 'one')
    expect(await nodeOf('again')).toBe('n2')
    await pod('elsewhere', 'one', { nodeSelector: { 'kubernetes.io/hostname': 'n1' } })
    await condition(
      'elsewhere',
      "0/2 nodes are available: 1 node(s) didn't match PersistentVolume's node affinity, 1 node(s) didn't match Pod's node affinity/selector.",
    )
  })

  it('a pod waits for its claim, and goes on when it comes', async () => {
    await pod('early', 'late')
    await condition('early', '0/2 nodes are available: persistentvolumeclaim "late" not found.')
    await claim('late')
    expect(await nodeOf('early')).toMatch(/^n/)
  })

  it('volumes made by hand are matched to the node', async () => {
    await cluster.client.resource(storageClasses).create({
      metadata: { name: 'hand' },
      provisioner: 'kubernetes.io/no-provisioner',
      volumeBindingMode: 'WaitForFirstConsumer',
    })
    await claim('hand', { storageClassName: 'hand' })
    await pod('hand', 'hand')
    await condition('hand', "0/2 nodes are available: 2 node(s) didn't find available persistent volumes to bind.")
    const affinity = {
      required: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['n1'] }] }],
      },
    }
    await cluster.client.resource(persistentVolumes).create({
      metadata: { name: 'hand' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Gi' },
        storageClassName: 'hand',
        local: { path: '/mnt/hand' },
        nodeAffinity: affinity,
      },
    })
    expect(await nodeOf('hand')).toBe('n1')
    expect((await cluster.client.resource(persistentVolumes).get('hand')).spec?.claimRef?.name).toBe('hand')
  })

  it('a claim that should be bound already holds the pod back, in the words of the original', async () => {
    await cluster.client.resource(storageClasses).create({ metadata: { name: 'now' }, provisioner: 'example.com/p' })
    await claim('now', { storageClassName: 'now' })
    await pod('now', 'now')
    await condition('now', '0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims.')
    await until('the event', async () => {
      const told = await cluster.client.resource(events, ns).list({ fieldSelector: 'involvedObject.name=now' })
      return told.items.find(({ reason, action }) => reason === 'FailedScheduling' && action === 'Scheduling')
    })
  })

  it('a pod that waits for its volume says which node it is meant for, also when that came to nothing', async () => {
    await cluster.client.resource(storageClasses).create({
      metadata: { name: 'slow' },
      provisioner: 'example.com/slow',
      volumeBindingMode: 'WaitForFirstConsumer',
    })
    await claim('slow', { storageClassName: 'slow' })
    await pod('slow', 'slow')
    const read = () => cluster.client.resource(pods, ns).get('slow')
    const meant = await until('the nomination', async () => (await read()).status?.nominatedNodeName)
    const selected = { metadata: { annotations: { 'volume.kubernetes.io/selected-node': null } } }
    await cluster.client.resource(persistentVolumeClaims, ns).patch('slow', 'merge', selected)
    await condition('slow', 'running PreBind plugin "VolumeBinding": binding volumes: selectedNode annotation reset')
    expect((await read()).status?.nominatedNodeName).toBe(meant)
    const { metadata } = await cluster.client.resource(persistentVolumeClaims, ns).get('slow')
    await cluster.client.resource(persistentVolumes).create({
      metadata: { name: 'slow' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Gi' },
        storageClassName: 'slow',
        hostPath: { path: '/mnt/slow' },
        claimRef: { namespace: ns, name: 'slow', ...(metadata?.uid === undefined ? {} : { uid: metadata.uid }) },
      },
    })
    expect(await nodeOf('slow')).toBe(meant)
    expect((await read()).status?.nominatedNodeName).toBeUndefined()
  })
})
