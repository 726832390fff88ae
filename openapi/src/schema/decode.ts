import { DecodeError, foundName, pathText, typeProblem, type PlaceOfProblem, type Step } from './problems.ts'
import { decodeScalar } from './scalars.ts'
import type { EitherSchema, Field, ListSchema, MapSchema, Schema, StructSchema } from './schema.ts'
import { WrittenNumber } from '../wire/written-number.ts'
import { fieldsAlwaysWritten, isZeroScalar, zeroOf } from './zero.ts'

/** Deeper documents are refused; real ones stay far below. */
const maxDepth = 1000
/** Further unknown fields are pruned, too, but not told of. */
const maxUnknown = 100

export interface Decoded {
  /** A new object; nothing in it is shared with the input but values of kind 'any'. */
  value: Record<string, unknown>
  /** Paths of the fields that the schema does not know, in document order: "spec.volumes[0].nope". */
  unknown: string[]
  /** How many members of known structs and of maps were seen: tells whether the text had members twice. */
  members: number
}

/**
 * Reads JSON as the schema says: unknown fields are pruned, nulls dropped, what is absent is written where the API
 * always writes it. A field that the API writes as null when absent IS null in the result, lists among them.
 * Throws DecodeError when a value has the wrong type.
 */
export function decodeStruct(schema: StructSchema, json: unknown): Decoded {
  const run = new Decoding()
  const value = run.struct(schema, json)
  return { value: value as Record<string, unknown>, unknown: run.unknown, members: run.members }
}

type JsonObject = Record<string, unknown>

class Decoding {
  readonly unknown: string[] = []
  members = 0
  #path: Step[] = []
  #struct: string | undefined
  #depth = 0
  #place = (): PlaceOfProblem => ({ struct: this.#struct, path: this.#path })

  value(schema: Schema, json: unknown): unknown {
    switch (schema.kind) {
      case 'struct':
        return this.struct(schema, json)
      case 'list':
        return this.#list(schema, json)
      case 'map':
        return this.#map(schema, json)
      case 'either':
        return this.#either(schema, json)
      default:
        if (schema.kind === 'any') this.members += countMembers(json)
        return decodeScalar(schema, json, this.#place)
    }
  }

  struct(schema: StructSchema, json: unknown): unknown {
    if (json == null) return undefined
    this.#mustBeObject(schema, json)
    this.#enter()
    const outer = this.#struct
    this.#struct = schema.typeName.slice(schema.typeName.indexOf('.') + 1)
    const out: JsonObject = {}
    const fields = schema.fields
    const depth = this.#path.length
    let members = 0
    for (const key in json) {
      members++
      const field = fields.get(key)
      let value: unknown = json[key]
      if (field === undefined) {
        this.members += countMembers(value)
        if (this.unknown.length < maxUnknown) this.unknown.push(pathText([...this.#path, key]))
        continue
      }
      // Most fields are strings: those need no place to complain about.
      if (typeof value !== 'string' || field.schema.kind !== 'string') {
        this.#path[depth] = field.step ?? key
        value = this.value(field.schema, value)
        this.#path.length = depth
      }
      if (value !== undefined) {
        if (field.keepsZero || !isZeroScalar(value)) out[key] = value
      } else if (field.keepsZero && field.whenAbsent === 'omit' && Array.isArray(json[key])) out[key] = []
    }
    this.members += members
    const written = fieldsAlwaysWritten(schema)
    for (let i = 0; i < written.length; i++) {
      const field = written[i] as Field
      if (out[field.name] === undefined) {
        out[field.name] = field.whenAbsent === 'null' ? null : zeroOf(field.schema)
      }
    }
    this.#struct = outer
    this.#depth--
    return out
  }

  /** Undefined when empty: an empty list means the same as none. */
  #list(schema: ListSchema, json: unknown): unknown {
    if (json == null) return undefined
    if (!Array.isArray(json))
      throw typeProblem(foundName(json), schema.typeName, this.#place(), { value: json, kind: schema.kind })
    if (json.length === 0) return undefined
    this.#enter()
    const items = schema.items
    const out = new Array<unknown>(json.length)
    const depth = this.#path.length
    for (let i = 0; i < json.length; i++) {
      this.#path[depth] = i
      out[i] = this.value(items, json[i]) ?? zeroOf(items)
      this.#path.length = depth
    }
    this.#depth--
    return out
  }

  #map(schema: MapSchema, json: unknown): unknown {
    if (json == null) return undefined
    this.#mustBeObject(schema, json)
    this.#enter()
    const values = schema.values
    const out: JsonObject = {}
    let size = 0
    const depth = this.#path.length
    for (const key in json) {
      size++
      let value: unknown = json[key]
      if (values.kind !== 'string' || typeof value !== 'string') {
        // Keys of maps are no fields: errors about types leave them out, unknown fields below them name them.
        if (values.kind === 'struct' || values.kind === 'either') this.#path[depth] = { name: key, fields: [] }
        value = this.value(values, value) ?? (values.kind === 'bytes' ? '' : zeroOf(values))
        this.#path.length = depth
      }
      if (key === '__proto__') Object.defineProperty(out, key, { value, ...plainProperty })
      else out[key] = value
    }
    this.members += size
    this.#depth--
    return size === 0 ? undefined : out
  }

  /** Unknown fields in here are pruned but not told of: the original's own decoding of these is blind to them. */
  #either(schema: EitherSchema, json: unknown): unknown {
    if (json == null) return undefined
    if (typeof json === 'boolean' && schema.other === 'boolean') return json
    if (Array.isArray(json) && schema.other === 'strings' && json.every((item) => typeof item === 'string')) return json
    const told = this.unknown.length
    let value: unknown
    if (Array.isArray(json) && schema.other === 'list') value = json.map((item) => this.struct(schema.struct, item))
    else if (typeof json === 'object' && !Array.isArray(json)) value = this.struct(schema.struct, json)
    else throw new DecodeError('boolean or JSON schema expected')
    this.unknown.length = told
    return value
  }

  #mustBeObject(schema: Schema, json: unknown): asserts json is JsonObject {
    if (typeof json !== 'object' || Array.isArray(json) || json instanceof WrittenNumber) {
      throw typeProblem(foundName(json), schema.typeName, this.#place(), { value: json, kind: schema.kind })
    }
  }

  #enter(): void {
    if (++this.#depth > maxDepth) throw new DecodeError('json: exceeded max depth')
  }
}

const plainProperty = { enumerable: true, configurable: true, writable: true }

/** All members of all objects in a value. Bounded like everything else: what is too deep counts as nothing. */
function countMembers(json: unknown, depth = 0): number {
  if (typeof json !== 'object' || json === null || depth > maxDepth) return 0
  let count = 0
  if (Array.isArray(json)) {
    for (const item of json) count += countMembers(item, depth + 1)
    return count
  }
  for (const key in json) count += 1 + countMembers((json as JsonObject)[key], depth + 1)
  return count
}
