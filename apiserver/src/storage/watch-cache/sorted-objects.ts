import { prefixEnd } from '../keys.ts'
import type { CachedObject } from './types.ts'

interface Chunk {
  /** Of the map that may change it in place. */
  epoch: number
  items: CachedObject[]
}

const maxChunk = 256

/**
 * Objects ordered by key, in chunks. A snapshot costs nothing: it takes the chunks as they are and starts a new epoch,
 * in which a change copies the one chunk it touches (and once an epoch the list of chunks). Keys are ASCII, so that
 * string order is byte order.
 */
export class SortedObjects {
  #epoch = 0
  #chunks: Chunk[] = []
  #chunksEpoch = 0
  #byKey = new Map<string, CachedObject>()

  get size(): number {
    return this.#byKey.size
  }

  get(key: string): CachedObject | undefined {
    return this.#byKey.get(key)
  }

  keys(): IterableIterator<string> {
    return this.#byKey.keys()
  }

  set(object: CachedObject): void {
    const isNew = !this.#byKey.has(object.key)
    this.#byKey.set(object.key, object)
    if (this.#chunks.length === 0) {
      this.#ownChunks().push({ epoch: this.#epoch, items: [object] })
      return
    }
    const index = Math.max(0, chunkBefore(this.#chunks, object.key))
    const { items } = this.#ownChunk(index)
    const at = lowerBound(items, object.key)
    if (!isNew) {
      items[at] = object
      return
    }
    items.splice(at, 0, object)
    if (items.length > maxChunk) {
      // Appending in order, the usual case at start-up, leaves full chunks behind.
      const half = at === items.length - 1 ? items.length - 1 : items.length >> 1
      this.#chunks.splice(index + 1, 0, { epoch: this.#epoch, items: items.splice(half) })
    }
  }

  delete(key: string): void {
    if (!this.#byKey.delete(key)) return
    const index = chunkBefore(this.#chunks, key)
    const { items } = this.#ownChunk(index)
    items.splice(lowerBound(items, key), 1)
    if (items.length === 0) this.#chunks.splice(index, 1)
  }

  snapshot(): { size: number; entries(prefix: string, after?: string): Iterable<CachedObject> } {
    const chunks = this.#chunks
    this.#epoch += 1
    return { size: this.size, entries: (prefix, after) => entriesOf(chunks, prefix, after) }
  }

  #ownChunks(): Chunk[] {
    if (this.#chunksEpoch !== this.#epoch) {
      this.#chunks = this.#chunks.slice()
      this.#chunksEpoch = this.#epoch
    }
    return this.#chunks
  }

  #ownChunk(index: number): Chunk {
    const chunks = this.#ownChunks()
    const chunk = chunks[index]
    if (chunk === undefined) throw new RangeError(`no chunk ${index}`)
    if (chunk.epoch === this.#epoch) return chunk
    const copy = { epoch: this.#epoch, items: chunk.items.slice() }
    chunks[index] = copy
    return copy
  }
}

function* entriesOf(chunks: readonly Chunk[], prefix: string, after: string | undefined): Iterable<CachedObject> {
  const end = prefixEnd(prefix)
  const exclusive = after !== undefined && after >= prefix
  const start = exclusive ? after : prefix
  for (let c = Math.max(0, chunkBefore(chunks, start)); c < chunks.length; c++) {
    const items = chunks[c]?.items ?? []
    for (let i = lowerBound(items, start); i < items.length; i++) {
      const object = items[i]
      if (object === undefined || (exclusive && object.key === start)) continue
      if (end !== undefined && object.key >= end) return
      yield object
    }
  }
}

/** The last chunk whose first key is not above the key; -1 when all are. */
function chunkBefore(chunks: readonly Chunk[], key: string): number {
  let low = 0
  let high = chunks.length
  while (low < high) {
    const middle = (low + high) >> 1
    const first = chunks[middle]?.items[0]
    if (first !== undefined && first.key <= key) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** The index of the first item whose key is not below the key. */
function lowerBound(items: readonly CachedObject[], key: string): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >> 1
    const item = items[middle]
    if (item !== undefined && item.key < key) low = middle + 1
    else high = middle
  }
  return low
}
