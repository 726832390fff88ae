import type { Etcd3 } from 'etcd3'
import type { ICompare, IRequestOp } from 'etcd3/lib/rpc.js'
import { prefixEnd } from '../keys.ts'
import { systemClock, type StorageClock, type StorageLog } from '../log.ts'
import { StorageError, type Page, type Revision, type Storage, type Stored, type WatchBatch } from '../storage.ts'
import { connectEtcd, progressMayOvertake, translateEtcdError, type EtcdTls } from './client.ts'
import { Leases } from './leases.ts'
import { WatchStream } from './watch-stream.ts'

export interface EtcdStoreOptions {
  /** Such as "http://127.0.0.1:2379" or "https://etcd-0:2379". */
  endpoints: readonly string[]
  tls?: EtcdTls
  /** Put before every key; '' by default, so that keys begin with "/registry" as the original's do. */
  prefix?: string
  /** How often to drop history older than one such interval; 0 for never. Default five minutes, as the original. */
  compactEveryMs?: number
  log: StorageLog
  clock?: StorageClock
}

/** @throws StorageError 'unavailable' when no endpoint answers */
export async function openEtcdStore(options: EtcdStoreOptions): Promise<Storage> {
  const client = connectEtcd(options)
  try {
    const { version } = await client.maintenance.status()
    const mayOvertake = progressMayOvertake(version)
    if (mayOvertake) {
      options.log.warn('etcd before 3.4.25 and 3.5.8 makes consistent reads slow: use a newer one', { version })
    }
    return new EtcdStore(client, options, { trustProgress: !mayOvertake })
  } catch (cause) {
    client.close()
    const message = plainReason(translateEtcdError(cause).message)
    throw new StorageError('unavailable', `etcd at ${options.endpoints.join(', ')} does not answer (${message})`, {
      cause,
    })
  }
}

/** gRPC's account of a failed connection, without what means nothing to people. */
const plainReason = (message: string): string =>
  /Last error: (?:Error: )?(.*?)\.? Resolution note/.exec(message)?.[1] ?? message

/** Enum values of etcd's Compare message. */
const equal = 0
const modRevision = 2

class EtcdStore implements Storage {
  readonly #client: Etcd3
  readonly #prefix: string
  readonly #leases: Leases
  readonly #trustProgress: boolean
  readonly #watches = new Set<{ prefix: string; stream: WatchStream; checking: boolean }>()
  readonly #closing = new AbortController()
  readonly #clock: StorageClock
  readonly #log: StorageLog
  #cancelCompaction = (): void => undefined

  constructor(client: Etcd3, options: EtcdStoreOptions, server: { trustProgress: boolean }) {
    this.#client = client
    this.#prefix = options.prefix ?? ''
    this.#clock = options.clock ?? systemClock
    this.#log = options.log
    this.#leases = new Leases({ client: client.leaseClient, clock: this.#clock })
    this.#trustProgress = server.trustProgress
    const everyMs = options.compactEveryMs ?? 300_000
    if (everyMs > 0) this.#scheduleCompaction(everyMs, 0)
  }

  async get(key: string, at?: Revision): Promise<Stored | undefined> {
    const { kvs } = await this.#call({ key }, () => this.#client.kv.range({ key: this.#key(key), revision: at ?? 0 }))
    const kv = kvs[0]
    return kv === undefined ? undefined : { key, value: kv.value, revision: Number(kv.mod_revision) }
  }

