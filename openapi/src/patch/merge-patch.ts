import { parseJson } from '../wire/json.ts'
import { badRequest, type ApiError } from '../meta/status.ts'
import { cloneJson, getOwn, isObject, setOwn, type JsonObject } from './json.ts'

/** JSON merge patches. Source: RFC 7396. */

/** Reads a patch's text. Throws ApiError 400. */
export function parseMergePatch(text: string): JsonObject {
  return parsePatchObject(text, 'error decoding patch: ', () => badRequest('Invalid JSON Patch'))
}

export function parsePatchObject(text: string, prefix: string, whenNull: () => ApiError): JsonObject {
  const patch = parseJson(text, (why) => badRequest(`${prefix}${why}`))
  if (isObject(patch)) return patch
  if (patch === null) throw whenNull()
  const found = Array.isArray(patch) ? 'array' : typeof patch === 'boolean' ? 'bool' : typeof patch
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
