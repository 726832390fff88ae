import { systemClock, type StorageClock, type StorageLog } from '../log.ts'
import { StorageError, type Revision, type Storage, type StoredEvent, type WatchBatch } from '../storage.ts'
import { CachedEvent, CachedJson, withRevision } from './cached-object.ts'
import { CacheWatchers, type WatchOptions } from './cache-watchers.ts'
import { EventRing, type RingLimits } from './event-ring.ts'
import { ParsedPool } from './parsed-pool.ts'
import { SortedObjects } from './sorted-objects.ts'
import { spliceResourceVersion } from './splice.ts'
import type { CachedObject, CacheWatchBatch, Snapshot, Subscription, WatchCache } from './types.ts'
import { Waiters } from './waiters.ts'

export interface WatchCacheOptions {
  storage: Storage
  /** Ends with '/': "/registry/pods/". What follows is "namespace/name" or "name". */
  prefix: string
  /** From stored bytes to what is cached, before the resourceVersion is spliced in (another version of the kind). */
  transform?: (value: Uint8Array) => Uint8Array
  /** At most this many events are kept for watchers that come or are late. Default 20,000. */
  capacity?: number
  /** Keeps parsed objects; may be shared by caches. */
  parsed?: ParsedPool
  log: StorageLog
  clock?: StorageClock
}

export interface RunningWatchCache extends WatchCache {
  /** Ends the cache and its watches. */
  close(): Promise<void>
}

const pageSize = 2000
const firstBackoffMs = 50
const longestBackoffMs = 5000
/** The original keeps at least this much history for watchers. */
const keepEventsMs = 75_000
const keepEventsBytes = 16 * 1024 * 1024
const defaultParsedBytes = 16 * 1024 * 1024

/** Starts filling at once; `ready()` says when. */
export function createWatchCache(options: WatchCacheOptions): RunningWatchCache {
  return new RunningCache(options)
}

class RunningCache implements RunningWatchCache {
  readonly #storage: Storage
  readonly #prefix: string
  readonly #transform: ((value: Uint8Array) => Uint8Array) | undefined
  readonly #log: StorageLog
  readonly #clock: StorageClock
  readonly #pool: ParsedPool
  readonly #limits: RingLimits
  readonly #watchers: CacheWatchers
  readonly #waiters: Waiters
  readonly #closing = new AbortController()
  readonly #ran: Promise<void>
  #objects = new SortedObjects()
  #ring: EventRing
  #revision: Revision = 0
  #snapshot: Snapshot | undefined
  #becomeReady = (): void => undefined
  readonly #ready: Promise<void>

