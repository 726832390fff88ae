import type { ListSchema, Schema, StructSchema } from '../schema/schema.ts'
import { getOwn, isObject, type JsonObject } from './json.ts'
import { keyElement } from './field-set.ts'

/**
 * How server-side apply sees a value: a leaf that one manager owns as a whole, a map whose members are owned one by
 * one, or a list whose items are. It follows from the schema, and for values of any kind from the value.
 */
export type Shape =
  | { readonly kind: 'leaf' }
  | { readonly kind: 'map'; readonly struct: StructSchema | undefined; readonly values: Schema | undefined }
  | { readonly kind: 'list'; readonly list: ListSchema }

const leaf: Shape = { kind: 'leaf' }
const anyMap: Shape = { kind: 'map', struct: undefined, values: undefined }

/** `atomic` is the field's own word, which goes before the schema's. An undefined schema is that of any value. */
export function shapeOf(schema: Schema | undefined, atomic: boolean | undefined, value: unknown): Shape {
  const isAny = schema === undefined || (schema.kind === 'any' && schema.deduced === true)
  if (isAny) return isObject(value) ? anyMap : leaf
  switch (schema.kind) {
    case 'struct':
      return (atomic ?? schema.atomic) ? leaf : { kind: 'map', struct: schema, values: undefined }
    case 'map':
      return (atomic ?? schema.atomic) ? leaf : { kind: 'map', struct: undefined, values: schema.values }
    case 'list':
      return schema.listType === 'atomic' ? leaf : { kind: 'list', list: schema }
    case 'either':
      return isObject(value) ? shapeOf(schema.struct, undefined, value) : leaf
    default:
      return leaf
  }
}

export interface MemberRule {
  schema: Schema | undefined
  atomic: boolean | undefined
  /** Whether the struct declares it; keys of maps are not declared. */
  declared: boolean
}

/** The rule for a member of a shape of kind 'map'. */
export function memberRule(struct: StructSchema | undefined, values: Schema | undefined, name: string): MemberRule {
  const field = struct?.fields.get(name)
  if (field === undefined) return { schema: values, atomic: undefined, declared: false }
  // Lists and values of any kind have no other word than their schema's.
  const own = field.schema.kind === 'struct' || field.schema.kind === 'map' ? field.atomic : undefined
  return { schema: field.schema, atomic: own, declared: true }
}

/** Why an item has no place in an associative list. */
export class ListItemError extends Error {}

/** What identifies an item among its list's. Throws {@link ListItemError}. */
export function itemElement(list: ListSchema, item: unknown): string {
  if (list.listType === 'set') {
    if (item === null || item === undefined)
      throw new ListItemError("associative list without keys has an element that's an explicit null")
    if (typeof item === 'object')
      throw new ListItemError(
        `associative list without keys has an element that's a ${Array.isArray(item) ? 'list' : 'map'} type`,
      )
    return `v:${JSON.stringify(item)}`
  }
  if (item === null || item === undefined)
    throw new ListItemError('associative list with keys may not have a null element')
  if (!isObject(item)) throw new ListItemError('associative list with keys may not have non-map elements')
  const keys: [string, unknown][] = []
  for (const name of list.mapKeys) {
    const value = getOwn(item, name) ?? keyDefault(list, name)
    if (value !== undefined) keys.push([name, value])
  }
  if (keys.length === 0)
    throw new ListItemError(
      `associative list with keys has an element that omits key field ${JSON.stringify(list.mapKeys[0] ?? '')} (and doesn't have default value)`,
    )
  return keyElement(keys)
}

/** What a key that an item leaves out stands for. */
function keyDefault(list: ListSchema, name: string): unknown {
  if (list.items.kind !== 'struct') return undefined
  const field = list.items.fields.get(name)
  if (field === undefined) return undefined
  if (field.default !== undefined) return field.default
  // Built-in kinds write the zero of what is required; custom resources have only the defaults they declare.
  if (!list.items.name.startsWith('io.k8s.')) return undefined
  const reference = list.items.name.endsWith('.LocalObjectReference') || list.items.name.endsWith('.ObjectReference')
  if (!field.required && !(reference && name === 'name')) return undefined
  switch (field.schema.kind) {
    case 'string':
      return ''
    case 'boolean':
      return false
    case 'int32':
    case 'int64':
    case 'number':
      return 0
    default:
      return undefined
  }
}

/** The items of a list by their element; what has no place or stands twice is left out. */
export function itemsByElement(list: ListSchema, items: readonly unknown[]): Map<string, unknown> {
  const found = new Map<string, unknown>()
  for (const item of items) {
    const element = tryItemElement(list, item)
    if (element !== undefined && !found.has(element)) found.set(element, item)
  }
  return found
}

export function tryItemElement(list: ListSchema, item: unknown): string | undefined {
  try {
    return itemElement(list, item)
  } catch (error) {
    if (error instanceof ListItemError) return undefined
    throw error
  }
}

export const isEmptyValue = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (Array.isArray(value) ? value.length === 0 : typeof value === 'object' && isEmptyObject(value as JsonObject))

function isEmptyObject(value: JsonObject): boolean {
  for (const key of Object.keys(value)) if (value[key] !== undefined) return false
  return true
}
