/** JSON as values of expressions, by the type of its schema. Nothing is converted before an expression looks at it. */
import { CelError } from '../runtime/errors.ts'
import type { CelType } from '../types/types.ts'
import { ListValue, MapValue, type ListSemantics, type MapKey, type Value } from '../values/collections.ts'
import { CelUint, Timestamp, Duration, TypeValue } from '../values/scalars.ts'
import { formatDuration, formatTimestamp, parseDuration, parseTimestamp } from '../values/time.ts'
import { typeNameOf } from '../values/type-of.ts'

type JsonObject = Readonly<Record<string, unknown>>
const isObject = (json: unknown): json is JsonObject =>
  typeof json === 'object' && json !== null && !Array.isArray(json)

/** The value of a JSON document. Without a type, whole numbers are ints. */
export function celFromJson(json: unknown, type?: CelType): Value {
  if (json === null || json === undefined) return null
  switch (type?.kind) {
    case 'int':
      if (typeof json === 'bigint') return json
      return typeof json === 'number' && Number.isInteger(json) ? BigInt(json) : untyped(json)
    case 'double':
      return typeof json === 'bigint' ? Number(json) : typeof json === 'number' ? json : untyped(json)
    case 'timestamp':
      return typeof json === 'string' ? parseTimestamp(json.includes('T') ? json : `${json}T00:00:00Z`) : untyped(json)
    case 'duration':
      return typeof json === 'string' ? parseDuration(json) : untyped(json)
    case 'bytes':
      return typeof json === 'string' ? new Uint8Array(Buffer.from(json, 'base64')) : untyped(json)
    case 'list':
      return Array.isArray(json) ? new JsonList(json as unknown[], type) : untyped(json)
    case 'map':
      return isObject(json) ? new JsonMap(json, type.params[1]) : untyped(json)
    case 'object':
      return isObject(json) ? new JsonStructure(json, type) : untyped(json)
    default:
      return untyped(json)
  }
}

function untyped(json: unknown): Value {
  switch (typeof json) {
    case 'string':
    case 'boolean':
    case 'bigint':
      return json
    case 'number':
      return Number.isInteger(json) ? BigInt(json) : json
  }
  if (Array.isArray(json)) return new JsonList(json as unknown[])
  if (isObject(json)) return new JsonMap(json)
  return null
}

function semanticsOf(type: CelType | undefined): ListSemantics | undefined {
  if (type?.listType === 'set') return { kind: 'set' }
  return type?.listType === 'map' ? { kind: 'map', keys: type.listMapKeys ?? [] } : undefined
}

class JsonList extends ListValue {
  readonly #items: readonly unknown[]
  readonly #element: CelType | undefined

  constructor(items: readonly unknown[], type?: CelType) {
    super(semanticsOf(type))
    this.#items = items
    this.#element = type?.params[0]
  }
  get size(): number {
    return this.#items.length
  }
  get(index: number): Value | undefined {
    return index < this.#items.length ? celFromJson(this.#items[index], this.#element) : undefined
  }
}

class JsonMap extends MapValue {
  readonly #json: JsonObject
  readonly #type: CelType | undefined

  constructor(json: JsonObject, type?: CelType) {
    super()
    this.#json = json
    this.#type = type
  }
  get size(): number {
    return Object.keys(this.#json).length
  }
  get(key: MapKey): Value | undefined {
    if (typeof key !== 'string' || !Object.hasOwn(this.#json, key)) return undefined
    return celFromJson(this.#json[key], this.#type)
  }
  override has(key: MapKey): boolean {
    return typeof key === 'string' && Object.hasOwn(this.#json, key)
  }
  keys(): Iterable<Value> {
    return Object.keys(this.#json)
  }
}

/** An object of declared fields; what is not declared cannot be seen. */
class JsonStructure extends MapValue {
  readonly #json: JsonObject
  readonly #type: CelType
  override readonly typeName: string

  constructor(json: JsonObject, type: CelType) {
    super()
    this.#json = json
    this.#type = type
    this.typeName = type.name
  }
  get size(): number {
    return [...this.keys()].length
  }
  get(key: MapKey): Value | undefined {
    const field = typeof key === 'string' ? this.#type.fields?.get(key) : undefined
    if (!field || !Object.hasOwn(this.#json, field.jsonName)) return undefined
    return celFromJson(this.#json[field.jsonName], field.type)
  }
  override has(key: MapKey): boolean {
    const field = typeof key === 'string' ? this.#type.fields?.get(key) : undefined
    return field !== undefined && Object.hasOwn(this.#json, field.jsonName)
  }
  *keys(): Iterable<Value> {
    for (const name of this.#type.fields?.keys() ?? []) if (this.has(name)) yield name
  }
}

/** A value as JSON: what mutations and audit annotations need. */
export function jsonFromCel(value: Value): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number')
    return value
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof CelUint) return Number(value.value)
  if (value instanceof ListValue) return [...value].map(jsonFromCel)
  if (value instanceof MapValue) {
    const entries = [...value.keys()].map((key) => {
      if (typeof key !== 'string') throw new CelError(`JSON has no keys of type ${typeNameOf(key)}`)
      return [key, jsonFromCel(value.get(key) ?? null)] as const
    })
    return Object.fromEntries(entries)
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof Timestamp) return formatTimestamp(value)
  if (value instanceof Duration) return formatDuration(value)
  if (value instanceof TypeValue) return value.name
  throw new CelError(`JSON has no values of type ${typeNameOf(value)}`)
}