  constructor(options: WatchCacheOptions) {
    this.#storage = options.storage
    this.#prefix = options.prefix
    this.#transform = options.transform
    this.#log = options.log
    this.#clock = options.clock ?? systemClock
    this.#pool = options.parsed ?? new ParsedPool(defaultParsedBytes)
    const maxEvents = options.capacity ?? 20_000
    this.#limits = { maxEvents, maxBytes: keepEventsBytes, keepMs: keepEventsMs, minEvents: Math.min(100, maxEvents) }
    this.#ring = new EventRing(0, this.#limits)
    this.#watchers = new CacheWatchers(this.#clock)
    this.#waiters = new Waiters({
      clock: this.#clock,
      revision: () => this.#revision,
      ask: () => this.#storage.requestProgress?.(this.#prefix),
    })
    this.#ready = new Promise((resolve) => {
      this.#becomeReady = resolve
    })
    this.#ran = this.#run()
  }

  ready(): Promise<void> {
    return this.#ready
  }

  async waitFor(revision: Revision, options: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<void> {
    if (this.#revision >= revision && this.#revision > 0) return
    await this.#waiters.wait(revision, options)
  }

  revision(): Revision {
    return this.#revision
  }

  get(key: string): CachedObject | undefined {
    return this.#objects.get(key)
  }

  snapshot(): Snapshot {
    if (this.#snapshot?.revision !== this.#revision) {
      const { size, entries } = this.#objects.snapshot()
      this.#snapshot = { revision: this.#revision, size, entries }
    }
    return this.#snapshot
  }

  async *watch(options: { prefix: string; after: Revision; signal: AbortSignal }): AsyncIterable<CacheWatchBatch> {
    await this.#ready
    yield* this.#watchers.watch({ ...options, ...this.#watchOptions(options) })
  }

  subscribe(options: { prefix: string; after: Revision }): Subscription {
    return this.#watchers.subscribe(this.#watchOptions(options))
  }

  #watchOptions(options: { prefix: string; after: Revision }): WatchOptions {
    const ring = this.#ring
    return {
      prefix: options.prefix,
      after: options.after,
      ring,
      progress: () => this.#revision,
      failure: () => {
        if (this.#closing.signal.aborted) return new StorageError('unavailable', 'the watch cache is closed')
        if (ring === this.#ring) return undefined
        // After a relist nobody can say what happened in between.
        return new StorageError('compacted', `too old resource version: ${options.after} (${this.#ring.floor})`, {
          oldest: this.#ring.floor,
        })
      },
    }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#watchers.wakeAll()
    this.#waiters.fail(new StorageError('unavailable', 'the watch cache is closed'))
    await this.#ran
  }

  /** Lists and watches for ever; a lost watch goes on where it stopped, a compacted one lists again. */
  async #run(): Promise<void> {
    const { signal } = this.#closing
    let backoffMs = firstBackoffMs
    let listed = false
    while (!signal.aborted) {
      try {
        if (!listed) await this.#list()
        listed = true
        for await (const batch of this.#storage.watch(this.#prefix, this.#revision, signal)) {
          backoffMs = firstBackoffMs
          this.#apply(batch)
        }
      } catch (error) {
        if (signal.aborted) return
        const compacted = error instanceof StorageError && error.reason === 'compacted'
        if (compacted) listed = false
        this.#log.warn(compacted ? 'watch cache lists again' : 'watch cache lost its watch', {
          prefix: this.#prefix,
          error: error instanceof Error ? error.message : String(error),
        })
        await this.#pause(backoffMs)
        backoffMs = Math.min(backoffMs * 2, longestBackoffMs)
      }
    }
  }

  async #list(): Promise<void> {
    const objects = new SortedObjects()
    let at: Revision | undefined
    for (let after = '', more = true; more;) {
      const page = await this.#storage.list(this.#prefix, {
        limit: pageSize,
        ...(at === undefined ? {} : { at, after }),
      })
      at ??= page.revision
      for (const { key, value, revision } of page.items) objects.set(this.#cached(key, value, revision))
      after = page.items.at(-1)?.key ?? after
      more = page.more && page.items.length > 0
    }
    this.#objects = objects
    this.#ring = new EventRing(at ?? 0, this.#limits)
    this.#snapshot = undefined
    this.#advance(at ?? 0)
    this.#watchers.wakeAll()
    this.#becomeReady()
  }

  #apply(batch: WatchBatch): void {
    for (const stored of batch.events) {
      const event = this.#change(stored)
      if (event === undefined) continue
      this.#ring.push(event, this.#clock.now())
      // Before anyone is woken, so that whoever wakes sees at least this much.
      this.#revision = Math.max(this.#revision, event.revision)
      this.#watchers.notify(event, this.#ring)
    }
    this.#advance(batch.progress)
  }

  #change(stored: StoredEvent): CachedEvent | undefined {
    const { key, revision } = stored
    const before = this.#objects.get(key)
    if (before !== undefined && before.revision >= revision) return undefined
    if (stored.type === 'put') {
      const current = this.#cached(key, stored.value, revision)
      this.#objects.set(current)
      return before === undefined
        ? new CachedEvent('ADDED', revision, current)
        : new CachedEvent('MODIFIED', revision, current, before)
    }
    if (before === undefined) return undefined
    this.#objects.delete(key)
    const json = withRevision(before.json, before.revision, revision)
    const last = new CachedJson({ key, prefix: this.#prefix, revision, json, pool: this.#pool })
    return new CachedEvent('DELETED', revision, last, before)
  }

  #cached(key: string, value: Uint8Array, revision: Revision): CachedObject {
    const json = spliceResourceVersion(this.#transform === undefined ? value : this.#transform(value), revision)
    return new CachedJson({ key, prefix: this.#prefix, revision, json, pool: this.#pool })
  }

  #advance(revision: Revision): void {
    this.#revision = Math.max(this.#revision, revision)
    this.#waiters.reached(this.#revision)
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const { signal } = this.#closing
      if (signal.aborted) return resolve()
      const cancel = this.#clock.after(delayMs, resolve)
      signal.addEventListener('abort', () => (cancel(), resolve()), { once: true })
    })
  }
}
