import type { Clock } from './clock.ts'

/**
 * What a controller has asked for and its cache has not shown yet. Until it has, or too long has passed, the
 * controller must not decide again on the stale cache.
 */
export interface Expectations {
  /** `key`'s controller is about to create `count` objects. Replaces what was expected before. */
  expectCreations(key: string, count: number): void
  /** … is about to delete these objects, named by their keys. Replaces what was expected before. */
  expectDeletions(key: string, objects: readonly string[]): void
  /** A creation was seen, or failed. */
  creationObserved(key: string): void
  /** A deletion was seen, or failed. */
  deletionObserved(key: string, object: string): void
  /** Nothing outstanding, nothing known, or expired. */
  satisfied(key: string): boolean
  forget(key: string): void
}

/** A watch that is late by this much has lost the event. */
const expiryMs = 5 * 60_000

export function createExpectations(clock: Clock): Expectations {
  const entries = new Map<string, { creations: number; deletions: Set<string>; sinceMs: number }>()
  const nowMs = (): number => clock.now().getTime()
  return {
    expectCreations: (key, count) =>
      void entries.set(key, { creations: count, deletions: new Set(), sinceMs: nowMs() }),
    expectDeletions: (key, objects) =>
      void entries.set(key, { creations: 0, deletions: new Set(objects), sinceMs: nowMs() }),
    creationObserved: (key) => {
      const entry = entries.get(key)
      if (entry !== undefined) entry.creations = Math.max(entry.creations - 1, 0)
    },
    deletionObserved: (key, object) => void entries.get(key)?.deletions.delete(object),
    satisfied: (key) => {
      const entry = entries.get(key)
      if (entry === undefined) return true
      const open = entry.creations > 0 || entry.deletions.size > 0
      return !open || nowMs() - entry.sinceMs > expiryMs
    },
    forget: (key) => void entries.delete(key),
  }
}
