import type { ManagedFieldsEntry } from '../meta/object.ts'
import type { Schema, StructSchema } from '../schema/schema.ts'
import { WrittenNumber } from '../wire/written-number.ts'
import { getOwn, isObject, setOwn, type JsonObject } from './json.ts'
import { isEmptyValue, memberRule, shapeOf } from './merge-shape.ts'

/**
 * Objects of a kind are often created one like another: the pods of a Deployment, the events of a controller. Which
 * fields such an object sets is known from the one before, and finding out that it is such an object costs a sixth of
 * working its fields out.
 */
interface Known {
  /** The object, as it was created. */
  like: JsonObject
  /** What was made of it, and the JSON of its fields; undefined: nobody owns anything. */
  entry: ManagedFieldsEntry | undefined
  fieldsText: string
}

interface Memory {
  known: Known[]
  missesInARow: number
}

/** So many different objects of a kind are remembered, and none that is larger than this. */
const mostKnown = 3
const mostCharacters = 16 * 1024
/** Of a kind whose objects all differ only one in so many is remembered. */
const [patience, sparing] = [8, 32]

export class CreatedFields {
  readonly #memories = new WeakMap<StructSchema, Map<string, Memory>>()
  readonly #emptyObject: (schema: StructSchema) => unknown
  readonly #empty = new WeakMap<StructSchema, unknown>()

  /** `emptyObject`: what a create is compared with. */
  constructor(emptyObject: (schema: StructSchema) => unknown) {
    this.#emptyObject = emptyObject
  }

  /**
   * The entries of a new object, worked out by `make` unless one like it was seen. `resetFields` are those that a
   * create cannot set; `by` is what the entry says beside the fields.
   */
  of(
    created: { schema: StructSchema; object: object; resetFields: readonly string[] },
    by: Pick<ManagedFieldsEntry, 'manager' | 'apiVersion' | 'time'>,
    make: () => ManagedFieldsEntry[] | undefined,
  ): ManagedFieldsEntry[] | undefined {
    const { schema, object } = created
    const memory = this.#memoryOf(schema, created.resetFields)
    const empty = this.#emptyOf(schema)
    for (const { like, entry, fieldsText } of memory.known) {
      if (!setsTheSame(schema, undefined, empty, like, object)) continue
      memory.missesInARow = 0
      if (entry === undefined) return undefined
      return [{ ...entry, ...by, fieldsV1: JSON.parse(fieldsText) as object }]
    }
    const entries = make()
    const misses = (memory.missesInARow += 1)
    if ((misses <= patience || misses % sparing === 0) && (entries?.length ?? 0) <= 1) {
      const like = remembered(object, { charactersLeft: mostCharacters })
      const entry = entries?.[0]
      if (like !== undefined) {
        memory.known.unshift({ like: like as JsonObject, entry, fieldsText: JSON.stringify(entry?.fieldsV1 ?? {}) })
        memory.known.length = Math.min(memory.known.length, mostKnown)
      }
    }
    return entries
  }

  #memoryOf(schema: StructSchema, resetFields: readonly string[]): Memory {
    let ofSchema = this.#memories.get(schema)
    if (ofSchema === undefined) this.#memories.set(schema, (ofSchema = new Map<string, Memory>()))
    const key = resetFields.join()
    let memory = ofSchema.get(key)
    if (memory === undefined) ofSchema.set(key, (memory = { known: [], missesInARow: 0 }))
    return memory
  }

  #emptyOf(schema: StructSchema): unknown {
    let empty = this.#empty.get(schema)
    if (empty === undefined) this.#empty.set(schema, (empty = this.#emptyObject(schema)))
    return empty
  }
}

/** A copy to compare others with; undefined when it is too large. */
function remembered(value: unknown, bound: { charactersLeft: number }): unknown {
  if (typeof value === 'string') bound.charactersLeft -= value.length
  else bound.charactersLeft -= 8
  if (bound.charactersLeft < 0) return undefined
  if (typeof value !== 'object' || value === null || value instanceof WrittenNumber) return value
  if (Array.isArray(value)) {
    const items = value.map((item) => remembered(item, bound))
    return bound.charactersLeft < 0 ? undefined : items
  }
  const copy: JsonObject = {}
  for (const name of Object.keys(value)) {
    bound.charactersLeft -= name.length
    setOwn(copy, name, remembered((value as JsonObject)[name], bound))
    if (bound.charactersLeft < 0) return undefined
  }
  return copy
}

/**
 * Whether two values set the same fields, compared with what stands there before: the same members in the same order,
 * items known by the same keys, values of the same kinds. True only when that is certain.
 */
function setsTheSame(
  schema: Schema | undefined,
  atomic: boolean | undefined,
  before: unknown,
  a: unknown,
  b: unknown,
): boolean {
  if (typeof a !== 'object' || typeof b !== 'object') {
    if (typeof a !== typeof b) return false
    return before === undefined || typeof before === 'object' || a === b
  }
  if (a === null || b === null) return a === b
  if (a instanceof WrittenNumber || b instanceof WrittenNumber) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const shape = shapeOf(schema, atomic, b)
  if (shape.kind === 'leaf') {
    // What is owned as a whole is set, or is not.
    return isEmptyValue(a) === isEmptyValue(b) && isEmptyValue(before)
  }
  if (shape.kind === 'list') {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length || !isEmptyValue(before)) return false
    const { listType, mapKeys, items } = shape.list
    for (let i = 0; i < b.length; i++) {
      const [mine, its] = [a[i] as unknown, b[i] as unknown]
      if (listType === 'set') {
        if (mine !== its || typeof its === 'object') return false
        continue
      }
      if (!isObject(mine) || !isObject(its)) return false
      for (const name of mapKeys) if (getOwn(mine, name) !== getOwn(its, name)) return false
      if (!setsTheSame(items, undefined, undefined, mine, its)) return false
    }
    return true
  }
  if (!isObject(a) || !isObject(b)) return false
  const [names, others] = [Object.keys(b), Object.keys(a)]
  if (names.length !== others.length) return false
  for (let i = 0; i < names.length; i++) {
    const name = names[i] ?? ''
    if (others[i] !== name) return false
    const rule = memberRule(shape.struct, shape.values, name)
    const old = isObject(before) ? getOwn(before, name) : undefined
    if (!setsTheSame(rule.schema, rule.atomic, old, a[name], b[name])) return false
  }
  return true
}
