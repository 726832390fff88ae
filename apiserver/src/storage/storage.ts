/**
 * The storage contract: etcd's semantics, nothing of Kubernetes. Both stores pass the one suite in `test/suites`.
 * Keys are paths such as "/registry/pods/default/web-0"; values are opaque bytes.
 */

/** The global commit counter: every successful write takes the next one. Safe as a number up to 2^53. */
export type Revision = number

export interface Stored {
  key: string
  value: Uint8Array
  /** The revision of the last write of this key. */
  revision: Revision
}

export interface Page {
  /** Read the state as of this revision; the newest when absent. Throws Compacted when history no longer reaches it. */
  at?: Revision
  limit?: number
  /** Only keys strictly after this one. */
  after?: string
}

export interface StoredEvent {
  type: 'put' | 'delete'
  key: string
  /** The revision that made this change. */
  revision: Revision
  /** The new value; for a delete, empty. */
  value: Uint8Array
  /** What the key held before, when it held anything. */
  readonly previous?: { value: Uint8Array; revision: Revision } | undefined
}

export interface Storage {
  get(key: string, at?: Revision): Promise<Stored | undefined>
  /** Ordered by key (bytewise). `more` says the limit cut the list; `count` is how many keys the prefix has from `after` on. */
  list(prefix: string, page?: Page): Promise<{ items: Stored[]; revision: Revision; more: boolean; count: number }>
  /** @throws Exists */
  create(key: string, value: Uint8Array, ttlSeconds?: number): Promise<Revision>
  /** Compare and swap. @throws Conflict, NotFound */
  update(key: string, value: Uint8Array, expected: Revision, ttlSeconds?: number): Promise<Revision>
  /** Compare and delete. @throws Conflict, NotFound */
  delete(key: string, expected: Revision): Promise<Revision>
  /**
   * Batches of events under the prefix with a revision above `after`, in order, without gaps; an empty batch with
   * only `progress` says nothing up to that revision is missing. @throws Compacted
   */
  watch(prefix: string, after: Revision, signal: AbortSignal): AsyncIterable<WatchBatch>
  /** Drops history before the revision; the newest value of each key stays. */
  compact(before: Revision): Promise<void>
  /** The newest revision. */
  revision(): Promise<Revision>
  /**
   * True when the key's newest write is the one of this revision, told at once. Absent or false: get() says more. For
   * readers that hold the value already.
   */
  isNewest?(key: string, revision: Revision): boolean
  /** Asks the running watches of exactly this prefix to say soon how far they are complete, should they have nothing else to say. */
  requestProgress?(prefix: string): void
  close(): Promise<void>
}

export interface WatchBatch {
  events: readonly StoredEvent[]
  /** Every event up to this revision has been delivered. */
  progress: Revision
}

/** The closed set of storage failures; `apiserver/src/registry/storage-errors.ts` turns them into Status. */
export class StorageError extends Error {
  readonly reason: 'exists' | 'conflict' | 'notFound' | 'compacted' | 'future' | 'unavailable' | 'tooLarge' | 'full'
  readonly key?: string
  /** For 'compacted': the oldest revision still readable. */
  readonly oldest?: Revision
  constructor(
    reason: StorageError['reason'],
    message: string,
    at: { key?: string; oldest?: Revision; cause?: unknown } = {},
  ) {
    super(message, { cause: at.cause })
    this.name = 'StorageError'
    this.reason = reason
    if (at.key !== undefined) this.key = at.key
    if (at.oldest !== undefined) this.oldest = at.oldest
  }
}
