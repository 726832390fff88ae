import { systemClock, type StorageClock, type StorageLog } from '../log.ts'
import { StorageError, type Page, type Revision, type Storage, type Stored, type WatchBatch } from '../storage.ts'
import { Committer } from './committer.ts'
import { compact, defaultHistory, startCompaction, type HistoryPolicy } from './compaction.ts'
import { openDatabase, readCompaction, readHead, readRevision, type EmbeddedDatabase } from './database.ts'
import { Expiry } from './expiry.ts'
import { Feed, takeBatch, type Subscriber } from './feed.ts'
import { maxKeyBytes, maxValueBytes } from './layout.ts'
import { compactedError, readKey, readLog, readPage } from './reader.ts'

export interface EmbeddedStoreOptions {
  /** Created when missing. Several processes may open the same one. */
  directory: string
  /** Address space reserved for the file, which itself grows as needed. Default 64 GiB. */
  mapSizeBytes?: number
  log: StorageLog
  history?: Partial<HistoryPolicy>
  clock?: StorageClock
}

export interface EmbeddedStorage extends Storage {
  isNewest(key: string, revision: Revision): boolean
  requestProgress(prefix: string): void
  /** Another process says that it committed: hand what is new to this process's watches. */
  poke(): void
}

const logChunk = { limit: 1000, maxBytes: 4 * 1024 * 1024 }

/**
 * The embedded store: everything in one LMDB file, a write acknowledged when it is on disk.
 * @throws StorageError 'unavailable' when the directory cannot be used
 */
export async function openEmbeddedStore(options: EmbeddedStoreOptions): Promise<EmbeddedStorage> {
  const database = await openDatabase({
    directory: options.directory,
    mapSizeBytes: options.mapSizeBytes ?? 64 * 2 ** 30,
  })
  return new EmbeddedStore(database, options)
}

class EmbeddedStore implements EmbeddedStorage {
  readonly #database: EmbeddedDatabase
  readonly #clock: StorageClock
  readonly #committer: Committer
  readonly #feed: Feed
  readonly #expiry: Expiry
  readonly #compaction: { stop(): Promise<void> }
  #closing: Promise<void> | undefined

