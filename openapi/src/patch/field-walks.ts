import type { ListSchema, Schema, StructSchema } from '../schema/schema.ts'
import { fieldElement, FieldSet } from './field-set.ts'
import { equalJson, getOwn, isObject, setOwn, type JsonObject } from './json.ts'
import { isEmptyValue, itemsByElement, memberRule, shapeOf, tryItemElement, type Shape } from './merge-shape.ts'

/**
 * The walks over objects that server-side apply is made of: which fields an object sets, what differs between two, and
 * an object without some fields. Values must be plain JSON of the schema's kind.
 */

/** The fields an object sets: what applying it owns. */
export function fieldsOf(schema: Schema, value: unknown): FieldSet {
  const set = new FieldSet()
  collect(schema, undefined, value, set, undefined)
  return set
}

/** Adds the fields of `value`, which stands at `element` of `parent`. */
function collect(
  schema: Schema | undefined,
  atomic: boolean | undefined,
  value: unknown,
  parent: FieldSet,
  element: string | undefined,
): void {
  const shape = shapeOf(schema, atomic, value)
  const below = (): FieldSet => (element === undefined ? parent : parent.childToFill(element))
  if (shape.kind === 'map' && isObject(value)) {
    for (const name of Object.keys(value)) {
      const member = value[name]
      if (member === undefined) continue
      const rule = memberRule(shape.struct, shape.values, name)
      const set = below()
      collect(rule.schema, rule.atomic, member, set, fieldElement(name))
      if (!rule.declared || (isEmptyValue(member) && !Array.isArray(member))) set.members.add(fieldElement(name))
    }
  } else if (shape.kind === 'list' && Array.isArray(value)) {
    for (const item of value) {
      const name = tryItemElement(shape.list, item)
      if (name === undefined) continue
      const set = below()
      collect(shape.list.items, undefined, item, set, name)
      set.members.add(name)
    }
  } else if (element !== undefined) parent.members.add(element)
}

export interface Comparison {
  added: FieldSet
  modified: FieldSet
  removed: FieldSet
}

/** What differs between two objects of a kind. */
export function compareObjects(schema: Schema, before: unknown, after: unknown): Comparison {
  const walk = new Comparing()
  walk.value(schema, undefined, before, after)
  return walk.result
}

class Comparing {
  readonly result: Comparison = { added: new FieldSet(), modified: new FieldSet(), removed: new FieldSet() }
  readonly #path: string[] = []

  value(schema: Schema | undefined, atomic: boolean | undefined, before: unknown, after: unknown): void {
    if (before === after) return
    if (isScalar(before) || isScalar(after)) return this.#leaf(before, after)
    // Null is an empty map or list where the other is one.
    const shape = shapeOf(schema, atomic, after ?? before)
    const same = shape.kind === shapeOf(schema, atomic, before ?? after).kind
    if (!same || shape.kind === 'leaf' || (isEmptyValue(before) && isEmptyValue(after))) this.#leaf(before, after)
    // Most of an object is as it was, and finding that out is cheaper than walking it.
    else if (equalJson(before, after)) return
    else if (shape.kind === 'map') this.#map(shape.struct, shape.values, before, after)
    else this.#list(shape.list, before, after)
  }

  #leaf(before: unknown, after: unknown): void {
    if (!equalJson(before, after)) this.result.modified.insert(this.#path)
  }