  async list(
    prefix: string,
    page: Page = {},
  ): Promise<{ items: Stored[]; revision: Revision; more: boolean; count: number }> {
    const { at, after, limit } = page
    const start = after !== undefined && after >= prefix ? this.#key(`${after}\0`) : this.#key(prefix)
    const { header, kvs, more, count } = await this.#call({}, () =>
      this.#client.kv.range({
        key: start,
        range_end: this.#rangeEnd(prefix),
        ...(at === undefined ? {} : { revision: at }),
        ...(limit === undefined ? {} : { limit }),
      }),
    )
    return {
      items: kvs.map(({ key, value, mod_revision }) => ({
        key: this.#keyOf(key),
        value,
        revision: Number(mod_revision),
      })),
      revision: at ?? Number(header.revision),
      more,
      count: Number(count),
    }
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
    return this.#compareAndDo(key, expected, { request_delete_range: { key: this.#key(key) } })
  }

  async *watch(prefix: string, after: Revision, signal: AbortSignal): AsyncIterable<WatchBatch> {
    this.#checkOpen()
    const stream = new WatchStream({
      open: () => this.#client.watchClient.watch(),
      key: this.#key(prefix),
      rangeEnd: this.#rangeEnd(prefix),
      after,
      signal: AbortSignal.any([signal, this.#closing.signal]),
      keyOf: (key) => this.#keyOf(key),
    })
    const watch = { prefix, stream, checking: false }
    this.#watches.add(watch)
    try {
      yield* stream.batches()
    } finally {
      this.#watches.delete(watch)
    }
    if (!signal.aborted) this.#checkOpen()
  }

  async compact(before: Revision): Promise<void> {
    try {
      await this.#call({}, () => this.#client.kv.compact({ revision: before }))
    } catch (error) {
      // Somebody else was here, and has gone further.
      if (!(error instanceof StorageError && error.reason === 'compacted')) throw error
    }
  }

  /** A linearizable read of nothing: its header tells. */
  async revision(): Promise<Revision> {
    const { header } = await this.#call({}, () => this.#client.kv.range({ key: this.#key('/'), keys_only: true }))
    return Number(header.revision)
  }

  requestProgress(prefix: string): void {
    for (const watch of this.#watches) {
      if (watch.prefix !== prefix) continue
      if (this.#trustProgress) {
        watch.stream.requestProgress()
        continue
      }
      if (watch.checking) continue
      watch.checking = true
      this.#findProgress(prefix, watch.stream)
        .catch((error: unknown) => this.#log.debug('no progress of a watch', { prefix, error: String(error) }))
        .finally(() => {
          watch.checking = false
        })
    }
  }

  /**
   * Old servers answer a progress request before the events that it covers. So we ask the data: when nothing under the
   * prefix was written since, and as many keys are there as were then, nothing has happened.
   */
  async #findProgress(prefix: string, stream: WatchStream): Promise<void> {
    const from = stream.delivered
    const range = { key: this.#key(prefix), range_end: this.#rangeEnd(prefix) }
    const then = await this.#call({}, () => this.#client.kv.range({ ...range, revision: from, count_only: true }))
    const written = { ...range, min_mod_revision: from + 1, keys_only: true, limit: 1 }
    const { header, responses } = await this.#call({}, () =>
      this.#client.kv.txn({
        success: [{ request_range: written }, { request_range: { ...range, count_only: true } }],
      }),
    )
    const [changed, now] = responses
    if (changed?.response_range.kvs.length === 0 && now?.response_range.count === then.count) {
      stream.report(Number(header.revision), from)
    }
  }

  close(): Promise<void> {
    if (!this.#closing.signal.aborted) {
      this.#closing.abort()
      this.#cancelCompaction()
      this.#client.close()
    }
    return Promise.resolve()
  }

  async #put(key: string, value: Uint8Array, expected: Revision, ttlSeconds = 0): Promise<Revision> {
    const write = async (): Promise<Revision> => {
      const lease = ttlSeconds > 0 ? await this.#call({ key }, () => this.#leases.lease(ttlSeconds)) : undefined
      return this.#compareAndDo(key, expected, {
        request_put: { key: this.#key(key), value: value as Buffer, ...(lease === undefined ? {} : { lease }) },
      })
    }
    try {
      return await write()
    } catch (error) {
      if (ttlSeconds <= 0 || !/lease not found/.test((error as Error).message)) throw error
      this.#leases.forget()
      return write()
    }
  }

  async #compareAndDo(key: string, expected: Revision, operation: IRequestOp): Promise<Revision> {
    const compare: ICompare = { result: equal, target: modRevision, key: this.#key(key), mod_revision: expected }
    const read: IRequestOp = { request_range: { key: this.#key(key), keys_only: true } }
    const { succeeded, header, responses } = await this.#call({ key }, () =>
      this.#client.kv.txn({ compare: [compare], success: [operation], failure: expected === 0 ? [] : [read] }),
    )
    if (succeeded) return Number(header.revision)
    if (expected === 0) throw new StorageError('exists', `${key} exists already`, { key })
    const now = responses[0]?.response_range.kvs[0]
    if (now === undefined) throw new StorageError('notFound', `${key} does not exist`, { key })
    throw new StorageError('conflict', `${key} is at revision ${now.mod_revision}, not ${expected}`, { key })
  }

  async #call<T>(at: { key?: string }, call: () => Promise<T>): Promise<T> {
    this.#checkOpen()
    try {
      return await call()
    } catch (error) {
      throw translateEtcdError(error, at)
    }
  }

  #checkOpen(): void {
    if (this.#closing.signal.aborted) throw new StorageError('unavailable', 'the store is closed')
  }

  /** Each interval, drops what is older than the one before. Several servers doing so do no harm. */
  #scheduleCompaction(everyMs: number, before: Revision): void {
    this.#cancelCompaction = this.#clock.after(everyMs, () => {
      const round = async (): Promise<Revision> => {
        if (before > 0) await this.compact(before)
        return this.revision()
      }
      round()
        .catch((error: unknown) => {
          this.#log.warn('compacting etcd failed', { error: translateEtcdError(error).message })
          return before
        })
        .then((next) => {
          if (!this.#closing.signal.aborted) this.#scheduleCompaction(everyMs, next)
        })
        .catch(() => undefined)
    })
  }

  #key(key: string): Buffer {
    return Buffer.from(this.#prefix + key)
  }

  #keyOf(key: Buffer): string {
    return key.toString().slice(this.#prefix.length)
  }

  /** etcd: a zero byte means to the end of all keys. */
  #rangeEnd(prefix: string): Buffer {
    const end = prefixEnd(this.#prefix + prefix)
    return end === undefined ? Buffer.from([0]) : Buffer.from(end)
  }
}
