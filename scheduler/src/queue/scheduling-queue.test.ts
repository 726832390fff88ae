import { FakeClock } from '@kapell/controllers/machinery/clock'
import type { ClusterEvent } from '../framework/plugin.ts'
import { podInfo, type PodInfo } from '../framework/pod-info.ts'
import { SchedulingQueue, type QueuedPod } from './scheduling-queue.ts'

const pod = (name: string, priority = 0, gated = false): PodInfo =>
  podInfo({
    metadata: { name, namespace: 'd', uid: name },
    spec: { containers: [], priority, ...(gated ? { schedulingGates: [{ name: 'g' }] } : {}) },
  })

function setUp() {
  const clock = new FakeClock()
  const queue = new SchedulingQueue({
    clock,
    preEnqueue: ({ pod: p }) =>
      p.spec?.schedulingGates === undefined ? undefined : { code: 'unresolvable', plugin: 'G', reasons: [] },
    hintsOf: () => new Map([['Fit', [{ event: 'AssignedPodDelete' as ClusterEvent }]]]),
  })
  const pop = (): QueuedPod => {
    const next = queue.tryPop()
    if (next === undefined) throw new Error('nothing is ready')
    return next
  }
  return { clock, queue, pop }
}

describe('SchedulingQueue', () => {
  it('gives higher priority first, then who came first', async () => {
    const { clock, queue, pop } = setUp()
    queue.add(pod('a'))
    await clock.advance(1)
    queue.add(pod('b', 5))
    queue.add(pod('c'))
    expect([pop(), pop(), pop()].map((p) => p.info.uid)).toEqual(['b', 'a', 'c'])
  })

  it('holds gated pods back until the gate is gone', () => {
    const { queue, pop } = setUp()
    queue.add(pod('a', 0, true))
    expect(queue.tryPop()).toBeUndefined()
    queue.update(pod('a'), true)
    expect(pop().info.uid).toBe('a')
  })

  it('moves an unschedulable pod on events that its rejecting plug-in cares about, after the back-off', async () => {
    const { clock, queue, pop } = setUp()
    queue.add(pod('a'))
    queue.addUnschedulable(pop(), new Set(['Fit']))
    queue.onEvent('NodeUpdate')
    expect(queue.pending).toMatchObject({ unschedulable: 1, backoff: 0 })
    queue.onEvent('AssignedPodDelete')
    expect(queue.pending).toMatchObject({ unschedulable: 0, backoff: 1 })
    queue.add(pod('b'))
    expect(pop().info.uid).toBe('b')
    await clock.advance(1000)
    queue.add(pod('c'))
    expect(pop()).toMatchObject({ info: { uid: 'a' }, attempts: 1 })
  })

  it('tries who is backing off before time when there is nothing else to do, but not after a failure', () => {
    const { queue, pop } = setUp()
    queue.add(pod('a'))
    queue.add(pod('b', 5))
    queue.addUnschedulable(pop(), new Set(['Fit']))
    queue.addUnschedulable(pop(), new Set(['Fit']))
    queue.add(pod('broken'))
    queue.addBackoff(pop())
    queue.onEvent('AssignedPodDelete')
    expect([pop(), pop()].map((p) => p.info.uid)).toEqual(['b', 'a'])
    expect(queue.tryPop()).toBeUndefined()
  })

  it('holds back for whom room is being made; what happened meanwhile is not lost', () => {
    const { queue, pop } = setUp()
    queue.add(pod('a'))
    queue.addUnschedulable(pop(), new Set(['Fit']))
    queue.hold('a')
    queue.onEvent('AssignedPodDelete')
    expect(queue.tryPop()).toBeUndefined()
    queue.release('a', false)
    queue.addUnschedulable(pop(), new Set(['Fit']))
    queue.hold('a')
    queue.release('a', false)
    expect(queue.tryPop()).toBeUndefined()
    queue.hold('a')
    queue.release('a', true)
    expect(pop().info.uid).toBe('a')
  })

  it('counts failures in a row apart from tries that found no node', async () => {
    const { clock, queue, pop } = setUp()
    queue.add(pod('a'))
    queue.addBackoff(pop())
    await clock.advance(1000)
    queue.addBackoff(pop())
    await clock.advance(2000)
    queue.addUnschedulable(pop(), new Set(['Fit']))
    queue.onEvent('AssignedPodDelete')
    const next = pop()
    expect([next.attempts, next.unschedulable, next.failures]).toEqual([3, 1, 0])
    queue.addBackoff(next)
    expect(queue.tryPop()).toBeUndefined()
    await clock.advance(1000)
    expect(pop().failures).toBe(1)
  })

  it('doubles the back-off up to ten seconds', async () => {
    const { clock, queue, pop } = setUp()
    queue.add(pod('a'))
    for (const waitMs of [1000, 2000, 4000, 8000, 10_000, 10_000]) {
      queue.addBackoff(pop())
      await clock.advance(waitMs - 1)
      expect(queue.tryPop()).toBeUndefined()
      await clock.advance(1)
    }
  })

  it('tries a pod again after five minutes without any event', async () => {
    const { clock, queue, pop } = setUp()
    queue.add(pod('a'))
    queue.addUnschedulable(pop(), new Set(['Fit']))
    const next = queue.pop(new AbortController().signal)
    await clock.advance(5 * 60_000)
    expect((await next)?.info.uid).toBe('a')
  })

  it('wakes whoever waits when a pod comes, and when it is stopped', async () => {
    const { queue } = setUp()
    const stop = new AbortController()
    const first = queue.pop(stop.signal)
    queue.add(pod('a'))
    expect((await first)?.info.uid).toBe('a')
    const second = queue.pop(stop.signal)
    stop.abort()
    expect(await second).toBeUndefined()
  })

  it('forgets a deleted pod wherever it waits', async () => {
    const { clock, queue, pop } = setUp()
    queue.add(pod('a'))
    queue.addBackoff(pop())
    queue.delete('a')
    await clock.advance(60_000)
    expect(queue.tryPop()).toBeUndefined()
  })
})
