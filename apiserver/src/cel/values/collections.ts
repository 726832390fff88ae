/** Lists, maps and optionals. Both are read-only to an expression and may read their elements lazily. */
import { CelError } from '../runtime/errors.ts'
import { CelUint, type Duration, type OpaqueValue, type Timestamp, type TypeValue } from './scalars.ts'

export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | CelUint
  | Timestamp
  | Duration
  | TypeValue
  | OpaqueValue
  | OptionalValue
  | ListValue
  | MapValue

export abstract class ListValue {
  abstract readonly size: number
  /** Undefined outside of the list. */
  abstract get(index: number): Value | undefined
  /** 'set': order does not matter to equality, and `+` adds what is missing (x-kubernetes-list-type). */
  readonly semantics: ListSemantics | undefined

  constructor(semantics?: ListSemantics) {
    this.semantics = semantics
  }

  *[Symbol.iterator](): IterableIterator<Value> {
    for (let i = 0; i < this.size; i++) yield this.get(i) as Value
  }
}

export type ListSemantics = { readonly kind: 'set' } | { readonly kind: 'map'; readonly keys: readonly string[] }

export class ArrayList extends ListValue {
  readonly items: readonly Value[]
  constructor(items: readonly Value[]) {
    super()
    this.items = items
  }
  get size(): number {
    return this.items.length
  }
  get(index: number): Value | undefined {
    return this.items[index]
  }
}

/** What folds collect into: `accumulator + [x]` appends in place, so that a fold over n elements costs n. */
export class GrowingList extends ListValue {
  readonly items: Value[] = []
  get size(): number {
    return this.items.length
  }
  get(index: number): Value | undefined {
    return this.items[index]
  }
}

/** What keys compare by: 1, 1u and 1.0 are one key. */
export type MapKey = string | boolean | bigint

/** Undefined for what cannot be a key of any map. */
export function mapKey(value: Value): MapKey | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'bigint':
      return value
    case 'number':
      return Number.isInteger(value) ? BigInt(value) : undefined
    default:
      return value instanceof CelUint ? value.value : undefined
  }
}

export abstract class MapValue {
  abstract readonly size: number
  abstract get(key: MapKey): Value | undefined
  abstract keys(): Iterable<Value>
  has(key: MapKey): boolean {
    return this.get(key) !== undefined
  }
  /** The name of the object's type; undefined for maps. */
  readonly typeName: string | undefined = undefined
}

export class EntryMap extends MapValue {
  readonly #entries = new Map<MapKey, readonly [Value, Value]>()

  constructor(entries: Iterable<readonly [Value, Value]> = []) {
    super()
    for (const [key, value] of entries) this.#add(key, value)
  }
  #add(key: Value, value: Value): void {
    const normal = mapKey(key)
    if (normal === undefined || typeof key === 'number') throw new CelError('unsupported key type')
    if (this.#entries.has(normal)) throw new CelError('Failed with repeated key')
    this.#entries.set(normal, [key, value])
  }
  get size(): number {
    return this.#entries.size
  }
  get(key: MapKey): Value | undefined {
    return this.#entries.get(key)?.[1]
  }
  override has(key: MapKey): boolean {
    return this.#entries.has(key)
  }
  *keys(): Iterable<Value> {
    for (const [key] of this.#entries.values()) yield key
  }
  /** Only for the map a fold collects into, which nothing else can see. */
  insert(key: Value, value: Value): this {
    const normal = mapKey(key)
    if (normal !== undefined && this.#entries.has(normal)) {
      throw new CelError(`insert failed: key ${typeof key === 'string' ? key : String(normal)} already exists`)
    }
    this.#add(key, value)
    return this
  }
}

/** An object that an expression made: `Name{field: value}`. */
export class StructValue extends EntryMap {
  override readonly typeName: string
  constructor(typeName: string, fields: Iterable<readonly [string, Value]>) {
    super(fields)
    this.typeName = typeName
  }
}

export class OptionalValue {
  static readonly none = new OptionalValue(undefined)
  readonly value: Value | undefined
  constructor(value: Value | undefined) {
    this.value = value
  }
  static of(value: Value | undefined): OptionalValue {
    return value === undefined ? OptionalValue.none : new OptionalValue(value)
  }
}
