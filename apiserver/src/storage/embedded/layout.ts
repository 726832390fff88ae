import type { Revision } from '../storage.ts'

/**
 * How the embedded store lays its data out in LMDB. Four tables:
 * - `records`: revision → what that commit wrote (type, key, value, and the revision the key had before). It is both
 *   the value store and the log: reading it forwards is the watch, following `previous` backwards is history.
 * - `heads`: key → revision of its newest record, and whether the key is alive.
 * - `expiries`: [time, revision] → key, for values with a time to live.
 * - `meta`: the newest revision (as the row's LMDB version, so that a commit can be conditional on it) and how far
 *   history was compacted.
 */
export interface LogRecord {
  type: 'put' | 'delete'
  key: string
  value: Uint8Array
  /** Revision of this key's record before this one; 0 when there was none. */
  previous: Revision
  /** Commit time, milliseconds since 1970. */
  timeMs: number
  /** When the value expires, milliseconds since 1970; 0 for never. */
  expiresAtMs: number
}

export interface Head {
  revision: Revision
  alive: boolean
}

const headerBytes = 28
const formatVersion = 1

export function encodeRecord(record: LogRecord): Buffer {
  const keyBytes = Buffer.byteLength(record.key)
  const out = Buffer.allocUnsafe(headerBytes + keyBytes + record.value.length)
  out[0] = formatVersion
  out[1] = record.type === 'put' ? 1 : 2
  out.writeUInt16BE(keyBytes, 2)
  out.writeDoubleBE(record.previous, 4)
  out.writeDoubleBE(record.timeMs, 12)
  out.writeDoubleBE(record.expiresAtMs, 20)
  out.write(record.key, headerBytes, 'utf8')
  out.set(record.value, headerBytes + keyBytes)
  return out
}

/** The record's value is a view into `bytes`: they must not be reused. */
export function decodeRecord(bytes: Buffer): LogRecord {
  if (bytes[0] !== formatVersion) {
    throw new Error(`unknown record format ${bytes[0]}: the data was written by a newer version`)
  }
  const valueAt = headerBytes + bytes.readUInt16BE(2)
  return {
    type: bytes[1] === 1 ? 'put' : 'delete',
    key: bytes.toString('utf8', headerBytes, valueAt),
    value: bytes.subarray(valueAt),
    previous: bytes.readDoubleBE(4),
    timeMs: bytes.readDoubleBE(12),
    expiresAtMs: bytes.readDoubleBE(20),
  }
}

export function encodeHead(head: Head): Buffer {
  const out = Buffer.allocUnsafe(9)
  out.writeDoubleBE(head.revision, 0)
  out[8] = head.alive ? 1 : 0
  return out
}

export function decodeHead(bytes: Buffer): Head {
  return { revision: bytes.readDoubleBE(0), alive: bytes[8] === 1 }
}

/** LMDB's limit is 1,978 bytes with its own framing; keys here stay clear of it. */
export const maxKeyBytes = 1800
/** Larger values are refused, as etcd refuses requests over 1.5 MiB by default; the API's own body limit is 3 MiB. */
export const maxValueBytes = 4 * 1024 * 1024
