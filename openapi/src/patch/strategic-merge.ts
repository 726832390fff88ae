import { badRequest, type ApiError } from '../meta/status.ts'
import type { PatchStrategy, Schema } from '../schema/schema.ts'
import { cloneJson, getOwn, goPrint, isObject, setOwn, type JsonObject } from './json.ts'
import { parseJson } from '../wire/json.ts'
import { patchObject } from './merge-patch.ts'
import {
  checkOrder,
  inOrder,
  itemsToDelete,
  mergeScalars,
  orderAfterDeletes,
  orderProblem,
  samePlace,
  withoutScalars,
} from './strategic-lists.ts'

/**
 * Strategic merge patches: objects merge, lists merge by the key that their kind declares, and directives say
 * otherwise. Source: the API reference, "Strategic merge patch"; recorded answers of a 1.36 API server.
 */
const patchDirective = '$patch'
const retainKeysDirective = '$retainKeys'
const orderPrefix = '$setElementOrder/'
const deletePrefix = '$deleteFromPrimitiveList/'

/** Reads a patch's text. Throws ApiError 400. */
export function parseStrategicPatch(text: string): JsonObject {
  // Nothing at all changes nothing.
  return patchObject(parseJson(text), '') ?? {}
}

/** The patched copy of `live`, which must be of the kind that `schema` describes. Throws ApiError 400. */
export function applyStrategicPatch(schema: Schema, live: JsonObject, patch: JsonObject): JsonObject {
  return mergeMap(live, patch, schema)
}

const unknownDirective = (directive: unknown, map: JsonObject): ApiError =>
  badRequest(`unknown patch type: ${goPrint(directive)} in map: ${goPrint(map)}`)
const noMergeKey = (map: JsonObject, key: string): ApiError =>
  badRequest(`map: ${goPrint(map)} does not contain declared merge key: ${key}`)

interface FieldRule {
  schema: Schema | undefined
  strategies: readonly PatchStrategy[]
  mergeKey: string
}
const noRule: FieldRule = { schema: undefined, strategies: [], mergeKey: '' }

function ruleOf(schema: Schema | undefined, key: string): FieldRule {
  if (schema?.kind === 'struct') {
    const field = schema.fields.get(key)
    return field === undefined
      ? noRule
      : { schema: field.schema, strategies: field.patchStrategies, mergeKey: field.patchMergeKey }
  }
  return schema?.kind === 'map' ? { ...noRule, schema: schema.values } : noRule
}

const itemSchema = (schema: Schema | undefined): Schema | undefined =>
  schema?.kind === 'list' ? schema.items : undefined

function mergeMap(original: JsonObject, given: JsonObject, schema: Schema | undefined): JsonObject {
  const directive = getOwn(given, patchDirective)
  if (directive !== undefined) {
    if (directive === 'delete') return {}
    const { [patchDirective]: _, ...rest } = given
    if (directive === 'replace') return fresh(rest) as JsonObject
    throw unknownDirective(directive, given)
  }
  const result = retained(original, given)
  const ordered = mergeOrderedLists(result, given, schema)
  for (const key of Object.keys(given)) {
    if (key === retainKeysDirective || key.startsWith(orderPrefix) || ordered.has(key)) continue
    const deletes = key.startsWith(deletePrefix)
    mergeField(result, deletes ? key.slice(deletePrefix.length) : key, given[key], schema, deletes)
  }
  return result
}

function mergeField(
  result: JsonObject,
  key: string,
  given: unknown,
  schema: Schema | undefined,
  deletes: boolean,
): void {
  if (given === undefined) return
  const current = getOwn(result, key)
  if (given === null) {
    if (!deletes) Reflect.deleteProperty(result, key)
  } else if (Array.isArray(current) && Array.isArray(given)) {
    setOwn(result, key, mergeList(current, given, ruleOf(schema, key), deletes))
  } else if (deletes) {
    // Nothing to delete from.
  } else if (isObject(current) && isObject(given)) {
    const rule = ruleOf(schema, key)
    setOwn(result, key, rule.strategies.includes('replace') ? fresh(given) : mergeMap(current, given, rule.schema))
  } else setOwn(result, key, fresh(given))
}

