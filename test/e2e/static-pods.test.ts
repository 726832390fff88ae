import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@kapell/controllers/machinery/create-client'
import { pods } from '@kapell/openapi/meta/refs'
import type { V1Pod } from '@kapell/openapi/types'
import { image, isReady, sleepForever, startTestNode, type TestNode } from './node/test-node.ts'
import { runningTasks } from './support/machine.ts'
import { until } from './support/wait.ts'

/** Pods of files: on a real containerd, shown by an API server that comes and goes. */
let node: TestNode
let dir: string
let down = false
beforeAll(async () => {
  node = await startTestNode({
    podCidr: '10.214.31.0/24',
    wire: (transport) => (request) => (down ? Promise.reject(new Error('connect ECONNREFUSED')) : transport(request)),
  })
  dir = join(node.dataDir, 'static-pods')
}, 60_000)
afterAll(async () => {
  await node.close()
}, 60_000)

const name = 'web-node-under-test'
const namespace = 'test'

/** Whole or not at all, as one would write it. */
function write(text: string): void {
  mkdirSync(dir, { recursive: true })
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace, labels: { text } },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'c', image, command: ['sh', '-c', `echo ${text}; ${sleepForever}`] }],
    },
  }
  writeFileSync(join(dir, '.web'), JSON.stringify(pod))
  renameSync(join(dir, '.web'), join(dir, 'web.json'))
}

const containerId = (pod: V1Pod): string => pod.status!.containerStatuses![0]!.containerID!

it('runs a pod of a file and shows it in the API', async () => {
  write('one')
  const mirror = await node.untilPod('the mirror to be ready', name, isReady)
  expect(mirror.metadata?.annotations).toMatchObject({
    'kubernetes.io/config.source': 'file',
    'kubernetes.io/config.mirror': mirror.metadata?.annotations?.['kubernetes.io/config.hash'],
  })
  expect(mirror.metadata?.ownerReferences).toMatchObject([{ kind: 'Node', name: 'node-under-test' }])
  const admin = node.api.transport({ username: 'admin', groups: ['system:masters'] })
  const answer = await admin({ method: 'GET', path: `/api/v1/namespaces/${namespace}/pods/${name}/log` })
  expect(Buffer.from(await answer.bytes()).toString()).toBe('one\n')
})

it('a deleted mirror comes back, and the pod never noticed', async () => {
  const before = (await node.get(name))!
  await createClient(node.api.transport({ username: 'admin', groups: ['system:masters'] }))
    .resource(pods, namespace)
    .delete(name)
  const after = await node.untilPod(
    'another mirror to be ready',
    name,
    (pod) => isReady(pod) && pod!.metadata!.uid !== before.metadata!.uid,
  )
  expect(containerId(after)).toBe(containerId(before))
  expect(after.status?.containerStatuses?.[0]?.restartCount).toBe(0)
})

it('another agent adopts it', async () => {
  const before = (await node.get(name))!
  await node.agent.close()
  await node.restart()
  const after = await node.untilPod('the mirror to be ready', name, isReady)
  expect(containerId(after)).toBe(containerId(before))
})

it('starts with no control plane at all, and is shown when there is one', async () => {
  await node.agent.close({ removePods: true })
  down = true
  const starting = node.restart()
  await until('the sandbox and the container to run', async () => {
    const tasks = await runningTasks(node.dataDir).catch(() => [])
    return tasks.length === 2
  })
  down = false
  await starting
  await node.untilPod('the mirror to be ready', name, isReady)
})

it('an edited file makes another pod, and one taken away none', async () => {
  const before = (await node.get(name))!
  write('two')
  const after = await node.untilPod(
    'the new pod to be ready',
    name,
    (pod) => isReady(pod) && pod!.metadata!.labels!['text'] === 'two',
  )
  expect(containerId(after)).not.toBe(containerId(before))
  rmSync(join(dir, 'web.json'))
  await node.untilPod('the mirror to be gone', name, (pod) => pod === undefined)
  await until('its containers to be gone', async () => (await runningTasks(node.dataDir)).length === 0)
})
