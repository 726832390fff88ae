import { prefixEnd } from '../keys.ts'
import { StorageError, type Page, type Revision, type Stored, type StoredEvent } from '../storage.ts'
import { readCompaction, readHead, readRecord, readRevision, type EmbeddedDatabase } from './database.ts'
import { decodeHead, decodeRecord, type LogRecord } from './layout.ts'

/**
 * Reads of the newest state, of a past one, and of the log. Each function runs without yielding, so that all it sees
 * is one LMDB snapshot.
 */

/** @throws 'compacted' or 'future' */
export function checkReadable(database: EmbeddedDatabase, at: Revision): void {
  const { oldest } = readCompaction(database)
  if (at < oldest) throw compactedError(at, oldest)
  const newest = readRevision(database)
  if (at > newest) {
    throw new StorageError('future', `revision ${at} is not reached yet, the newest is ${newest}`)
  }
}

export function compactedError(at: Revision, oldest: Revision): StorageError {
  return new StorageError('compacted', `revision ${at} has been compacted, the oldest is ${oldest}`, { oldest })
}

/** The key's record as of `at`: follow the chain back from the newest. A record that is gone was a swept deletion. */
function recordAt(database: EmbeddedDatabase, head: Revision, at: Revision): [Revision, LogRecord] | undefined {
  for (let revision = head; revision > 0;) {
    const record = readRecord(database, revision)
    if (record === undefined) return undefined
    if (revision <= at) return record.type === 'put' ? [revision, record] : undefined
    revision = record.previous
  }
  return undefined
}

export function readKey(database: EmbeddedDatabase, key: string, at: Revision | undefined): Stored | undefined {
  if (at !== undefined) checkReadable(database, at)
  const head = readHead(database, key)
  if (head === undefined || (at === undefined && !head.alive)) return undefined
  const found = recordAt(database, head.revision, at ?? head.revision)
  return found === undefined ? undefined : { key, value: found[1].value, revision: found[0] }
}

export function readPage(
  database: EmbeddedDatabase,
  prefix: string,
  page: Page,
): { items: Stored[]; revision: Revision; more: boolean; count: number } {
  const { at, after, limit = Infinity } = page
  const newest = readRevision(database)
  if (at !== undefined) checkReadable(database, at)
  const end = prefixEnd(prefix)
  const fromAfter = after !== undefined && after >= prefix
  const range = database.heads.getRange({
    start: fromAfter ? after : prefix,
    ...(fromAfter ? { exclusiveStart: true } : {}),
    ...(end === undefined ? {} : { end }),
    snapshot: false,
  })
  const items: Stored[] = []
  let count = 0
  for (const { key, value } of range) {
    const head = decodeHead(value)
    const past = at !== undefined && head.revision > at
    if (!past && !head.alive) continue
    if (!past && items.length >= limit) {
      count += 1
      continue
    }
    const found = recordAt(database, head.revision, at ?? head.revision)
    if (found === undefined) continue
    count += 1
    if (items.length < limit) items.push({ key, value: found[1].value, revision: found[0] })
  }
  return { items, revision: at ?? newest, more: count > items.length, count }
}

/** Up to `limit` records after the revision, those under the prefix as events. `upTo`: nothing up to here is missing. */
export function readLog(
  database: EmbeddedDatabase,
  options: { prefix: string; after: Revision; until: Revision; limit: number; maxBytes: number },
): { events: StoredEvent[]; upTo: Revision } {
  const { oldest } = readCompaction(database)
  if (options.after < oldest) throw compactedError(options.after, oldest)
  const events: StoredEvent[] = []
  let seen = 0
  let bytes = 0
  let upTo = options.until
  for (const { key: revision, value } of database.records.getRange({
    start: options.after + 1,
    end: options.until + 1,
    snapshot: false,
  })) {
    if (seen >= options.limit || bytes >= options.maxBytes) break
    seen += 1
    upTo = revision
    const record = decodeRecord(value)
    if (record.key.startsWith(options.prefix)) {
      events.push(eventOf(database, revision, record))
      bytes += record.value.length
    }
  }
  // The range may end early only by a limit; when it ran out, everything up to `until` has been seen.
  if (seen < options.limit && bytes < options.maxBytes) upTo = Math.max(options.until, options.after)
  return { events, upTo }
}

export function eventOf(database: EmbeddedDatabase, revision: Revision, record: LogRecord): StoredEvent {
  return storedEvent({ revision, record, before: () => readRecord(database, record.previous) })
}

/** What was there before is read when somebody asks, and history still has it: the watch cache holds it already. */
export function storedEvent(written: {
  revision: Revision
  record: LogRecord
  before: () => LogRecord | undefined
}): StoredEvent {
  const { revision, record, before } = written
  const { type, key, value, previous } = record
  if (previous === 0) return { type, key, revision, value }
  return {
    type,
    key,
    revision,
    value,
    get previous() {
      const found = before()
      return found?.type === 'put' ? { value: found.value, revision: previous } : undefined
    },
  }
}
