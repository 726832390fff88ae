import type { V1Pod } from '@kapell/openapi/types'
import type { Clock } from '@kapell/controllers/machinery/clock'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import type { SchedulerCache } from './cache.ts'
import type { Extender } from './extenders/client.ts'
import { placeWithExtenders } from './extenders/place.ts'
import type { CycleState } from './framework/cycle-state.ts'
import { fitErrorMessage } from './framework/fit-error.ts'
import type { Nominations } from './framework/nominations.ts'
import { PluginError } from './framework/plugin.ts'
import type { PostFilterResult } from './framework/plugin.ts'
import { podInfo, type PodInfo } from './framework/pod-info.ts'
import type { Framework, Placement } from './framework/runtime.ts'
import type { QueuedPod, SchedulingQueue } from './queue/scheduling-queue.ts'
import type { SchedulerMetrics } from './metrics.ts'

/** What a cycle does to the world; each is one request. */
export interface Actions {
  bind: (pod: PodInfo, nodeName: string) => Promise<void>
  /** The newest state of a pod as the informer has it. */
  current: (pod: PodInfo) => V1Pod | undefined
  setUnschedulable: (
    pod: V1Pod,
    failure: { reason: string; message: string; nominatedNodeName?: string },
  ) => Promise<void>
  /** Says which node a pod is meant for while something else has to be done before it is bound. */
  nominate: (pod: V1Pod, nodeName: string) => Promise<void>
  event: (pod: V1Pod, type: 'Normal' | 'Warning', reason: string, message: string) => void
}

export interface SchedulerParts {
  /** That of the profile which places the pod. */
  frameworkOf: (pod: PodInfo) => Framework
  extenders?: readonly Extender[]
  cache: SchedulerCache
  nominations: Nominations
  queue: SchedulingQueue
  actions: Actions
  metrics: SchedulerMetrics
  clock: Clock
  log: Logger
  /** Breaks ties between nodes of the same score: 0 ≤ result < count. */
  pickAmong?: (count: number) => number
}

/** One pod's turn. */
interface Cycle {
  queued: QueuedPod
  current: V1Pod
  startedAt: number
}

/** A pod on its way to its node. */
interface Binding extends Cycle {
  nodeName: string
  state: CycleState
}

/** Cycles between two looks at the event loop take no longer than this: others share the process. */
const sliceMs = 5
/** Requests under way at once; the loop waits for one to end beyond that. */
const maxRunning = 100

/**
 * Takes pods from the queue one after another, decides where each goes, and binds it in the background: the next
 * decision already counts the pod where it was placed. Source: "Scheduling Framework", "Scheduling cycle & binding cycle".
 */
export class Scheduler {
  readonly #parts: SchedulerParts
  /** Requests under way. */
  readonly #running = new Set<Promise<void>>()
  /** Pods that have a node and wait for something else before they are bound. */
  readonly #waiting = new Set<Promise<void>>()

  constructor(parts: SchedulerParts) {
    this.#parts = parts
  }

