import { decodeStruct } from '../decode.ts'
import { DecodeError, pathText } from '../problems.ts'
import { objectMetaSchema } from '../registry.ts'
import {
  isEmbedded,
  isJsonObject,
  itemSchema,
  memberSchema,
  setMember,
  type JsonObject,
  type JsonSchema,
} from './json-schema.ts'

/** Deeper values are cut off; bodies that deep are refused before they come here. */
const maxDepth = 1000
const ownFields = new Set(['apiVersion', 'kind', 'metadata'])

export interface Pruned {
  object: JsonObject
  /** Paths of what was removed, in document order. */
  removed: string[]
}

/**
 * A copy of a custom resource without the fields that its schema does not specify; apiVersion, kind and metadata always
 * stay, at the top and in embedded resources. Throws DecodeError when the metadata is none.
 * Source: "Custom Resources", "Field pruning".
 */
export function pruneCustomResource(schema: JsonSchema, object: JsonObject): Pruned {
  const removed: string[] = []
  const path: (string | number)[] = []

  const prune = (at: JsonSchema | undefined, value: unknown, isResource: boolean): unknown => {
    if (typeof value !== 'object' || value === null || path.length > maxDepth) return value
    if (Array.isArray(value)) return pruneList(at, value)
    const keepsUnknown = at?.['x-kubernetes-preserve-unknown-fields'] === true
    const out: JsonObject = {}
    for (const [key, inner] of Object.entries(value)) {
      path.push(key)
      const found = at === undefined ? undefined : memberSchema(at, key)
      if (isResource && key === 'metadata') setMember(out, key, metadata(inner))
      else if (isResource && ownFields.has(key)) {
        // The server itself sees to those of the object as a whole.
        if (path.length > 1 && typeof inner !== 'string') {
          throw new DecodeError(`${pathText(path)}: Invalid value: ${JSON.stringify(inner)}: must be a string`)
        }
        setMember(out, key, inner)
      } else if (found !== undefined && found !== true) setMember(out, key, prune(found, inner, isEmbedded(found)))
      else if (found === true || keepsUnknown) setMember(out, key, inner)
      else removed.push(pathText(path))
      path.pop()
    }
    return out
  }
  /** The same metadata as of every object, pruned and checked alike. */
  const metadata = (value: unknown): unknown => {
    const { value: decoded, unknown } = decodedMetadata(value)
    removed.push(...unknown.map((inner) => `${pathText(path)}.${inner}`))
    return decoded
  }
  const decodedMetadata = (value: unknown): ReturnType<typeof decodeStruct> => {
    try {
      return decodeStruct(objectMetaSchema(), value ?? {})
    } catch (error) {
      if (path.length < 2 || !(error instanceof DecodeError)) throw error
      throw new DecodeError(`${pathText(path)}: Invalid value: ${sortedJson(value)}: ${error.message}`)
    }
  }
  const pruneList = (at: JsonSchema | undefined, list: unknown[]): unknown[] => {
    const items = at === undefined ? undefined : itemSchema(at)
    if (items === undefined && at?.['x-kubernetes-preserve-unknown-fields'] === true) return list
    return list.map((item, i) => {
      path.push(i)
      const pruned = prune(items, item, items !== undefined && isEmbedded(items))
      path.pop()
      return pruned
    })
  }
  return { object: prune(schema, object, true) as JsonObject, removed }
}

/**
 * Fills in the defaults of a schema, in place: for absent members, and for null where null is not allowed. Other nulls
 * that are not allowed are removed, unless they are kept, to be refused. Source: "Custom Resources", "Defaulting and
 * Nullable".
 */
export function defaultCustomResource(schema: JsonSchema, value: unknown, { keepNulls = false } = {}): void {
  if (Array.isArray(value)) {
    const items = itemSchema(schema)
    if (items === undefined) return
    for (let i = 0; i < value.length; i++) {
      if (value[i] === null && items.nullable !== true && items.default !== undefined) {
        value[i] = structuredClone(items.default)
      }
      defaultCustomResource(items, value[i], { keepNulls })
    }
    return
  }
  if (!isJsonObject(value)) return
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    const given = Object.hasOwn(value, key) ? value[key] : undefined
    const isMissing = given === undefined || (given === null && property.nullable !== true)
    if (!isMissing) continue
    if (property.default !== undefined) setMember(value, key, structuredClone(property.default))
    else if (given === null && !keepNulls) delete value[key]
  }
  for (const [key, inner] of Object.entries(value)) {
    const found = memberSchema(schema, key)
    if (found === undefined || found === true) continue
    const isProperty = Object.hasOwn(schema.properties ?? {}, key)
    if (inner === null && !isProperty && found.nullable !== true) {
      if (found.default !== undefined) setMember(value, key, structuredClone(found.default))
      else if (!keepNulls) delete value[key]
    }
    defaultCustomResource(found, value[key], { keepNulls })
  }
}

/** As Go writes maps: in order of their keys. */
const sortedJson = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    isJsonObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  )
