import { events, nodes } from '@kapell/openapi/meta/refs'
import type { Observations } from '@kapell/node-agent/eviction/thresholds'
import type { V1Pod } from '@kapell/openapi/types'
import { isReady, namespace, scriptPod, sleepForever, startTestNode, type TestNode } from './node/test-node.ts'
import { runningTasks } from './support/machine.ts'
import { until } from './support/wait.ts'

/** Real pods on a node that believes to be short of memory; nothing is filled. */
const Gi = 2 ** 30
let node: TestNode
let available = 2 * Gi
const observe = (): Promise<Observations> => Promise.resolve({ 'memory.available': { available, capacity: 4 * Gi } })
beforeAll(async () => {
  node = await startTestNode({ podCidr: '10.214.32.0/24', observe })
}, 60_000)
afterAll(async () => {
  await node.close()
}, 60_000)

const pressure = async (): Promise<string | undefined> => {
  const { status } = await node.client.resource(nodes).get('node-under-test')
  return status?.conditions?.find(({ type }) => type === 'MemoryPressure')?.status
}
const failed = (pod: V1Pod | undefined): boolean => pod?.status?.phase === 'Failed'

it('a volume that grows beyond its limit ends its pod', async () => {
  await node.create(
    scriptPod('filler', `dd if=/dev/zero of=/data/f bs=1024 count=2048; ${sleepForever}`, {
      pod: { volumes: [{ name: 'data', emptyDir: { sizeLimit: '1Mi' } }] },
      container: { volumeMounts: [{ name: 'data', mountPath: '/data' }] },
    }),
  )
  const pod = await node.untilPod('the pod to be evicted', 'filler', failed)
  expect(pod.status).toMatchObject({
    reason: 'Evicted',
    message: 'Usage of EmptyDir volume "data" exceeds the limit "1Mi". ',
  })
  expect(pod.status?.conditions).toContainEqual(
    expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet' }),
  )
})

it('a container that writes more than its limit ends its pod', async () => {
  await node.create(
    scriptPod('writer', `dd if=/dev/zero of=/tmp/f bs=1024 count=4096; ${sleepForever}`, {
      container: { resources: { limits: { 'ephemeral-storage': '1Mi' } } },
    }),
  )
  const pod = await node.untilPod('the pod to be evicted', 'writer', failed)
  expect(pod.status?.message).toBe('Pod ephemeral local storage usage exceeds the total limit of containers 1Mi. ')
})

it('short of memory, the pod goes that uses more than it asked for; the node says so and takes no more of its kind', async () => {
  const asks = { container: { resources: { requests: { memory: '100Mi' } } } }
  await node.create(scriptPod('modest', sleepForever, asks))
  await node.create(scriptPod('greedy', sleepForever))
  await node.untilPod('the pods to be ready', 'modest', isReady)
  await node.untilPod('the pods to be ready', 'greedy', isReady)
  const before = (await runningTasks(node.dataDir)).length
  available = 50 * 2 ** 20
  const greedy = await node.untilPod('the pod to be evicted', 'greedy', failed)
  available = 2 * Gi
  expect(greedy.status?.reason).toBe('Evicted')
  expect(greedy.status?.message).toMatch(
    /^The node was low on resource: memory\. Threshold quantity: 100Mi, available: 50Mi\. Container c was using \d+Ki, request is 0, has larger consumption of memory\. $/,
  )
  await until('the node to say so', async () => (await pressure()) === 'True')
  await until('its containers to be gone', async () => (await runningTasks(node.dataDir)).length === before - 2)
  expect(isReady(await node.get('modest'))).toBe(true)
  await node.create(scriptPod('late', sleepForever))
  const late = await node.untilPod('the newcomer to be refused', 'late', failed)
  expect(late.status).toMatchObject({
    reason: 'Evicted',
    message: 'Pod was rejected: The node had condition: [MemoryPressure]. ',
  })
  const told = (await node.client.resource(events, namespace).list()).items
  expect(told.find((event) => event.reason === 'Evicted' && event.involvedObject.name === 'greedy')?.message).toBe(
    greedy.status?.message,
  )
  await node.create(scriptPod('asking', sleepForever, asks))
  await node.untilPod('one that asks for its memory to run', 'asking', isReady)
})