  /** Runs until the signal aborts; bindings that are under way end first. */
  async run(signal: AbortSignal): Promise<void> {
    let sliceEnds = performance.now() + sliceMs
    for (;;) {
      const ready = this.#parts.queue.tryPop()
      const pod = ready ?? (await this.#parts.queue.pop(signal))
      if (pod === undefined || signal.aborted) break
      await this.#cycle(pod)
      if (this.#running.size >= maxRunning) await Promise.race(this.#running)
      if (performance.now() < sliceEnds) continue
      await new Promise((resolve) => setImmediate(resolve))
      sliceEnds = performance.now() + sliceMs
    }
    await Promise.allSettled([...this.#running, ...this.#waiting])
  }

  /** Bindings, and other requests, under way. */
  get running(): number {
    return this.#running.size + this.#waiting.size
  }

  /** Waits for nothing unless an extender has a say. */
  #cycle(queued: QueuedPod): Promise<void> | undefined {
    const { cache, actions, nominations, extenders = [], pickAmong = randomIndex } = this.#parts
    const pod = queued.info
    const current = actions.current(pod)
    if (current === undefined || current.metadata?.uid !== pod.uid || cache.isAssumed(pod.uid)) return undefined
    if (current.metadata?.deletionTimestamp !== undefined) {
      actions.event(current, 'Warning', 'FailedScheduling', `skip schedule deleting pod: ${pod.key}`)
      return undefined
    }
    const startedAt = performance.now()
    const framework = this.#parts.frameworkOf(pod)
    const asked = extenders.filter((extender) => extender.isInterested(pod))
    if (asked.length === 0) {
      const cycle = { queued, current, startedAt }
      try {
        const placement = framework.place(pod, cache, pickAmong, nominations)
        this.#parts.metrics.algorithm((performance.now() - startedAt) / 1000)
        return this.#settle(cycle, placement)
      } catch (error) {
        if (!(error instanceof PluginError)) throw error
        this.#fail(cycle, error.message)
      }
      return undefined
    }
    return placeWithExtenders({ framework, extenders: asked, pod, snapshot: cache, nominations, pickAmong }).then(
      (placement) => {
        this.#parts.metrics.algorithm((performance.now() - startedAt) / 1000)
        return this.#settle({ queued, current, startedAt }, placement)
      },
      (error: unknown) => this.#fail({ queued, current, startedAt }, errorText(error)),
    )
  }

  /** A plug-in failed, or an extender that must be heard could not be: nothing can be said of the pod. */
  #fail({ queued, current, startedAt }: Cycle, message: string): void {
    const { actions, queue, metrics } = this.#parts
    metrics.attempt('error', profileOf(queued), (performance.now() - startedAt) / 1000)
    queue.addBackoff(queued)
    actions.event(current, 'Warning', 'FailedScheduling', message)
    const noted = actions.setUnschedulable(current, { reason: 'SchedulerError', message })
    this.#inBackground(noted, queued, 'cannot say that a pod is unschedulable')
  }

  /** Waits for nothing unless an extender has a say in whom a pod may push out. */
  #settle({ queued, current, startedAt }: Cycle, placement: Placement): Promise<void> | undefined {
    const { cache, metrics, nominations } = this.#parts
    const pod = queued.info
    const framework = this.#parts.frameworkOf(pod)
    if (placement.nodeName === undefined) {
      metrics.attempt('unschedulable', profileOf(queued), (performance.now() - startedAt) / 1000)
      return this.#reject(queued, current, placement)
    }
    const { nodeName, state } = placement
    cache.assume(pod, nodeName)
    const barred = framework.reserve(state, pod, nodeName)
    if (barred !== undefined) {
      cache.forget(pod.uid)
      metrics.attempt('unschedulable', profileOf(queued), (performance.now() - startedAt) / 1000)
      return this.#reject(queued, current, { state, rejected: { of: () => barred, values: () => [barred] } })
    }
    nominations.delete(pod.uid)
    const binding = { queued, current, nodeName, state, startedAt }
    const before = framework.beforeBinding(state, pod, nodeName)
    if (before === undefined) this.#inBackground(this.#bind(binding), queued, 'binding failed')
    else this.#bindAfter(before, binding)
    return undefined
  }

  /** What others must do first may take minutes: it holds up no other pod's binding. */
  #bindAfter(before: Promise<void>, binding: Binding): void {
    const { actions, log } = this.#parts
    const told = actions.nominate(binding.current, binding.nodeName).catch((error: unknown) => {
      log.warn('cannot say which node a pod is meant for', { pod: binding.queued.info.key, error: errorText(error) })
    })
    const work = before
      .finally(() => told)
      .then(
        () => this.#bind(binding),
        (error: unknown) => this.#giveUp(binding, errorText(error)),
      )
      .catch((error: unknown) => {
        log.warn('binding failed', { pod: binding.queued.info.key, error: errorText(error) })
      })
    this.#waiting.add(work)
    void work.finally(() => this.#waiting.delete(work))
  }

  /** The pod does not go to its node after all, and says why. */
  async #giveUp({ queued, current, nodeName, state, startedAt }: Binding, message: string): Promise<void> {
    const { actions, cache, queue, metrics, log } = this.#parts
    const pod = queued.info
    const framework = this.#parts.frameworkOf(pod)
    metrics.attempt('error', profileOf(queued), (performance.now() - startedAt) / 1000)
    framework.unreserve(state, pod, nodeName)
    cache.forget(pod.uid)
    queue.onEvent('AssignedPodDelete', current)
    log.info('a pod cannot be bound', { pod: pod.key, node: nodeName, why: message })
    const latest = actions.current(pod)
    if (latest?.metadata?.uid !== pod.uid || (latest.spec?.nodeName ?? '') !== '') return
    actions.event(latest, 'Warning', 'FailedScheduling', message)
    const info = podInfo(latest)
    const nominated = latest.status?.nominatedNodeName ?? ''
    if (nominated !== '') this.#parts.nominations.set(info, nominated)
    queue.addBackoff({ ...queued, info })
    await actions.setUnschedulable(latest, { reason: 'SchedulerError', message })
  }

