import type { ClusterEvent, QueueingHint } from '../framework/plugin.ts'
import type { QueuedPod } from './scheduling-queue.ts'

export interface UnschedulablePod extends QueuedPod {
  /** Since when it has been here, in milliseconds. */
  sinceMs: number
}

/** A hint, and of whom. */
export interface PluginHint extends QueueingHint {
  plugin: string
}

interface Interest {
  pod: UnschedulablePod
  /** Those of the event. */
  hints: readonly PluginHint[]
}

const always: readonly PluginHint[] = [{ event: 'PodUpdate', plugin: '' }]

/**
 * The room of pods that no node fits, in the order they came. Each is kept with the events that its rejecting plug-ins
 * care about: an event costs what the pods cost that it may concern, however many others wait.
 */
export class UnschedulablePods {
  readonly #pods = new Map<string, UnschedulablePod>()
  readonly #byEvent = new Map<ClusterEvent, Map<string, Interest>>()
  /** Those whom any event may help. */
  readonly #byAny = new Map<string, Interest>()

  get size(): number {
    return this.#pods.size
  }

  get(uid: string): UnschedulablePod | undefined {
    return this.#pods.get(uid)
  }

  values(): IterableIterator<UnschedulablePod> {
    return this.#pods.values()
  }

  set(pod: UnschedulablePod, hints: readonly PluginHint[] | 'any'): void {
    const { uid } = pod.info
    this.delete(uid)
    this.#pods.set(uid, pod)
    if (hints === 'any') {
      this.#byAny.set(uid, { pod, hints: always })
      return
    }
    for (const [event, ofEvent] of Map.groupBy(hints, (hint) => hint.event)) {
      const interested = this.#byEvent.get(event) ?? new Map<string, Interest>()
      this.#byEvent.set(event, interested.set(uid, { pod, hints: ofEvent }))
    }
  }

  delete(uid: string): boolean {
    if (!this.#pods.delete(uid)) return false
    this.#byAny.delete(uid)
    for (const interested of this.#byEvent.values()) interested.delete(uid)
    return true
  }

  /** A copy: pods leave while it is gone through. */
  interestedIn(event: ClusterEvent): Interest[] {
    return [...this.#byAny.values(), ...(this.#byEvent.get(event)?.values() ?? [])]
  }
}
