import { foundName } from '../schema/problems.ts'
import { parseJson } from '../wire/json.ts'
import { parseKeepingText, WrittenNumber } from '../wire/written-number.ts'
import { badRequest } from '../meta/status.ts'
import { cloneJson, getOwn, isObject, setOwn, type JsonObject } from './json.ts'

/** JSON merge patches. Source: RFC 7396. */

/** Reads a patch's text. Throws ApiError 400. */
export function parseMergePatch(text: string, { keepsText = false } = {}): JsonObject {
  const parse = keepsText ? parseKeepingText : parseJson
  const patch = patchObject(
    parse(text, (why) => badRequest(`error decoding patch: ${why}`)),
    'error decoding patch: ',
  )
  if (patch === undefined) throw badRequest('Invalid JSON Patch')
  return patch
}

/** What a patch's text held, as an object; undefined for null. */
export function patchObject(patch: unknown, prefix: string): JsonObject | undefined {
  if (patch === null) return undefined
  if (isObject(patch) && !(patch instanceof WrittenNumber)) return patch
  const found = foundName(patch)
  throw badRequest(`${prefix}json: cannot unmarshal ${found} into Go value of type map[string]interface {}`)
}

/** The patched copy of `live`: null removes a member, objects merge, everything else replaces. */
export function applyMergePatch(live: unknown, patch: JsonObject): JsonObject {
  return merge(isObject(live) ? live : {}, patch)
}

function merge(target: JsonObject, patch: JsonObject): JsonObject {
  const result: JsonObject = {}
  for (const key of Object.keys(target)) {
    const given = getOwn(patch, key)
    const current = target[key]
    if (given === null) continue
    if (given === undefined) setOwn(result, key, cloneJson(current))
    else setOwn(result, key, isObject(current) && isObject(given) ? merge(current, given) : withoutNulls(given))
  }
  for (const key of Object.keys(patch)) {
    const given = patch[key]
    if (given != null && !Object.hasOwn(target, key)) setOwn(result, key, withoutNulls(given))
  }
  return result
}

/** A copy in which no object has members that are null. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  return isObject(value) ? merge({}, value) : value
}