  async #bind({ queued, current, nodeName, state, startedAt }: Binding): Promise<void> {
    const { actions, cache, queue, metrics, clock, log, extenders = [] } = this.#parts
    const pod = queued.info
    const framework = this.#parts.frameworkOf(pod)
    const binder = extenders.find((extender) => extender.bind !== undefined && extender.isInterested(pod))
    const laps = framework.laps()
    try {
      await (binder?.bind?.(pod, nodeName) ?? actions.bind(pod, nodeName))
      laps?.lap('Bind', 'Success')
      metrics.attempt('scheduled', profileOf(queued), (performance.now() - startedAt) / 1000)
      metrics.scheduled({
        attempts: queued.attempts + 1,
        sinceFirstSeconds: (clock.now().getTime() - queued.enqueuedAtMs) / 1000,
        afterFlush: queued.flushed === true,
      })
      actions.event(current, 'Normal', 'Scheduled', `Successfully assigned ${pod.key} to ${nodeName}`)
    } catch (error) {
      metrics.attempt('error', profileOf(queued), (performance.now() - startedAt) / 1000)
      framework.unreserve(state, pod, nodeName)
      cache.forget(pod.uid)
      log.warn('binding failed', { pod: pod.key, node: nodeName, error: errorText(error) })
      queue.onEvent('AssignedPodDelete', current)
      if (actions.current(pod)?.metadata?.uid === pod.uid && (actions.current(pod)?.spec?.nodeName ?? '') === '')
        queue.addBackoff(queued)
    }
  }

  #reject(queued: QueuedPod, current: V1Pod, placement: Placement): Promise<void> | undefined {
    const { cache } = this.#parts
    const framework = this.#parts.frameworkOf(queued.info)
    const after =
      cache.nodes.length === 0
        ? { message: '' }
        : framework.postFilter(placement.state, queued.info, cache, placement.rejected)
    if (after.later !== undefined)
      return after.later.then((result) => this.#turnAway(queued, current, placement, result))
    this.#turnAway(queued, current, placement, after)
    return undefined
  }

  #turnAway(queued: QueuedPod, current: V1Pod, placement: Placement, after: PostFilterResult): void {
    const { cache, queue, actions, nominations, metrics } = this.#parts
    const refusals = placement.rejected.values()
    const rejectedBy = new Set<string>()
    for (const { plugin } of refusals) rejectedBy.add(plugin)
    const nodeCount = cache.nodes.length
    const message =
      nodeCount === 0
        ? 'no nodes available to schedule pods'
        : fitErrorMessage(nodeCount, refusals, {
            ...(placement.preFilterReason === undefined ? {} : { preFilter: placement.preFilterReason }),
            postFilter: after.message,
          })
    if (nodeCount > 0) metrics.preemption(after.victims ?? 0)
    if (after.nominatedNodeName !== undefined) nominations.set(queued.info, after.nominatedNodeName)
    queue.addUnschedulable(queued, rejectedBy)
    if (after.makingRoom !== undefined) queue.hold(queued.info.uid)
    actions.event(current, 'Warning', 'FailedScheduling', message)
    const noted = actions.setUnschedulable(current, { reason: 'Unschedulable', message, ...nomination(after) })
    this.#inBackground(noted, queued, 'cannot say that a pod is unschedulable')
    if (after.makingRoom === undefined) return
    const { uid } = queued.info
    const beganMs = performance.now()
    const done = after.makingRoom.then(
      () => {
        metrics.madeRoom('success', (performance.now() - beganMs) / 1000)
        queue.release(uid, false)
      },
      (error: unknown) => {
        metrics.madeRoom('error', (performance.now() - beganMs) / 1000)
        nominations.delete(uid)
        queue.release(uid, true)
        throw error
      },
    )
    this.#inBackground(done, queued, 'cannot make room for a pod')
  }

  #inBackground(work: Promise<void>, { info }: QueuedPod, failure: string): void {
    const watched = work.catch((error: unknown) => {
      this.#parts.log.warn(failure, { pod: info.key, error: errorText(error) })
    })
    this.#running.add(watched)
    void watched.finally(() => this.#running.delete(watched))
  }
}

function nomination(after: { nominatedNodeName?: string }): { nominatedNodeName?: string } {
  return after.nominatedNodeName === undefined ? {} : { nominatedNodeName: after.nominatedNodeName }
}

const profileOf = ({ info }: QueuedPod): string => info.pod.spec?.schedulerName ?? 'default-scheduler'

function randomIndex(count: number): number {
  return Math.floor(Math.random() * count)
}
