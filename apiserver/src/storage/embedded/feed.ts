import type { Revision, StoredEvent, WatchBatch } from '../storage.ts'

/**
 * Hands commits to the watches of this process. A watch that does not keep up is not buffered without bound: it is
 * taken off the feed and reads the log instead, until it has caught up again.
 */
export interface Subscriber {
  readonly prefix: string
  /** Everything up to here has been handed out. */
  cursor: Revision
  /** On the feed; otherwise its watch reads the log. */
  live: boolean
  pending: StoredEvent[]
  /** Of the pending events' values. */
  pendingBytes: number
  /** Set when the pending events, or none, are all there is up to here. */
  progress: Revision
  wake: () => void
}

const maxPendingEvents = 2048
const maxPendingBytes = 32 * 1024 * 1024

export class Feed {
  /** Every event up to this revision has been offered to all live subscribers. */
  delivered: Revision
  #subscribers = new Set<Subscriber>()

  constructor(delivered: Revision) {
    this.delivered = delivered
  }

  get hasSubscribers(): boolean {
    return this.#subscribers.size > 0
  }

  add(subscriber: Subscriber): void {
    this.#subscribers.add(subscriber)
  }

  remove(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber)
  }

  /** Events in order of revision, complete between `delivered` and `upTo`; those already delivered are skipped. */
  publish(events: readonly StoredEvent[], upTo: Revision): void {
    if (upTo <= this.delivered) return
    for (const subscriber of this.#subscribers) {
      if (subscriber.live) this.#offer(subscriber, events, upTo)
    }
    this.delivered = upTo
  }

  #offer(subscriber: Subscriber, events: readonly StoredEvent[], upTo: Revision): void {
    let matched = false
    for (const event of events) {
      if (event.revision <= this.delivered || event.revision <= subscriber.cursor) continue
      if (!event.key.startsWith(subscriber.prefix)) continue
      matched = true
      subscriber.pending.push(event)
      subscriber.pendingBytes += event.value.length
    }
    if (!matched) return
    if (subscriber.pending.length > maxPendingEvents || subscriber.pendingBytes > maxPendingBytes) {
      subscriber.live = false
      subscriber.pending = []
      subscriber.pendingBytes = 0
    } else {
      subscriber.progress = upTo
    }
    subscriber.wake()
  }

  /** Tells idle subscribers of this prefix how far they are complete. */
  reportProgress(prefix: string): void {
    for (const subscriber of this.#subscribers) {
      if (!subscriber.live || subscriber.prefix !== prefix) continue
      if (subscriber.cursor >= this.delivered) continue
      subscriber.progress = this.delivered
      subscriber.wake()
    }
  }

  wakeAll(): void {
    for (const subscriber of this.#subscribers) subscriber.wake()
  }
}

/** What a live subscriber has waiting, if anything. */
export function takeBatch(subscriber: Subscriber): WatchBatch | undefined {
  if (subscriber.pending.length === 0 && subscriber.progress <= subscriber.cursor) return undefined
  const events = subscriber.pending
  subscriber.pending = []
  subscriber.pendingBytes = 0
  subscriber.cursor = Math.max(subscriber.cursor, subscriber.progress)
  return { events, progress: subscriber.cursor }
}
