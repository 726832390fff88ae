import { FakeClock } from '@kapell/controllers/machinery/clock'
import { createMetrics } from '@kapell/controllers/machinery/metrics'
import { SchedulerCache } from './cache.ts'
import { unschedulable, type Plugin } from './framework/plugin.ts'
import { podInfo } from './framework/pod-info.ts'
import { Framework } from './framework/runtime.ts'
import { schedulerMetrics } from './metrics.ts'
import { SchedulingQueue } from './queue/scheduling-queue.ts'

const pod = (name: string, gates = 0) =>
  podInfo({
    metadata: { name, namespace: 'a', uid: name },
    spec: { containers: [], schedulingGates: Array.from({ length: gates }, (_, i) => ({ name: `g${i}` })) },
  })

function start() {
  const metrics = createMetrics()
  const measured = schedulerMetrics(metrics)
  const line = (text: string): string | undefined =>
    metrics
      .render()
      .split('\n')
      .find((one) => one.startsWith(text))
      ?.split(' ')
      .at(-1)
  return { metrics, measured, line }
}

describe("the scheduler's metrics, by upstream's names", () => {
  test('plug-ins are counted wherever they have a say, and timed in some cycles', () => {
    const { measured, line } = start()
    const cache = new SchedulerCache()
    for (const name of ['n1', 'n2']) cache.setNode({ metadata: { name } })
    const plugins: Plugin[] = [
      { name: 'Looks', filter: () => undefined, score: () => 1, preFilter: () => undefined },
      { name: 'Skips', filter: () => undefined, preFilter: () => 'skip' },
    ]
    const framework = new Framework(
      plugins.map((plugin) => ({ plugin, weight: 1 })),
      { measure: measured.framework('mine') },
    )
    for (let i = 0; i < 11; i++) framework.place(pod(`p${i}`), cache, () => 0)
    const evaluated = 'scheduler_plugin_evaluation_total'
    expect(line(`${evaluated}{extension_point="PreFilter",plugin="Looks",profile="mine"}`)).toBe('11')
    expect(line(`${evaluated}{extension_point="PreFilter",plugin="Skips",profile="mine"}`)).toBe('0')
    expect(line(`${evaluated}{extension_point="Filter",plugin="Looks",profile="mine"}`)).toBe('22')
    expect(line(`${evaluated}{extension_point="Score",plugin="Looks",profile="mine"}`)).toBe('11')
    const timed = 'scheduler_plugin_execution_duration_seconds_count'
    expect(line(`${timed}{extension_point="PreFilter",plugin="Skips",status="Skip"}`)).toBe('2')
    expect(line(`${timed}{extension_point="Filter",plugin="Looks",status="Success"}`)).toBe('2')
    const points = 'scheduler_framework_extension_point_duration_seconds_count'
    for (const point of ['PreFilter', 'Filter', 'PreScore', 'Score'])
      expect(line(`${points}{extension_point="${point}",profile="mine",status="Success"}`)).toBe('11')
  })

  test('pods that enter a queue are counted by why, and those that wait by who refused them', async () => {
    const { measured, line } = start()
    const clock = new FakeClock()
    const queue = new SchedulingQueue({
      clock,
      measure: measured.queue,
      hintsOf: () =>
        new Map([
          ['NodeResourcesFit', []],
          ['NodeAffinity', [{ event: 'NodeUpdate', isUseful: () => true }]],
        ]),
      preEnqueue: ({ pod: { spec } }) =>
        spec?.schedulingGates?.length === 0 ? undefined : unschedulable('SchedulingGates'),
    })
    measured.observe({
      pending: () => queue.pending,
      waiting: () => queue.waiting(),
      cache: () => ({ nodes: 2, pods: 3, assumed: 1 }),
      bindings: () => 4,
    })
    queue.add(pod('free'))
    queue.add(pod('gated', 1))
    const popped = queue.tryPop()
    if (popped === undefined) throw new Error('no pod')
    queue.addUnschedulable(popped, new Set(['NodeResourcesFit', 'NodeAffinity']))
    const incoming = 'scheduler_queue_incoming_pods_total'
    expect(line(`${incoming}{event="UnschedulablePodAdd",queue="active"}`)).toBe('1')
    expect(line(`${incoming}{event="UnschedulablePodAdd",queue="unschedulable"}`)).toBe('1')
    expect(line(`${incoming}{event="ScheduleAttemptFailure",queue="unschedulable"}`)).toBe('1')
    const refused = (plugin: string) =>
      line(`scheduler_unschedulable_pods{plugin="${plugin}",profile="default-scheduler"}`)
    expect(['NodeResourcesFit', 'NodeAffinity', 'SchedulingGates'].map(refused)).toEqual(['1', '1', '1'])
    expect(line('scheduler_pending_pods{queue="gated"}')).toBe('1')
    expect(line('scheduler_pending_pods{queue="unschedulable"}')).toBe('1')
    expect(line('scheduler_cache_size{type="assumed_pods"}')).toBe('1')

    queue.onEvent('NodeUpdate', 1, 2, 'NodeUpdateNodeTaint')
    expect(line(`${incoming}{event="NodeUpdateNodeTaint",queue="backoff"}`)).toBe('1')
    const asked = 'scheduler_queueing_hint_execution_duration_seconds_count{event="NodeUpdateNodeTaint",hint="Queue"'
    expect(line(`${asked},plugin="NodeAffinity"}`)).toBe('1')
    await clock.advance(1000)
    const again = queue.tryPop()
    expect(line(`${incoming}{event="BackoffComplete",queue="active"}`)).toBe('1')
    expect(refused('NodeResourcesFit')).toBe('0')
    if (again === undefined) throw new Error('no pod')
    queue.addUnschedulable(again, new Set(['NodeResourcesFit']))
    await clock.advance(5 * 60_000)
    expect(queue.tryPop()?.flushed).toBe(true)
    expect(line(`${incoming}{event="UnschedulableTimeout",queue="active"}`)).toBe('1')

    queue.update(pod('gated'), true)
    expect(line(`${incoming}{event="UnschedulablePodUpdate",queue="active"}`)).toBe('1')
    expect(refused('SchedulingGates')).toBe('0')
  })

  test('tries, preemption and what came of them', () => {
    const { measured, line } = start()
    measured.attempt('unschedulable', 'mine', 0.1)
    measured.scheduled({ attempts: 20, sinceFirstSeconds: 1, afterFlush: true })
    measured.preemption(0)
    measured.preemption(3)
    measured.madeRoom('success', 1)
    measured.algorithm(0.001)
    measured.event('NodeAdd', 0.001)
    expect(line('scheduler_schedule_attempts_total{profile="mine",result="unschedulable"}')).toBe('1')
    expect(line('scheduler_scheduling_attempt_duration_seconds_sum{profile="mine",result="unschedulable"}')).toBe('0.1')
    expect(line('scheduler_pod_scheduling_sli_duration_seconds_count{attempts="16+"}')).toBe('1')
    expect(line('scheduler_pod_scheduled_after_flush_total')).toBe('1')
    expect(line('scheduler_preemption_attempts_total')).toBe('2')
    expect(line('scheduler_preemption_victims_sum')).toBe('3')
    expect(line('scheduler_preemption_goroutines_execution_total{result="success"}')).toBe('1')
    expect(line('scheduler_event_handling_duration_seconds_count{event="NodeAdd"}')).toBe('1')
  })
})
