import type { KubeObject } from '@kapell/openapi/meta/object'
import type { Revision } from '../storage.ts'

/**
 * Stored values carry no resourceVersion; what is served does. Values of ours begin with their type and then
 * `"metadata":{`, so the version is spliced in right there, without parsing.
 */
const apiVersionMark = Buffer.from('"apiVersion":"')
const kindMark = Buffer.from('"kind":"')
const metadataMark = Buffer.from('"metadata":{')
const quote = 0x22
const comma = 0x2c
const openBrace = 0x7b
const closeBrace = 0x7d
const newline = 0x0a

interface Spliced {
  revision: Revision
  json: Uint8Array
}

/** By the identity of the stored bytes: the writer of a value and the cache that hears of it share one encoding. */
const recent = new WeakMap<Uint8Array, Spliced>()

/** The bytes to serve for the stored bytes: `metadata.resourceVersion` set. The result is shared: never write to it. */
export function spliceResourceVersion(stored: Uint8Array, revision: Revision): Uint8Array {
  const known = recent.get(stored)
  if (known?.revision === revision) return known.json
  const json = splice(stored, revision)
  recent.set(stored, { revision, json })
  return json
}

function splice(stored: Uint8Array, revision: Revision): Uint8Array {
  const bytes = asBuffer(stored)
  const open = metadataStart(bytes)
  if (open < 0 || startsWithVersion(bytes, open)) return respell(bytes, revision)
  const field = `"resourceVersion":"${revision}"${bytes[open] === closeBrace ? '' : ','}`
  // One byte more, behind what is returned: see asLine.
  const length = bytes.length + field.length
  const out = Buffer.allocUnsafeSlow(length + 1)
  bytes.copy(out, 0, 0, open)
  out.write(field, open, 'latin1')
  bytes.copy(out, open + field.length, open)
  out[length] = newline
  return out.subarray(0, length)
}

/** The bytes with a newline after them; what was spliced has one already, and is not copied. */
export function asLine(json: Uint8Array): Uint8Array {
  if (json[json.length - 1] === newline) return json
  const { buffer, byteOffset, length } = json
  if (byteOffset === 0 && buffer.byteLength === length + 1) {
    const whole = Buffer.from(buffer, 0, length + 1)
    if (whole[length] === newline) return whole
  }
  const out = Buffer.allocUnsafe(length + 1)
  out.set(json, 0)
  out[length] = newline
  return out
}

/** Where the metadata's first field begins, when the value starts with apiVersion and kind (in either order); else -1. */
export function metadataStart(bytes: Buffer): number {
  if (bytes[0] !== openBrace) return -1
  let at = 1
  for (let fields = 0; fields < 2; fields++) {
    const mark = matches(bytes, at, kindMark)
      ? kindMark
      : matches(bytes, at, apiVersionMark)
        ? apiVersionMark
        : undefined
    if (mark === undefined) break
    at = bytes.indexOf(quote, at + mark.length) + 1
    if (at === 0 || bytes[at] !== comma) return -1
    at += 1
  }
  return matches(bytes, at, metadataMark) ? at + metadataMark.length : -1
}

const versionMark = Buffer.from('"resourceVersion":')
const startsWithVersion = (bytes: Buffer, at: number): boolean => matches(bytes, at, versionMark)

function matches(bytes: Buffer, at: number, mark: Buffer): boolean {
  return at + mark.length <= bytes.length && bytes.compare(mark, 0, mark.length, at, at + mark.length) === 0
}

/** Values of another shape. */
function respell(bytes: Buffer, revision: Revision): Uint8Array {
  const { kind, apiVersion, metadata, ...rest } = JSON.parse(bytes.toString()) as KubeObject & Record<string, unknown>
  const { resourceVersion: _before, ...kept } = metadata ?? {}
  return Buffer.from(
    JSON.stringify({ kind, apiVersion, metadata: { resourceVersion: String(revision), ...kept }, ...rest }),
  )
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
