import { StorageError, type Revision } from '../storage.ts'
import type { StorageClock } from '../log.ts'
import type { EventRing } from './event-ring.ts'
import type { CacheEvent, CacheWatchBatch, Subscription } from './types.ts'

/** A reader of the ring: it holds a place, not a buffer. */
interface Watcher {
  prefix: string
  /** Number of the next event to look at. */
  next: number
  ring: EventRing
  /** Set while the watcher has seen everything. */
  waiting: ((reason: 'event' | 'tick') => void) | undefined
}

/** All that a batch depends on. */
interface Place {
  ring: EventRing
  prefix: string
  next: number
  end: number
  newest: Revision
}

export interface WatchOptions {
  ring: EventRing
  prefix: string
  after: Revision
  progress: () => Revision
  failure: () => StorageError | undefined
}

const maxBatch = 500
const tickMs = 1000

/** The watchers of one cache. */
export class CacheWatchers {
  readonly #clock: StorageClock
  readonly #watchers = new Set<Watcher>()
  /** What the last reader was given: the others of its kind stand at the same place, and are given the same. */
  #given: { from: Place; next: number; batch: CacheWatchBatch } | undefined
  #ticking = false

  constructor(clock: StorageClock) {
    this.#clock = clock
  }

  /** A reader's place in the ring. @throws StorageError 'compacted' when the ring no longer reaches back */
  subscribe(options: WatchOptions): Subscription {
    const { ring, prefix } = options
    const next = ring.after(options.after)
    if (next === undefined) throw fellBehind(options.after, ring.floor)
    const watcher: Watcher = { prefix, next, ring, waiting: undefined }
    this.#watchers.add(watcher)
    return {
      take: () => {
        const failure = options.failure()
        if (failure !== undefined) throw failure
        if (watcher.next < ring.first) throw fellBehind(options.after, ring.floor)
        return this.#take(watcher, options)
      },
      wait: (wake) => {
        // What came in since the last look counts as waking at once.
        if (watcher.next < ring.end) return wake('event')
        watcher.waiting = wake
        this.#tick()
      },
      close: () => {
        watcher.waiting = undefined
        this.#watchers.delete(watcher)
      },
    }
  }

  async *watch(options: WatchOptions & { signal: AbortSignal }): AsyncGenerator<CacheWatchBatch> {
    const { signal } = options
    const subscription = this.subscribe(options)
    let wake: ((reason: 'event' | 'tick') => void) | undefined
    const onAbort = (): void => wake?.('tick')
    signal.addEventListener('abort', onAbort)
    try {
      for (let due = true; !signal.aborted;) {
        const batch = subscription.take()
        if (batch.events.length > 0 || due) {
          due = false
          yield batch
          continue
        }
        const reason = await new Promise<'event' | 'tick'>((resolve) => {
          wake = resolve
          subscription.wait(resolve)
        })
        due = reason === 'tick'
      }
    } finally {
      signal.removeEventListener('abort', onAbort)
      subscription.close()
    }
  }

  #take(watcher: Watcher, options: WatchOptions): CacheWatchBatch {
    const { ring, prefix, next } = watcher
    const newest = options.progress()
    const given = this.#given
    if (
      given !== undefined &&
      given.from.next === next &&
      given.from.ring === ring &&
      given.from.end === ring.end &&
      given.from.newest === newest &&
      given.from.prefix === prefix &&
      given.batch.progress >= options.after
    ) {
      watcher.next = given.next
      return given.batch
    }
    const from = { ring, prefix, next, end: ring.end, newest }
    const events = take(watcher)
    const batch = { events, progress: Math.max(options.after, seenUpTo(watcher, newest)) }
    // Of a batch held back by its own reader's beginning nobody else is given.
    this.#given = events.length > 0 && batch.progress > options.after ? { from, next: watcher.next, batch } : undefined
    return batch
  }

  /** Wakes those who wait for events like this one; to the others it is as good as seen. */
  notify(event: CacheEvent, ring: EventRing): void {
    for (const watcher of this.#watchers) {
      if (watcher.waiting === undefined || watcher.ring !== ring) continue
      if (event.current.key.startsWith(watcher.prefix)) this.#wake(watcher, 'event')
      else if (watcher.next === ring.end - 1) watcher.next = ring.end
    }
  }

  wakeAll(): void {
    for (const watcher of [...this.#watchers]) this.#wake(watcher, 'tick')
  }

  #wake(watcher: Watcher, reason: 'event' | 'tick'): void {
    const { waiting } = watcher
    watcher.waiting = undefined
    waiting?.(reason)
  }

  /** One timer for all who wait, and none when nobody does. */
  #tick(): void {
    if (this.#ticking) return
    this.#ticking = true
    this.#clock.after(tickMs, () => {
      this.#ticking = false
      this.wakeAll()
    })
  }
}

function take(watcher: Watcher): CacheEvent[] {
  const { ring, prefix } = watcher
  const events: CacheEvent[] = []
  for (; watcher.next < ring.end && events.length < maxBatch; watcher.next++) {
    const event = ring.at(watcher.next)
    if (event?.current.key.startsWith(prefix) === true) events.push(event)
  }
  return events
}

/** One commit may change several keys: it counts once all of it was handed out. */
function seenUpTo({ next, ring }: Watcher, newest: Revision): Revision {
  const following = ring.at(next)
  return following === undefined ? newest : Math.min(ring.at(next - 1)?.revision ?? 0, following.revision - 1)
}

function fellBehind(after: Revision, floor: Revision): StorageError {
  return new StorageError('compacted', `too old resource version: ${after} (${floor})`, { oldest: floor })
}
