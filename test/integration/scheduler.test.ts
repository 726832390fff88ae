import { startCluster, type EmbeddedCluster } from '@kapell/cli'
import { events, leases, nodes, pods } from '@kapell/openapi/meta/refs'
import { defaultConfiguration } from '@kapell/scheduler/config/configuration'
import { startScheduler } from '@kapell/scheduler/main'
import { silentLogger } from '@kapell/controllers/machinery/log'
import type { V1Node, V1Pod } from '@kapell/openapi/types'
import { until } from '../e2e/support/wait.ts'

/** The scheduler on the real API server: what it binds, and what it says of what it cannot. */
describe('scheduler', () => {
  let cluster: EmbeddedCluster
  beforeAll(async () => {
    cluster = await startCluster({ controllers: false })
    await cluster.client.raw('POST', '/api/v1/namespaces/default/serviceaccounts', {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default' },
    })
    await addNode('n1', { cpu: '1', memory: '1Gi' })
    await addNode('n2', { cpu: '2', memory: '2Gi' }, { taints: [{ key: 'only', value: 'me', effect: 'NoSchedule' }] })
  })
  afterAll(() => cluster.close())

  async function addNode(name: string, resources: Record<string, string>, spec: V1Node['spec'] = {}): Promise<void> {
    const client = cluster.client.resource(nodes)
    const ready = { type: 'Ready', status: 'True', lastHeartbeatTime: '2026-01-01T00:00:00Z' }
    await client.create({ metadata: { name, labels: { 'kubernetes.io/hostname': name } }, spec })
    // A new node is tainted until something vouches for it; that is the node lifecycle controller's work.
    await client.patch(name, 'merge', { spec: { taints: spec?.taints ?? null } })
    const allocatable = { ...resources, pods: '10' }
    await client.patch(
      name,
      'merge',
      { status: { allocatable, capacity: allocatable, conditions: [ready] } },
      { subresource: 'status' },
    )
  }

  async function addPod(
    name: string,
    spec: Partial<V1Pod['spec']> = {},
    requests: Record<string, string> = {},
  ): Promise<void> {
    const container = { name: 'c', image: 'registry.example/a:1', resources: { requests } }
    await cluster.client
      .resource(pods, 'default')
      .create({ metadata: { name }, spec: { containers: [container], ...spec } })
  }

  const read = (name: string): Promise<V1Pod> => cluster.client.resource(pods, 'default').get(name)
  const bound = (name: string): Promise<string> =>
    until(`${name} to be bound`, async () => (await read(name)).spec?.nodeName)
  const condition = async (pod: V1Pod) => pod.status?.conditions?.find(({ type }) => type === 'PodScheduled')

  it('binds a pod to a node that fits, says so in its conditions and in an event', async () => {
    await addPod('plain')
    expect(await bound('plain')).toBe('n1')
    expect(await condition(await read('plain'))).toMatchObject({ status: 'True' })
    const event = await until('the event', async () => {
      const all = await cluster.client.resource(events, 'default').list({ fieldSelector: 'involvedObject.name=plain' })
      return all.items.find(({ reason }) => reason === 'Scheduled')
    })
    expect(event.message).toBe('Successfully assigned default/plain to n1')
  })

  it('goes where tolerations let it', async () => {
    await addPod('tolerant', {
      tolerations: [{ key: 'only', operator: 'Exists' }],
      nodeSelector: { 'kubernetes.io/hostname': 'n2' },
    })
    expect(await bound('tolerant')).toBe('n2')
  })

  it("says why nothing fits in the original's words, and binds once something does", async () => {
    await addPod('large', {}, { cpu: '4' })
    const message =
      '0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s). ' +
      'no new claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.'
    const failed = await until('the condition', async () => {
      const found = await condition(await read('large'))
      return found?.status === 'False' ? found : undefined
    })
    expect(failed).toMatchObject({ reason: 'Unschedulable', message })
    await addNode('n3', { cpu: '8', memory: '1Gi' })
    expect(await bound('large')).toBe('n3')
  })

  it('makes room for a pod of higher priority', async () => {
    await cluster.client.raw('POST', '/apis/scheduling.k8s.io/v1/priorityclasses', {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name: 'high' },
      value: 1000,
    })
    const onN2 = {
      tolerations: [{ key: 'only', operator: 'Exists' as const }],
      nodeSelector: { 'kubernetes.io/hostname': 'n2' },
    }
    await addPod('victim', onN2, { cpu: '1500m' })
    await bound('victim')
    await addPod('vip', { ...onN2, priorityClassName: 'high' }, { cpu: '1' })
    const victim = await until('the victim to go', async () => {
      const pod = await read('victim')
      return pod.metadata?.deletionTimestamp === undefined ? undefined : pod
    })
    expect(victim.status?.conditions?.find(({ type }) => type === 'DisruptionTarget')?.reason).toBe(
      'PreemptionByScheduler',
    )
    // No node agent here: say what it would say.
    await cluster.client.resource(pods, 'default').delete('victim', { gracePeriodSeconds: 0 })
    expect(await bound('vip')).toBe('n2')
  })

  it('leaves gated pods and pods of other schedulers alone', async () => {
    await addPod('gated', { schedulingGates: [{ name: 'example.com/wait' }] })
    await addPod('foreign', { schedulerName: 'somebody-else' })
    await addPod('after')
    await bound('after')
    expect((await read('gated')).spec?.nodeName).toBeUndefined()
    expect((await read('foreign')).spec?.nodeName).toBeUndefined()
    await cluster.client.resource(pods, 'default').patch('gated', 'merge', { spec: { schedulingGates: null } })
    await bound('gated')
  })

  it('one of several schedules, and another takes over when it stops', async () => {
    await cluster.client.resource(nodes).patch('n1', 'merge', { spec: { unschedulable: true } })
    const compete = (identity: string) =>
      startScheduler({
        transport: cluster.transport({ username: 'system:kube-scheduler', groups: ['system:authenticated'] }),
        configuration: { ...defaultConfiguration, profiles: [{ schedulerName: 'shared', plugins: {}, args: {} }] },
        log: silentLogger,
        leaderElection: { identity },
      })
    const holder = async (): Promise<string | undefined> => {
      const found = await cluster.client.resource(leases, 'kube-system').get('kube-scheduler')
      return found.spec?.holderIdentity
    }
    const first = await compete('first')
    await until('the first to lead', async () => (await holder()) === 'first')
    const second = await compete('second')
    await addPod('led', { schedulerName: 'shared' })
    expect(await bound('led')).toBe('n3')
    expect(await holder()).toBe('first')
    await first.close()
    await until('the second to lead', async () => (await holder()) === 'second')
    await addPod('handed-over', { schedulerName: 'shared' })
    expect(await bound('handed-over')).toBe('n3')
    await second.close()
  })
})