/** A copy of the original; `$retainKeys` drops what it does not name. */
function retained(original: JsonObject, given: JsonObject): JsonObject {
  const copy = cloneJson(original)
  const keys = getOwn(given, retainKeysDirective)
  if (keys === undefined) return copy
  const problem = badRequest('invalid patch format of retainKeys')
  if (!Array.isArray(keys)) throw problem
  const named = new Set<unknown>(keys)
  for (const key of Object.keys(given)) {
    if (key !== retainKeysDirective && !key.startsWith(orderPrefix) && !key.startsWith(deletePrefix) && !named.has(key))
      throw problem
  }
  for (const key of Object.keys(copy)) if (!named.has(key)) Reflect.deleteProperty(copy, key)
  return copy
}

/** Lists with a `$setElementOrder`; returns the keys that need no more merging. */
function mergeOrderedLists(result: JsonObject, given: JsonObject, schema: Schema | undefined): Set<string> {
  const done = new Set<string>()
  for (const directive of Object.keys(given)) {
    if (!directive.startsWith(orderPrefix)) continue
    const key = directive.slice(orderPrefix.length)
    const order = given[directive]
    const patch = getOwn(given, key)
    const current = getOwn(result, key)
    const rule = ruleOf(schema, key)
    if (!Array.isArray(order) || (patch !== undefined && patch !== null && !Array.isArray(patch))) throw orderProblem()
    if (Array.isArray(patch)) checkOrder(patch, order, rule.mergeKey)
    const live = Array.isArray(current) ? current : undefined
    let merged: unknown[]
    if (patch === null) continue
    else if (live === undefined && patch === undefined) continue
    else if (patch === undefined) merged = live ?? []
    else merged = live === undefined ? (fresh(patch) as unknown[]) : mergeList(live, patch, rule, false)
    const before = Array.isArray(patch) ? orderAfterDeletes(live ?? [], patch, rule.mergeKey) : (live ?? [])
    setOwn(result, key, inOrder(merged, order, before, rule.mergeKey))
    done.add(key)
  }
  return done
}

function mergeList(original: unknown[], patch: unknown[], rule: FieldRule, deletes: boolean): unknown[] {
  if (!rule.strategies.includes('merge')) return deletes ? withoutScalars(original, patch) : (fresh(patch) as unknown[])
  if (original.length === 0 && patch.length === 0) return original
  const maps = [...original, ...patch].filter(isObject).length
  if (maps === 0) {
    if ([...original, ...patch].some(Array.isArray)) throw badRequest('lists of lists are not supported')
    if (deletes) return withoutScalars(original, patch)
    return inOrder(mergeScalars(original, patch), patch, original, '')
  }
  if (maps !== original.length + patch.length) throw badRequest('list element types are not identical')
  return mergeMaps(original as JsonObject[], patch as JsonObject[], rule)
}

function mergeMaps(original: JsonObject[], patch: JsonObject[], rule: FieldRule): unknown[] {
  const key = rule.mergeKey
  if (key === '') throw badRequest('cannot merge lists without merge key')
  const plain: JsonObject[] = []
  let merged = original
  let replace = false
  for (const item of patch) {
    const directive = getOwn(item, patchDirective)
    if (directive === undefined) plain.push(item)
    else if (directive === 'replace') replace = true
    else if (directive === 'delete') {
      if (getOwn(item, key) === undefined) throw noMergeKey(item, key)
      merged = merged.filter((old) => !samePlace(old, item, key))
    } else if (directive === 'merge') throw badRequest('merging lists cannot yet be specified in the patch')
    else throw unknownDirective(directive, item)
  }
  if (replace) return fresh(plain) as unknown[]
  const result: unknown[] = [...merged]
  for (const item of plain) {
    if (getOwn(item, key) === undefined) throw noMergeKey(item, key)
    const at = result.findIndex((old) => samePlace(old, item, key))
    if (at < 0) result.push(fresh(item))
    else result[at] = mergeMap(result[at] as JsonObject, item, itemSchema(rule.schema))
  }
  return inOrder(result, plain, original, key)
}

/** A value that meets nothing to merge with: a copy without directives and nulls. */
function fresh(value: unknown): unknown {
  if (Array.isArray(value)) return itemsToDelete(value).kept.map(fresh)
  if (!isObject(value)) return value
  const copy: JsonObject = {}
  for (const key of Object.keys(value)) {
    const directive =
      key === patchDirective ||
      key === retainKeysDirective ||
      key.startsWith(orderPrefix) ||
      key.startsWith(deletePrefix)
    if (!directive && value[key] !== null) setOwn(copy, key, fresh(value[key]))
  }
  return copy
}
