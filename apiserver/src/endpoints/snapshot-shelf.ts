import type { ObjectStore } from '../registry/resource-table.ts'
import type { Snapshot } from '../storage/watch-cache/types.ts'

/**
 * Snapshots that paged lists have begun on, so that their next pages come from memory rather than from the store's
 * history. A few a kind, the oldest dropped first; a page whose snapshot is gone is read from the store.
 */
const perStore = 4
const keepMs = 5 * 60_000

interface Shelved {
  snapshot: Snapshot
  until: number
}

const shelves = new WeakMap<ObjectStore, Map<number, Shelved>>()

export function shelve(store: ObjectStore, snapshot: Snapshot, nowMs: number): void {
  let shelf = shelves.get(store)
  if (shelf === undefined) shelves.set(store, (shelf = new Map()))
  shelf.delete(snapshot.revision)
  shelf.set(snapshot.revision, { snapshot, until: nowMs + keepMs })
  for (const [revision, { until }] of shelf) {
    if (until < nowMs || shelf.size > perStore) shelf.delete(revision)
  }
}

export function shelved(store: ObjectStore, revision: number, nowMs: number): Snapshot | undefined {
  const found = shelves.get(store)?.get(revision)
  return found === undefined || found.until < nowMs ? undefined : found.snapshot
}
