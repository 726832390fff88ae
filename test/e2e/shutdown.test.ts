import { nodes } from '@kapell/openapi/meta/refs'
import type { V1Pod } from '@kapell/openapi/types'
import { shutdownGroups } from '@kapell/node-agent/shutdown/groups'
import { isReady, scriptPod, startTestNode, type TestNode } from './node/test-node.ts'
import { runningTasks } from './support/machine.ts'

/** A machine that goes down: pods end in order, each in its time, and have failed for a reason that controllers know. */
let node: TestNode
beforeAll(async () => {
  node = await startTestNode({ podCidr: '10.228.0.0/24', shutdown: shutdownGroups(20, 10) })
}, 120_000)
afterAll(async () => {
  await node?.close()
}, 60_000)

const podWith = (name: string, script: string, more: object = {}): V1Pod =>
  scriptPod(name, script, { pod: { terminationGracePeriodSeconds: 8, ...more } })
const polite = 'trap "sleep 1; exit 3" TERM; while :; do sleep 0.1; done'

it('ends pods by priority within their grace, and says why; the next start takes pods again', async () => {
  await node.create(podWith('usual', polite))
  await node.create(podWith('critical', polite, { priorityClassName: 'system-node-critical' }))
  for (const name of ['usual', 'critical']) await node.untilPod(`${name} to be ready`, name, isReady)

  await node.agent.close({ removePods: true })
  const ended = await Promise.all(['usual', 'critical'].map((name) => node.get(name)))
  for (const pod of ended)
    expect(pod?.status).toMatchObject({
      phase: 'Failed',
      reason: 'Terminated',
      message: 'Pod was terminated in response to imminent node shutdown.',
      conditions: expect.arrayContaining([
        expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet' }),
      ]) as unknown,
      // It was asked, and had its time.
      containerStatuses: [{ state: { terminated: { exitCode: 3 } } }],
    })
  const [usual = 0, critical = 0] = ended.map((pod) =>
    Date.parse(pod?.status?.containerStatuses?.[0]?.state?.terminated?.finishedAt ?? ''),
  )
  expect(critical).toBeGreaterThanOrEqual(usual)
  const { status } = await node.client.resource(nodes).get('node-under-test')
  expect(status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
    status: 'False',
    reason: 'KubeletNotReady',
    message: 'node is shutting down',
  })
  await expect(runningTasks(node.dataDir)).rejects.toThrow()

  await node.restart()
  await node.create(podWith('next', polite))
  await node.untilPod('a new pod to run', 'next', isReady)
  expect((await node.get('usual'))?.status?.phase).toBe('Failed')
}, 120_000)
