import type { KubeObject } from '@kapell/openapi/meta/object'
import type { StoredResource } from '../registry/resource-table.ts'

const comma = 0x2c
const brace = 0x7b
const tail = Buffer.from(']}\n')
/** A chunk of a list: worth a write, and small enough to stay in the processor's cache until it is encrypted. */
export const listChunkBytes = 256 * 1024

export interface SplicedList {
  length: number
  /** The same memory again and again: a chunk counts until the next is asked for. */
  chunks(): Iterable<Uint8Array>
}

interface Piece {
  bytes: Uint8Array
  /** How many of its first bytes the list itself tells already: the item's kind and apiVersion. */
  skip: number
}

function pieceOf(resource: StoredResource, json: Uint8Array): Piece {
  if (resource.itemsKeepKind) return { bytes: json, skip: 0 }
  const { head } = resource
  let same = json.length > head.length
  for (let i = 0; same && i < head.length; i++) same = json[i] === head[i]
  if (same) return { bytes: json, skip: head.length }
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = JSON.parse(Buffer.from(json).toString()) as KubeObject
  return { bytes: Buffer.from(JSON.stringify(rest)), skip: 0 }
}

/** A list as JSON, put together from the bytes of its items, chunk by chunk as they are asked for. */
export function spliceList(
  resource: StoredResource,
  list: { metadata: Record<string, unknown>; items: readonly Uint8Array[] },
): SplicedList {
  const { listKind: kind, apiVersion } = resource
  const opening = Buffer.from(`${JSON.stringify({ kind, apiVersion, metadata: list.metadata }).slice(0, -1)},"items":[`)
  const pieces = list.items.map((json) => pieceOf(resource, json))
  let length = opening.length + tail.length + Math.max(0, pieces.length - 1)
  let largest = opening.length
  for (const { bytes, skip } of pieces) {
    const size = skip === 0 ? bytes.length : bytes.length - skip + 1
    length += size
    if (size >= largest) largest = size + 1
  }
  return {
    length,
    chunks: () => chunksOf({ opening, pieces, size: Math.min(length, Math.max(listChunkBytes, largest)) }),
  }
}

/** Pieces put together chunk by chunk, as {@link spliceList} does it. */
export function splicePieces(pieces: readonly Uint8Array[]): SplicedList {
  let length = 0
  let largest = 0
  for (const piece of pieces) {
    length += piece.length
    if (piece.length > largest) largest = piece.length
  }
  return { length, chunks: () => chunksOfPieces(pieces, Math.min(length, Math.max(listChunkBytes, largest))) }
}

function* chunksOfPieces(pieces: readonly Uint8Array[], size: number): Iterable<Uint8Array> {
  const out = Buffer.allocUnsafeSlow(size)
  let at = 0
  for (const piece of pieces) {
    if (at + piece.length > size) {
      yield out.subarray(0, at)
      at = 0
    }
    out.set(piece, at)
    at += piece.length
  }
  if (at > 0) yield out.subarray(0, at)
}

/** `size` holds the opening, and any one piece with its comma. */
function* chunksOf(list: { opening: Buffer; pieces: readonly Piece[]; size: number }): Iterable<Uint8Array> {
  const { opening, pieces, size } = list
  // New memory for every chunk would be large enough to drive the garbage collector through the whole heap.
  const out = Buffer.allocUnsafeSlow(size)
  let at = opening.copy(out, 0)
  let first = true
  for (const { bytes, skip } of pieces) {
    const needed = (first ? 0 : 1) + (skip > 0 ? 1 : 0) + bytes.length - skip
    if (at + needed > size) {
      yield out.subarray(0, at)
      at = 0
    }
    if (!first) out[at++] = comma
    first = false
    if (skip > 0) out[at++] = brace
    out.set(skip > 0 ? bytes.subarray(skip) : bytes, at)
    at += bytes.length - skip
  }
  if (at + tail.length > size) {
    yield out.subarray(0, at)
    at = 0
  }
  at += tail.copy(out, at)
  yield out.subarray(0, at)
}
