import type { StorageClock, StorageLog } from '../log.ts'
import { StorageError, type Revision } from '../storage.ts'
import {
  putCompaction,
  readCompaction,
  readHead,
  readRecord,
  readRevision,
  reasonOf,
  type EmbeddedDatabase,
} from './database.ts'
import type { Committer } from './committer.ts'

/** How much history is kept: all of the last minutes, and of the time before that as much as both other bounds allow. */
export interface HistoryPolicy {
  /** However many commits there are, this much stays. Default five minutes (etcd under the original keeps five to ten). */
  keepAtLeastMs: number
  /** Nothing older than this stays. Default one hour. */
  keepMs: number
  /** Of what is older than `keepAtLeastMs`, no more commits than this in all. Default 100,000. */
  keepRevisions: number
  /** How often to look. Default five minutes. */
  everyMs: number
}

export const defaultHistory: HistoryPolicy = {
  keepAtLeastMs: 300_000,
  keepMs: 3_600_000,
  keepRevisions: 100_000,
  everyMs: 300_000,
}

const sweepChunk = 1000

/** Moves the oldest readable revision up to `before` and then drops what no read can reach any more. */
export async function compact(database: EmbeddedDatabase, committer: Committer, before: Revision): Promise<void> {
  const newest = readRevision(database)
  if (before > newest)
    throw new StorageError('future', `revision ${before} is not reached yet, the newest is ${newest}`)
  await committer.keepHouse(() => {
    const state = readCompaction(database)
    if (before > state.oldest) forget(putCompaction(database, { ...state, oldest: before }))
  })
  let unfinished = true
  while (unfinished) {
    await committer.keepHouse(() => {
      unfinished = sweep(database)
    })
  }
}

/** One bounded step; every record up to `oldest` that was replaced by then goes, and so do deletions. True: more to do. */
function sweep(database: EmbeddedDatabase): boolean {
  const { oldest, swept } = readCompaction(database)
  if (swept >= oldest) return false
  const until = Math.min(oldest, swept + sweepChunk)
  for (const revision of database.records.getKeys({ start: swept + 1, end: until + 1, snapshot: false })) {
    const record = readRecord(database, revision)
    if (record === undefined) continue
    if (record.previous > 0) forget(database.records.remove(record.previous))
    if (record.type === 'put') continue
    forget(database.records.remove(revision))
    if (readHead(database, record.key)?.revision === revision) forget(database.heads.remove(record.key))
  }
  forget(putCompaction(database, { oldest, swept: until }))
  return until < oldest
}

/** The transaction as a whole is what is awaited. */
function forget(promise: Promise<unknown>): void {
  promise.catch(() => undefined)
}

/** The newest revision committed at or before the time: commits carry their time, so halving finds it. */
export function revisionAtTime(database: EmbeddedDatabase, timeMs: number): Revision {
  let low = readCompaction(database).oldest
  let high = readRevision(database)
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    const next = firstRecordFrom(database, middle)
    if (next !== undefined && next.revision <= high && next.timeMs <= timeMs) low = next.revision
    else high = middle - 1
  }
  return low
}

function firstRecordFrom(
  database: EmbeddedDatabase,
  from: Revision,
): { revision: Revision; timeMs: number } | undefined {
  for (const revision of database.records.getKeys({ start: from, limit: 1, snapshot: false })) {
    return { revision, timeMs: readRecord(database, revision)?.timeMs ?? 0 }
  }
  return undefined
}

/** Compacts by policy until stopped. */
export function startCompaction(options: {
  database: EmbeddedDatabase
  committer: Committer
  policy: HistoryPolicy
  clock: StorageClock
  log: StorageLog
}): { stop(): Promise<void> } {
  const { database, committer, policy, clock, log } = options
  let cancel = (): void => undefined
  let running: Promise<void> | undefined
  const round = async (): Promise<void> => {
    const newest = readRevision(database)
    const now = clock.now()
    const byAge = revisionAtTime(database, now - policy.keepMs)
    const byLength = Math.min(newest - policy.keepRevisions, revisionAtTime(database, now - policy.keepAtLeastMs))
    const target = Math.max(byAge, byLength)
    const { oldest, swept } = readCompaction(database)
    if (target > oldest || swept < oldest) await compact(database, committer, Math.max(target, oldest))
  }
  const schedule = (): void => {
    cancel = clock.after(policy.everyMs, () => {
      running = round()
        .catch((error: unknown) => log.warn('compacting the store failed', { error: reasonOf(error) }))
        .finally(schedule)
    })
  }
  schedule()
  return {
    async stop() {
      cancel()
      await running
      cancel()
    },
  }
}
