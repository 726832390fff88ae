import type { KubeObject } from '@kapell/openapi/meta/object'
import type { Revision } from '../storage.ts'

/** One object as the cache holds it: its bytes once, as they are served (resourceVersion spliced in). */
export interface CachedObject {
  readonly key: string
  readonly namespace: string
  readonly name: string
  readonly revision: Revision
  /** Compact JSON with metadata.resourceVersion set. Shared: never write to it. */
  readonly json: Uint8Array
  /** Parsed on first use and kept while in use; deeply read-only by convention: copy before changing. */
  readonly object: KubeObject
  /** Parsed for one use: nothing keeps it. Read-only all the same. */
  parse(): KubeObject
}

export interface CacheEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  revision: Revision
  /** For DELETED: the last state, its resourceVersion that of the deletion. */
  current: CachedObject
  /** What was there before, for watchers with selectors. */
  previous?: CachedObject
  /** The watch frame `{"type":…,"object":…}\n`, encoded once for all watchers, on first use. */
  frame(): Uint8Array
}

/** Immutable view of one moment, ordered by key. */
export interface Snapshot {
  readonly revision: Revision
  readonly size: number
  /** Objects whose key starts with the prefix and is above `after`, in order; stop iterating when done. */
  entries(prefix: string, after?: string): Iterable<CachedObject>
}

export interface CacheWatchBatch {
  events: readonly CacheEvent[]
  /** Everything up to here has been delivered: what a bookmark carries. */
  progress: Revision
}

/** A place among a cache's events, for readers that are called rather than iterate. */
export interface Subscription {
  /** What is new since the last call, no more than some hundreds. @throws StorageError as `watch` does */
  take(): CacheWatchBatch
  /** Calls back once: for an event, or about a second later at the latest; at once when there is something new already. */
  wait(wake: (reason: 'event' | 'tick') => void): void
  close(): void
}

/** The watch cache of one resource: everything a GET, LIST or WATCH needs without asking the store. */
export interface WatchCache {
  /** Resolves when the first list is in. */
  ready(): Promise<void>
  /** Resolves when the cache has seen `revision`; rejects with StorageError 'future' after `timeoutMs` (3 s as upstream). */
  waitFor(revision: Revision, options?: { timeoutMs?: number; signal?: AbortSignal }): Promise<void>
  /** The newest revision that this cache knows to be complete. */
  revision(): Revision
  get(key: string): CachedObject | undefined
  snapshot(): Snapshot
  /**
   * Events after the revision, under the key prefix. Throws StorageError 'compacted' when the ring no longer reaches
   * back, or when this watcher fell too far behind. `progress` batches come at least once a second while idle.
   */
  watch(options: { prefix: string; after: Revision; signal: AbortSignal }): AsyncIterable<CacheWatchBatch>
  /** The same without a promise for every step; once the cache is ready. @throws StorageError 'compacted' */
  subscribe(options: { prefix: string; after: Revision }): Subscription
}

/** What a write returns to its caller without waiting for the cache: the bytes as stored, with their revision. */
export interface Written {
  revision: Revision
  json: Uint8Array
  object: KubeObject
}
