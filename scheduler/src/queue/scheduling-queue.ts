import type { Clock } from '@kapell/controllers/machinery/clock'
import type { ClusterEvent, QueueingHint, Verdict } from '../framework/plugin.ts'
import type { PodInfo } from '../framework/pod-info.ts'
import { eventLabel } from '../cluster-events.ts'
import { KeyedHeap } from './heap.ts'
import type { PendingPods, QueueMeasure } from './queue-measure.ts'
import { UnschedulablePods, type PluginHint } from './unschedulable-pods.ts'

/** A pod that waits for a node. */
export interface QueuedPod {
  info: PodInfo
  attempts: number
  /** Tries that found no node: the back-off grows with them, or with the failures in a row since. */
  unschedulable: number
  failures: number
  /** When it first entered, in milliseconds: orders pods of one priority. */
  enqueuedAtMs: number
  /** Plug-ins that refused it last time; their hints tell what may change that. */
  rejectedBy: ReadonlySet<string>
  backoffUntilMs: number
  /** Time alone brought it back from the unschedulable ones. */
  flushed?: true
}

export interface QueueOptions {
  clock: Clock
  preEnqueue: (pod: PodInfo) => Verdict | undefined
  /** Of the plug-ins that place the pod, by their names. */
  hintsOf: (pod: PodInfo) => ReadonlyMap<string, readonly QueueingHint[]>
  initialBackoffMs?: number
  maxBackoffMs?: number
  measure?: QueueMeasure
}

/** Of rejections by what is not a plug-in, an extender for example. */
const anyChange: readonly QueueingHint[] = [
  { event: 'NodeAdd' },
  { event: 'NodeUpdate' },
  { event: 'AssignedPodDelete' },
  { event: 'PodUpdate' },
]

/** Pods that no event has moved for this long are tried again all the same. */
const maxUnschedulableMs = 5 * 60_000

/**
 * The three waiting rooms of upstream's queue: active (next by priority, then age), back-off (failed lately), and
 * unschedulable (waits for an event that its rejecting plug-ins care about).
 */
export class SchedulingQueue {
  readonly #active = new KeyedHeap<QueuedPod>(uidOf, isBefore)
  readonly #backoff = new KeyedHeap<QueuedPod>(uidOf, isSooner)
  /** What went wrong with these was not theirs: nobody tries them before their time. */
  readonly #failed = new KeyedHeap<QueuedPod>(uidOf, isSooner)
  readonly #unschedulable = new UnschedulablePods()
  /** Refused before they could enter; an event that the refusing plug-in cares about lets them ask again. */
  readonly #gated = new UnschedulablePods()
  /** For whom room is being made: they stay until that is done, and are told whether something happened meanwhile. */
  readonly #held = new Map<string, string | undefined>()
  readonly #options: Required<QueueOptions>
  #wake: (() => void) | undefined

  constructor(options: QueueOptions) {
    this.#options = { initialBackoffMs: 1000, maxBackoffMs: 10_000, measure: { incoming: () => {} }, ...options }
  }

  /** How many pods wait in each room, for metrics. */
  get pending(): { active: number; backoff: number; unschedulable: number; gated: number } {
    return {
      active: this.#active.size,
      backoff: this.#backoff.size + this.#failed.size,
      unschedulable: this.#unschedulable.size,
      gated: this.#gated.size,
    }
  }

