import { withExactIntegers } from '@kapell/openapi/wire/exact-integers'
import type { KubeObject } from '@kapell/openapi/meta/object'
import type { Revision } from '../storage.ts'
import type { Parsed, ParsedPool } from './parsed-pool.ts'
import { recentFrames, type Forgettable } from './recent-frames.ts'
import { asBuffer, metadataStart, spliceResourceVersion } from './splice.ts'
import type { CachedObject, CacheEvent } from './types.ts'

export class CachedJson implements CachedObject, Parsed {
  readonly key: string
  readonly namespace: string
  readonly name: string
  readonly revision: Revision
  readonly json: Uint8Array
  used = false
  readonly #pool: ParsedPool
  #object: KubeObject | undefined

  constructor(at: { key: string; prefix: string; revision: Revision; json: Uint8Array; pool: ParsedPool }) {
    this.key = at.key
    const slash = at.key.indexOf('/', at.prefix.length)
    this.namespace = slash < 0 ? '' : at.key.slice(at.prefix.length, slash)
    this.name = at.key.slice(slash < 0 ? at.prefix.length : slash + 1)
    this.revision = at.revision
    this.json = at.json
    this.#pool = at.pool
  }

  get sizeBytes(): number {
    return this.json.length
  }

  get object(): KubeObject {
    this.used = true
    if (this.#object !== undefined) return this.#object
    const object = this.parse()
    this.#object = object
    // The pool may make this very object forget, when it alone is over the budget.
    this.#pool.add(this)
    return object
  }

  parse(): KubeObject {
    return this.#object ?? (withExactIntegers(asBuffer(this.json).toString()) as KubeObject)
  }

  forget(): void {
    this.#object = undefined
  }
}

export class CachedEvent implements CacheEvent, Forgettable {
  readonly type: CacheEvent['type']
  readonly revision: Revision
  readonly current: CachedObject
  readonly previous?: CachedObject
  #frame: Uint8Array | undefined

  constructor(type: CacheEvent['type'], revision: Revision, current: CachedObject, previous?: CachedObject) {
    this.type = type
    this.revision = revision
    this.current = current
    if (previous !== undefined) this.previous = previous
  }

  frame(): Uint8Array {
    if (this.#frame !== undefined) return this.#frame
    const frame = encodeFrame(this.type, this.current.json)
    this.#frame = frame
    recentFrames.add(this)
    return frame
  }

  forget(): void {
    this.#frame = undefined
  }

  /** What this event keeps in memory, roughly: the bytes of an object that was replaced or deleted, and its frame for a while. */
  get sizeBytes(): number {
    return this.current.json.length * 2
  }
}

const frameHeads = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
}

/** One line of a watch stream. */
export function encodeFrame(type: CacheEvent['type'], json: Uint8Array): Uint8Array {
  const head = frameHeads[type]
  const out = Buffer.allocUnsafeSlow(head.length + json.length + 2)
  out.set(head, 0)
  out.set(json, head.length)
  out[out.length - 2] = 0x7d
  out[out.length - 1] = 0x0a
  return out
}

/** The same object with another resourceVersion: the last state of what was deleted, at its deletion. */
export function withRevision(json: Uint8Array, from: Revision, to: Revision): Uint8Array {
  const bytes = asBuffer(json)
  const open = metadataStart(bytes)
  const before = `"resourceVersion":"${from}"`
  if (open >= 0 && bytes.toString('latin1', open, open + before.length) === before) {
    const field = `"resourceVersion":"${to}"`
    return Buffer.concat([bytes.subarray(0, open), Buffer.from(field), bytes.subarray(open + before.length)])
  }
  return spliceResourceVersion(json, to)
}