  constructor(database: EmbeddedDatabase, options: EmbeddedStoreOptions) {
    const { log, clock = systemClock } = options
    this.#database = database
    this.#clock = clock
    this.#feed = new Feed(readRevision(database))
    this.#committer = new Committer({
      database,
      now: () => clock.now(),
      onCommit: (events, base, last) => {
        // Commits of other processes come between: the log tells them first.
        if (base > this.#feed.delivered) this.#catchUp(base)
        this.#feed.publish(this.#feed.hasSubscribers ? events() : [], last)
      },
    })
    this.#expiry = new Expiry({ database, committer: this.#committer, clock, log })
    this.#expiry.start()
    const policy = { ...defaultHistory, ...options.history }
    this.#compaction = startCompaction({ database, committer: this.#committer, policy, clock, log })
  }

  get(key: string, at?: Revision): Promise<Stored | undefined> {
    return this.#read(() => (key.length > maxKeyBytes ? undefined : readKey(this.#database, key, at)))
  }

  list(
    prefix: string,
    page: Page = {},
  ): Promise<{ items: Stored[]; revision: Revision; more: boolean; count: number }> {
    return this.#read(() => readPage(this.#database, prefix, page))
  }

  create(key: string, value: Uint8Array, ttlSeconds?: number): Promise<Revision> {
    return this.#put(key, value, 0, ttlSeconds)
  }

  update(key: string, value: Uint8Array, expected: Revision, ttlSeconds?: number): Promise<Revision> {
    if (expected === 0) return Promise.reject(new StorageError('conflict', `${key} is not at revision 0`, { key }))
    return this.#put(key, value, expected, ttlSeconds)
  }

  delete(key: string, expected: Revision): Promise<Revision> {
    if (expected === 0) return Promise.reject(new StorageError('conflict', `${key} is not at revision 0`, { key }))
    if (this.#closing !== undefined) return Promise.reject(closedError())
    return this.#committer.write({ type: 'delete', key, value: new Uint8Array(), expected, expiresAtMs: 0 })
  }

  async *watch(prefix: string, after: Revision, signal: AbortSignal): AsyncIterable<WatchBatch> {
    let wake = (): void => undefined
    const subscriber: Subscriber = {
      prefix,
      cursor: after,
      live: false,
      pending: [],
      pendingBytes: 0,
      progress: after,
      wake: () => wake(),
    }
    const onAbort = (): void => wake()
    signal.addEventListener('abort', onAbort)
    this.#feed.add(subscriber)
    try {
      while (!signal.aborted) {
        if (this.#closing !== undefined) throw closedError()
        const batch = subscriber.live ? takeBatch(subscriber) : this.#readBehind(subscriber)
        if (batch !== undefined) {
          yield batch
          continue
        }
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    } finally {
      signal.removeEventListener('abort', onAbort)
      this.#feed.remove(subscriber)
    }
  }

  async compact(before: Revision): Promise<void> {
    if (this.#closing !== undefined) throw closedError()
    await compact(this.#database, this.#committer, before)
  }

  revision(): Promise<Revision> {
    return this.#read(() => {
      const newest = readRevision(this.#database)
      if (newest > this.#feed.delivered && newest > this.#committer.inFlight) this.#catchUp(newest)
      return newest
    })
  }

  isNewest(key: string, revision: Revision): boolean {
    if (this.#closing !== undefined) return false
    this.#database.env.resetReadTxn()
    const head = readHead(this.#database, key)
    return head !== undefined && head.alive && head.revision === revision
  }

  requestProgress(prefix: string): void {
    this.#feed.reportProgress(prefix)
  }

  poke(): void {
    if (this.#closing !== undefined) return
    this.#database.env.resetReadTxn()
    const newest = readRevision(this.#database)
    if (newest > this.#feed.delivered && newest > this.#committer.inFlight) this.#catchUp(newest)
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      this.#feed.wakeAll()
      await this.#compaction.stop()
      await this.#expiry.stop()
      await this.#committer.idle()
      await this.#database.env.close()
    })()
    return this.#closing
  }

  #put(key: string, value: Uint8Array, expected: Revision, ttlSeconds: number | undefined): Promise<Revision> {
    if (this.#closing !== undefined) return Promise.reject(closedError())
    if (Buffer.byteLength(key) > maxKeyBytes) {
      return Promise.reject(new StorageError('tooLarge', `the key is longer than ${maxKeyBytes} bytes`, { key }))
    }
    if (value.length > maxValueBytes) {
      const message = `the value of ${key} has ${value.length} bytes, more than ${maxValueBytes}`
      return Promise.reject(new StorageError('tooLarge', message, { key }))
    }
    const expiresAtMs = ttlSeconds === undefined || ttlSeconds <= 0 ? 0 : this.#clock.now() + ttlSeconds * 1000
    const written = this.#committer.write({ type: 'put', key, value, expected, expiresAtMs })
    if (expiresAtMs > 0) this.#expiry.expect(expiresAtMs)
    return written
  }

  #read<T>(read: () => T): Promise<T> {
    if (this.#closing !== undefined) return Promise.reject(closedError())
    try {
      this.#database.env.resetReadTxn()
      return Promise.resolve(read())
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)))
    }
  }

  /** One chunk of the log for a watch that is behind; joins the feed, without a gap, when it has reached it. */
  #readBehind(subscriber: Subscriber): WatchBatch {
    const { prefix, cursor } = subscriber
    const until = this.#feed.delivered
    const { events, upTo } =
      cursor < until
        ? readLog(this.#database, { prefix, after: cursor, until, ...logChunk })
        : { events: [], upTo: this.#checked(cursor) }
    subscriber.cursor = upTo
    subscriber.progress = upTo
    subscriber.live = upTo >= until
    return { events, progress: upTo }
  }

  #checked(after: Revision): Revision {
    const { oldest } = readCompaction(this.#database)
    if (after < oldest) throw compactedError(after, oldest)
    return after
  }

  /** Reads commits of other processes from the log, up to the revision. */
  #catchUp(until: Revision): void {
    let after = this.#feed.delivered
    if (!this.#feed.hasSubscribers) {
      this.#feed.publish([], until)
      return
    }
    while (after < until) {
      const { events, upTo } = readLog(this.#database, { prefix: '', after, until, ...logChunk })
      this.#feed.publish(events, upTo)
      after = upTo
    }
  }
}

function closedError(): StorageError {
  return new StorageError('unavailable', 'the store is closed')
}
