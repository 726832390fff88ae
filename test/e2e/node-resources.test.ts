import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cpuWeight } from '@kapell/node-agent/cgroups/hierarchy'
import { events, pods } from '@kapell/openapi/meta/refs'
import type { V1Pod, V1PodCondition, V1ResourceRequirements } from '@kapell/openapi/types'
import { isReady, namespace, scriptPod, sleepForever, startTestNode, type TestNode } from './node/test-node.ts'
import { until } from './support/wait.ts'

/** What pods may take, in the kernel's own files, on real containerd: classes, whole pods, and resizes in place. */
let node: TestNode
beforeAll(async () => {
  node = await startTestNode({ podCidr: '10.227.0.0/24' })
}, 120_000)
afterAll(async () => {
  await node?.close()
}, 60_000)

const unified = existsSync('/sys/fs/cgroup/cgroup.controllers')

/** Weight (as version 1 counts), CPU in a tenth of a second (0: no limit) and memory (0: no limit) of a group. */
function limitsAt(path: string): { weight: number; quota: number; memory: number } {
  const parent = node.agent.runtime?.cgroupParent ?? ''
  const read = (controller: string, file: string): string =>
    readFileSync(join('/sys/fs/cgroup', unified ? '' : controller, parent, 'kubepods', path, file), 'utf8').trim()
  if (unified) {
    const [quota = 'max'] = read('cpu', 'cpu.max').split(' ')
    const memory = read('memory', 'memory.max')
    return {
      weight: Number(read('cpu', 'cpu.weight')),
      quota: quota === 'max' ? 0 : Number(quota),
      memory: memory === 'max' ? 0 : Number(memory),
    }
  }
  const memory = Number(read('memory', 'memory.limit_in_bytes'))
  return {
    weight: Number(read('cpu', 'cpu.shares')),
    quota: Math.max(0, Number(read('cpu', 'cpu.cfs_quota_us'))),
    memory: memory > 2 ** 60 ? 0 : memory,
  }
}
const weight = (shares: number): number => (unified ? cpuWeight(shares) : shares)
const mebi = 1024 * 1024

const started = async (pod: V1Pod): Promise<V1Pod> => {
  await node.create(pod)
  return node.untilPod(`${pod.metadata?.name} to be ready`, pod.metadata?.name ?? '', isReady)
}
const with_ = (name: string, resources: V1ResourceRequirements, more: object = {}): V1Pod =>
  scriptPod(name, sleepForever, { container: { resources, ...more } })
const resize = (name: string, resources: V1ResourceRequirements, container = 'c'): Promise<V1Pod> =>
  node.client
    .resource(pods, namespace)
    .patch(name, 'strategic', { spec: { containers: [{ name: container, resources }] } }, { subresource: 'resize' })
const condition = (pod: V1Pod | undefined, type: string): V1PodCondition | undefined =>
  pod?.status?.conditions?.find((one) => one.type === type)
const reasonsOf = async (name: string): Promise<string[]> =>
  (await node.client.resource(events, namespace).list({ fieldSelector: `involvedObject.name=${name}` })).items.map(
    ({ reason = '' }) => reason,
  )

it('each class has a group, and each pod one of its own', async () => {
  const small = await started(with_('small', { requests: { cpu: '250m' } }))
  const free = await started(with_('free', {}))
  const same = { cpu: '100m', memory: '32Mi' }
  const sure = await started(with_('sure', { requests: same, limits: same }))
  expect(limitsAt('besteffort').weight).toBe(weight(2))
  expect(limitsAt('burstable').weight).toBe(weight(256))
  expect(limitsAt(`burstable/pod${small.metadata?.uid}`)).toEqual({ weight: weight(256), quota: 0, memory: 0 })
  expect(limitsAt(`besteffort/pod${free.metadata?.uid}`)).toEqual({ weight: weight(2), quota: 0, memory: 0 })
  expect(limitsAt(`pod${sure.metadata?.uid}`)).toEqual({ weight: weight(102), quota: 10_000, memory: 32 * mebi })
  expect(sure.status).toMatchObject({ resources: { requests: same, limits: same }, allocatedResources: same })
  for (const name of ['small', 'free', 'sure']) await node.remove(name)
  expect(() => limitsAt(`pod${sure.metadata?.uid}`)).toThrow('ENOENT')
}, 60_000)