  /** A member or item and all below it. */
  #member(
    element: string,
    schema: Schema | undefined,
    atomic: boolean | undefined,
    before: unknown,
    after: unknown,
  ): void {
    if (before === undefined) return collectAll(schema, atomic, after, this.#here(this.result.added), element)
    if (after === undefined) return collectAll(schema, atomic, before, this.#here(this.result.removed), element)
    this.#path.push(element)
    this.value(schema, atomic, before, after)
    this.#path.pop()
  }

  /** The part of a set that is about the place of the walk. */
  #here(set: FieldSet): FieldSet {
    return set.at(this.#path)
  }

  #map(struct: StructSchema | undefined, values: Schema | undefined, before: unknown, after: unknown): void {
    const left: JsonObject = isObject(before) ? before : {}
    const right: JsonObject = isObject(after) ? after : {}
    for (const name of Object.keys(left)) {
      const [old, next] = [left[name], getOwn(right, name)]
      if (old === undefined || old === next) continue
      const rule = memberRule(struct, values, name)
      this.#member(fieldElement(name), rule.schema, rule.atomic, old, next)
    }
    for (const name of Object.keys(right)) {
      if (right[name] === undefined || getOwn(left, name) !== undefined) continue
      const rule = memberRule(struct, values, name)
      this.#member(fieldElement(name), rule.schema, rule.atomic, undefined, right[name])
    }
  }

  #list(list: ListSchema, before: unknown, after: unknown): void {
    const left = itemsByElement(list, Array.isArray(before) ? before : [])
    const right = itemsByElement(list, Array.isArray(after) ? after : [])
    for (const [element, item] of left) this.#member(element, list.items, undefined, item, right.get(element))
    for (const [element, item] of right)
      if (!left.has(element)) this.#member(element, list.items, undefined, undefined, item)
  }
}

const isScalar = (value: unknown): boolean => typeof value !== 'object'

/** Adds a value that is wholly there or wholly gone: itself, and everything below that can be owned. */
function collectAll(
  schema: Schema | undefined,
  atomic: boolean | undefined,
  value: unknown,
  parent: FieldSet,
  element: string,
): void {
  parent.members.add(element)
  if (isScalar(value) || value === null) return
  const shape = shapeOf(schema, atomic, value)
  if (shape.kind === 'leaf' || isEmptyValue(value)) return
  const below = parent.childToFill(element)
  if (shape.kind === 'map' && isObject(value)) {
    for (const name of Object.keys(value)) {
      if (value[name] === undefined) continue
      const rule = memberRule(shape.struct, shape.values, name)
      collectAll(rule.schema, rule.atomic, value[name], below, fieldElement(name))
    }
  } else if (shape.kind === 'list' && Array.isArray(value)) {
    for (const [name, item] of itemsByElement(shape.list, value))
      collectAll(shape.list.items, undefined, item, below, name)
  }
}

/** A copy of `value` without the fields in `gone`; a map or list that loses everything becomes null. */
export function withoutFields(schema: Schema | undefined, value: unknown, gone: FieldSet, atomic?: boolean): unknown {
  if (gone.isEmpty) return value
  const shape = shapeOf(schema, atomic, value)
  if (shape.kind === 'map' && isObject(value)) return membersWithout(shape, value, gone)
  if (shape.kind === 'list' && Array.isArray(value)) {
    const kept: unknown[] = []
    for (const item of value) {
      const element = tryItemElement(shape.list, item)
      if (element !== undefined && gone.members.has(element)) continue
      const below = element === undefined ? undefined : gone.children.get(element)
      kept.push(below === undefined ? item : withoutFields(shape.list.items, item, below))
    }
    return kept.length === 0 && value.length > 0 ? null : kept
  }
  return value
}

function membersWithout(shape: Shape & { kind: 'map' }, value: JsonObject, gone: FieldSet): JsonObject | null {
  const kept: JsonObject = {}
  let size = 0
  for (const name of Object.keys(value)) {
    const element = fieldElement(name)
    if (gone.members.has(element)) continue
    const below = gone.children.get(element)
    const rule = below === undefined ? undefined : memberRule(shape.struct, shape.values, name)
    setOwn(
      kept,
      name,
      below === undefined ? value[name] : withoutFields(rule?.schema, value[name], below, rule?.atomic),
    )
    size += 1
  }
  return size === 0 && Object.keys(value).length > 0 ? null : kept
}

/** The set with the declared fields on the way to its members as members, too. */
export function withDeclaredParents(schema: Schema | undefined, set: FieldSet): FieldSet {
  const members = new Set(set.members)
  const children = new Map<string, FieldSet>()
  for (const [element, child] of set.children) {
    let below: Schema | undefined
    if (schema?.kind === 'struct' && element.startsWith('f:')) {
      below = schema.fields.get(element.slice(2))?.schema
      if (below !== undefined) members.add(element)
    } else if (schema?.kind === 'map') below = schema.values
    else if (schema?.kind === 'list') below = schema.items
    children.set(element, withDeclaredParents(below, child))
  }
  return new FieldSet(members, children)
}