  /** All that wait, with who refused them. */
  *waiting(): PendingPods {
    for (const room of [this.#active, this.#backoff, this.#failed, this.#unschedulable, this.#gated])
      for (const { info, rejectedBy } of room.values())
        yield { profile: info.pod.spec?.schedulerName ?? 'default-scheduler', rejectedBy }
  }

  add(info: PodInfo): void {
    const fresh = { attempts: 0, unschedulable: 0, failures: 0, backoffUntilMs: 0, rejectedBy: new Set<string>() }
    this.#admit({ ...fresh, info, enqueuedAtMs: this.#now() }, 'UnschedulablePodAdd')
  }

  /** The pod changed while it waited. `mayHelp`: the change could make it schedulable. */
  update(info: PodInfo, mayHelp: boolean): void {
    const { uid } = info
    const waiting =
      this.#active.get(uid) ??
      this.#backoff.get(uid) ??
      this.#failed.get(uid) ??
      this.#gated.get(uid) ??
      this.#unschedulable.get(uid)
    if (waiting === undefined) return this.add(info)
    waiting.info = info
    if (this.#gated.delete(uid)) this.#admit({ ...waiting, rejectedBy: new Set() }, 'UnschedulablePodUpdate')
    else if (mayHelp && this.#held.has(uid)) this.#held.set(uid, 'PodUpdate')
    else if (mayHelp && this.#unschedulable.delete(uid)) this.#retry(waiting, 'UnschedulablePodUpdate')
  }

  delete(uid: string): void {
    this.#active.delete(uid)
    this.#backoff.delete(uid)
    this.#failed.delete(uid)
    this.#held.delete(uid)
    this.#gated.delete(uid)
    this.#unschedulable.delete(uid)
  }

  /** No node fitted. */
  addUnschedulable(pod: QueuedPod, rejectedBy: ReadonlySet<string>): void {
    const unschedulable = pod.unschedulable + 1
    const counts = { attempts: pod.attempts + 1, unschedulable, failures: 0 }
    const backoffUntilMs = this.#backoffUntilMs(unschedulable)
    const waiting = { ...pod, ...counts, rejectedBy, backoffUntilMs, sinceMs: this.#now() }
    this.#unschedulable.set(waiting, this.#hintsOf(waiting))
    this.#options.measure.incoming('unschedulable', 'ScheduleAttemptFailure')
    this.#signal()
  }

  /** Something went wrong that was not the pod's fault: try again after the back-off. */
  addBackoff(pod: QueuedPod): void {
    const failures = pod.failures + 1
    const backoffUntilMs = this.#backoffUntilMs(failures)
    this.#retry({ ...pod, attempts: pod.attempts + 1, failures, backoffUntilMs }, 'ScheduleAttemptFailure')
  }

  /** Room is being made for the pod, which found no node: until that is done there is no point in trying again. */
  hold(uid: string): void {
    this.#held.set(uid, undefined)
  }

  /** That is done; `failed`: it came to nothing, and the pod is tried again at once. */
  release(uid: string, failed: boolean): void {
    const event = this.#held.get(uid)
    this.#held.delete(uid)
    const waiting = this.#unschedulable.get(uid)
    if (waiting === undefined || (event === undefined && !failed)) return
    this.#unschedulable.delete(uid)
    if (failed) this.#activate(waiting, 'ForceActivate')
    else this.#retry(waiting, event ?? 'PodUpdate')
    this.#signal()
  }

  /** Something changed in the cluster: pods that may profit leave the unschedulable room. `label`: for metrics. */
  onEvent(event: ClusterEvent, before?: unknown, after?: unknown, label = eventLabel(event)): void {
    const unschedulable = this.#unschedulable.interestedIn(event)
    const isUseful = this.#asking(label, before, after)
    for (const { pod, hints } of unschedulable) {
      if (!isUseful(pod, hints)) continue
      if (this.#held.has(uidOf(pod))) {
        this.#held.set(uidOf(pod), label)
        continue
      }
      this.#unschedulable.delete(uidOf(pod))
      this.#retry(pod, label)
    }
    for (const { pod, hints } of this.#gated.interestedIn(event)) {
      if (!isUseful(pod, hints)) continue
      this.#gated.delete(uidOf(pod))
      this.#admit({ ...pod, rejectedBy: new Set() }, label)
    }
  }

  /** Asks hints whether an event is of use to a pod; what the first pod's take is told. */
  #asking(label: string, before: unknown, after: unknown): (pod: QueuedPod, hints: readonly PluginHint[]) => boolean {
    const { hint: tell } = this.#options.measure
    let timed = tell
    return ({ info }, hints) => {
      const measure = timed
      timed = undefined
      if (measure === undefined) return hints.some(({ isUseful }) => isUseful?.(info.pod, before, after) ?? true)
      return hints.some(({ plugin, isUseful }) => {
        if (isUseful === undefined) return true
        const beganMs = performance.now()
        const useful = isUseful(info.pod, before, after)
        measure(plugin, label, useful, (performance.now() - beganMs) / 1000)
        return useful
      })
    }
  }

  /** The next pod, now if one is ready, else when one is; undefined once `signal` aborts. */
  async pop(signal: AbortSignal): Promise<QueuedPod | undefined> {
    while (!signal.aborted) {
      const next = this.tryPop()
      if (next !== undefined) return next
      await this.#untilSomethingHappens(signal)
    }
    return undefined
  }

  tryPop(): QueuedPod | undefined {
    this.#promoteDue()
    const ready = this.#active.pop()
    if (ready !== undefined) return ready
    // Better than doing nothing. Source: KEP-5142.
    const early = this.#backoff.pop()
    if (early !== undefined) this.#options.measure.incoming('active', 'PopFromBackoffQ')
    return early
  }

  #admit(pod: QueuedPod, event: string): void {
    const barred = this.#options.preEnqueue(pod.info)
    if (barred === undefined) this.#activate(pod, event)
    else {
      const waiting = { ...pod, rejectedBy: new Set([barred.plugin]), sinceMs: this.#now() }
      this.#gated.set(waiting, this.#hintsOf(waiting))
      this.#options.measure.incoming('unschedulable', event)
    }
    this.#signal()
  }

  #retry(pod: QueuedPod, event: string): void {
    if (pod.backoffUntilMs > this.#now()) {
      ;(pod.failures > 0 ? this.#failed : this.#backoff).set(pod)
      this.#options.measure.incoming('backoff', event)
    } else this.#activate(pod, event)
    this.#signal()
  }

  #activate(pod: QueuedPod, event: string): void {
    this.#active.set(pod)
    this.#options.measure.incoming('active', event)
  }

  #hintsOf(pod: QueuedPod): PluginHint[] | 'any' {
    if (pod.rejectedBy.size === 0) return 'any'
    const hints = this.#options.hintsOf(pod.info)
    return [...pod.rejectedBy].flatMap((plugin) =>
      (hints.get(plugin) ?? anyChange).map((hint) => ({ ...hint, plugin })),
    )
  }

  #promoteDue(): void {
    const now = this.#now()
    for (const room of [this.#backoff, this.#failed])
      for (let due = room.peek(); due !== undefined && due.backoffUntilMs <= now; due = room.peek()) {
        room.pop()
        this.#activate(due, 'BackoffComplete')
      }
    for (const pod of this.#unschedulable.values())
      if (pod.sinceMs + maxUnschedulableMs <= now) {
        this.#unschedulable.delete(uidOf(pod))
        this.#activate({ ...pod, flushed: true }, 'UnschedulableTimeout')
      } else break // insertion order is the order of `sinceMs`
  }

  #nextDueMs(): number | undefined {
    const backoff = this.#failed.peek()?.backoffUntilMs
    const oldest = this.#unschedulable.values().next().value?.sinceMs
    const flush = oldest === undefined ? undefined : oldest + maxUnschedulableMs
    if (backoff === undefined || flush === undefined) return backoff ?? flush
    return Math.min(backoff, flush)
  }

  async #untilSomethingHappens(signal: AbortSignal): Promise<void> {
    const stopTimer = new AbortController()
    const due = this.#nextDueMs()
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve
      signal.addEventListener('abort', () => resolve(), { once: true, signal: stopTimer.signal })
    })
    const timer =
      due === undefined ? undefined : this.#options.clock.sleep(Math.max(0, due - this.#now()), stopTimer.signal)
    await Promise.race(timer === undefined ? [woken] : [woken, timer])
    this.#wake = undefined
    stopTimer.abort()
  }

  /** In whole seconds: those whose time comes within the same one go by priority. */
  #backoffUntilMs(times: number): number {
    const { initialBackoffMs, maxBackoffMs } = this.#options
    const untilMs = this.#now() + Math.min(maxBackoffMs, initialBackoffMs * 2 ** (times - 1))
    return untilMs - (untilMs % 1000)
  }

  #signal(): void {
    this.#wake?.()
  }

  #now(): number {
    return this.#options.clock.now().getTime()
  }
}

function uidOf(pod: QueuedPod): string {
  return pod.info.uid
}

/** Higher priority first, then who came first (upstream's PrioritySort). */
function isBefore(a: QueuedPod, b: QueuedPod): boolean {
  return a.info.priority === b.info.priority ? a.enqueuedAtMs < b.enqueuedAtMs : a.info.priority > b.info.priority
}

function isSooner(a: QueuedPod, b: QueuedPod): boolean {
  return a.backoffUntilMs === b.backoffUntilMs ? isBefore(a, b) : a.backoffUntilMs < b.backoffUntilMs
}
