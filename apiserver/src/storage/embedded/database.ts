import { constants } from 'node:fs'
import { access, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { open, type Database, type RootDatabase } from 'lmdb'
import { StorageError, type Revision } from '../storage.ts'
import { decodeHead, decodeRecord, type Head, type LogRecord } from './layout.ts'

const revisionRow = 'revision'
const compactedRow = 'compacted'
/** A fresh store starts at revision 1, as etcd does. */
const firstRevision = 1

/** The LMDB environment and its tables, opened; plain reads of them. Shared by processes. */
export interface EmbeddedDatabase {
  env: RootDatabase<Buffer, string>
  heads: Database<Buffer, string>
  records: Database<Buffer, number>
  expiries: Database<Buffer, number[]>
  meta: Database<Buffer, string>
  directory: string
  mapSizeBytes: number
}

export async function openDatabase(options: { directory: string; mapSizeBytes: number }): Promise<EmbeddedDatabase> {
  const { directory, mapSizeBytes } = options
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw new StorageError('unavailable', `the data directory ${directory} is not writable (${reasonOf(cause)})`, {
      cause,
    })
  }
  try {
    const env = open<Buffer, string>({
      path: join(directory, 'store.mdb'),
      encoding: 'binary',
      cache: false,
      maxDbs: 8,
      mapSize: mapSizeBytes,
      // With this off, a commit becomes visible only when it is on disk, to us and to every other process.
      overlappingSync: false,
      // Every commit of ours is one explicit batch; an implicit one around it would keep a promise of its own, whose
      // rejection on a full disk nobody could catch.
      eventTurnBatching: false,
    })
    const plain = { encoding: 'binary', cache: false } as const
    const database: EmbeddedDatabase = {
      env,
      heads: env.openDB<Buffer, string>({ name: 'heads', ...plain }),
      records: env.openDB<Buffer, number>({ name: 'records', ...plain }),
      expiries: env.openDB<Buffer, number[]>({ name: 'expiries', ...plain }),
      meta: env.openDB<Buffer, string>({ name: 'meta', useVersions: true, ...plain }),
      directory,
      mapSizeBytes,
    }
    if (database.meta.getEntry(revisionRow) === undefined) {
      await database.meta.ifNoExists(revisionRow, () => {
        void putRevision(database, firstRevision)
      })
    }
    return database
  } catch (cause) {
    if (cause instanceof StorageError) throw cause
    throw new StorageError('unavailable', `cannot open the store in ${directory} (${reasonOf(cause)})`, { cause })
  }
}

/** The newest revision in this read snapshot. */
export function readRevision(database: EmbeddedDatabase): Revision {
  return database.meta.getEntry(revisionRow)?.version ?? firstRevision
}

export function putRevision(database: EmbeddedDatabase, revision: Revision): Promise<boolean> {
  return database.meta.put(revisionRow, Buffer.alloc(1), revision)
}

/** Runs the writes queued by `writes` in one transaction, if the newest revision is still `base`; false when it is not. */
export function commitIf(database: EmbeddedDatabase, base: Revision, writes: () => void): Promise<boolean> {
  return database.meta.ifVersion(revisionRow, base, writes)
}

/** `oldest`: history is whole from here on. `swept`: records up to here have been cleaned. */
export interface CompactionState {
  oldest: Revision
  swept: Revision
}

export function readCompaction(database: EmbeddedDatabase): CompactionState {
  const row = database.meta.getBinary(compactedRow)
  return row === undefined ? { oldest: 0, swept: 0 } : { oldest: row.readDoubleBE(0), swept: row.readDoubleBE(8) }
}

export function putCompaction(database: EmbeddedDatabase, state: CompactionState): Promise<boolean> {
  const row = Buffer.allocUnsafe(16)
  row.writeDoubleBE(state.oldest, 0)
  row.writeDoubleBE(state.swept, 8)
  return database.meta.put(compactedRow, row, 1)
}

export function readHead(database: EmbeddedDatabase, key: string): Head | undefined {
  const bytes = database.heads.getBinary(key)
  return bytes === undefined ? undefined : decodeHead(bytes)
}

export function readRecord(database: EmbeddedDatabase, revision: Revision): LogRecord | undefined {
  const bytes = database.records.getBinary(revision)
  return bytes === undefined ? undefined : decodeRecord(bytes)
}

/** A failure of LMDB or the disk in the closed set of storage errors. */
export function translateError(error: unknown, directory: string): StorageError {
  if (error instanceof StorageError) return error
  const text = reasonOf(error)
  if (/MAP_FULL|ENOSPC|No space left/i.test(text)) {
    return new StorageError('full', `the store in ${directory} is full (${text}): free disk space and try again`, {
      cause: error,
    })
  }
  return new StorageError('unavailable', `the store in ${directory} failed (${text})`, { cause: error })
}

/** Not by instanceof: errors of node itself belong to another realm when the caller runs in a VM context. */
export function reasonOf(error: unknown): string {
  const { message, code } = (error ?? {}) as { message?: unknown; code?: unknown }
  if (typeof message !== 'string') return String(error)
  return typeof code === 'string' && !message.includes(code) ? `${code}: ${message}` : message
}