it('what is stated for a whole pod bounds all its containers', async () => {
  const whole = scriptPod('whole', sleepForever, {
    pod: { resources: { requests: { cpu: '100m', memory: '32Mi' }, limits: { cpu: '300m', memory: '64Mi' } } },
  })
  const { metadata, status } = await started(whole)
  const at = `burstable/pod${metadata?.uid}`
  const bounds = { quota: 30_000, memory: 64 * mebi }
  expect(limitsAt(at)).toEqual({ weight: weight(102), ...bounds })
  const id = status?.containerStatuses?.[0]?.containerID?.replace('containerd://', '') ?? ''
  expect(limitsAt(`${at}/${id}`)).toMatchObject(bounds)
  await node.remove('whole')
}, 60_000)

it('a resize reaches the kernel while the container runs on, or restarts it where it says so', async () => {
  const resizePolicy = [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }]
  const before = await started(
    with_(
      'grows',
      { requests: { cpu: '100m', memory: '32Mi' }, limits: { cpu: '200m', memory: '32Mi' } },
      { resizePolicy },
    ),
  )
  await resize('grows', { requests: { cpu: '300m' }, limits: { cpu: '400m' } })
  const cpu = await node.untilPod('the CPU to be given', 'grows', (pod) => {
    const [status] = pod?.status?.containerStatuses ?? []
    return status?.resources?.limits?.['cpu'] === '400m' && condition(pod, 'PodResizeInProgress') === undefined
  })
  const [was] = before.status?.containerStatuses ?? []
  expect(cpu.status?.containerStatuses?.[0]).toMatchObject({
    containerID: was?.containerID,
    restartCount: 0,
    allocatedResources: { cpu: '300m', memory: '32Mi' },
  })
  const at = `burstable/pod${before.metadata?.uid}`
  const id = was?.containerID?.replace('containerd://', '') ?? ''
  expect(limitsAt(`${at}/${id}`)).toEqual({ weight: weight(307), quota: 40_000, memory: 32 * mebi })
  expect(limitsAt(at)).toEqual({ weight: weight(307), quota: 40_000, memory: 32 * mebi })

  await resize('grows', { limits: { memory: '48Mi' } })
  await node.untilPod('the container to be another', 'grows', (pod) => {
    const [status] = pod?.status?.containerStatuses ?? []
    return status?.restartCount === 1 && status.resources?.limits?.['memory'] === '48Mi' && isReady(pod)
  })
  expect(limitsAt(at).memory).toBe(48 * mebi)
  await until('both to be told', async () => {
    const reasons = await reasonsOf('grows')
    return ['ResizeStarted', 'ResizeCompleted'].every((reason) => reasons.filter((one) => one === reason).length === 2)
  })
  await node.remove('grows')
}, 90_000)

it('a resize that does not fit waits for room, through a restart of the agent', async () => {
  const cpus = Number(node.agent.pods.deps.node.allocatable['cpu'])
  await started(with_('large', { requests: { cpu: `${cpus * 1000 - 500}m` } }))
  await started(with_('waits', { requests: { cpu: '300m' } }))
  await resize('waits', { requests: { cpu: '800m' } })
  const deferred = (pod: V1Pod | undefined): boolean => condition(pod, 'PodResizePending')?.reason === 'Deferred'
  const waiting = await node.untilPod('the resize to wait', 'waits', deferred)
  expect(condition(waiting, 'PodResizePending')?.message).toBe(
    `Node didn't have enough resource: cpu, requested: 800, used: ${cpus * 1000 - 500}, capacity: ${cpus * 1000}`,
  )
  expect(waiting.status?.containerStatuses?.[0]?.allocatedResources).toEqual({ cpu: '300m' })
  await node.agent.close()
  await node.restart()
  expect(deferred(await node.get('waits'))).toBe(true)
  await node.remove('large')
  await node.untilPod('the resize to be done', 'waits', (pod) => {
    const allocated = pod?.status?.containerStatuses?.[0]?.allocatedResources?.['cpu']
    return condition(pod, 'PodResizePending') === undefined && allocated === '800m'
  })
  await node.remove('waits')
}, 90_000)
