/**
 * Types from structural schemas, with the largest sizes that values can have: declared ones, or what fits into a
 * request. Source: the Kubernetes documentation, "How Kubernetes schema types map to CEL", "Resource constraints".
 */
import type { JsonSchema } from '@kapell/openapi/schema/structural/json-schema'
import { types, type CelType, type Field } from '../types/types.ts'
import { escapeFieldName } from './escape.ts'

/** Bytes of the largest request. */
const maxRequest = 3 * 1024 * 1024
/** Estimates count bytes, schemas characters. */
const bytesPerCharacter = 4
/** Deeper schemas are refused elsewhere. */
const maxDepth = 100

const dynamic = (maxSize: number): CelType => ({ ...types.dyn, maxSize, minJsonSize: 1 })
const fitting = (minJsonSize = 1): number => Math.floor((maxRequest - 2) / (minJsonSize + 1))

/** How many values of a type one request can hold, a comma between each two. */
export const mostInRequest = ({ minJsonSize = 1 }: CelType): number => Math.floor(maxRequest / (minJsonSize + 1))

/** Undefined: expressions cannot see a value of the schema. */
export function typeOfSchema(schema: JsonSchema, options: { root?: boolean; name?: string } = {}): CelType | undefined {
  return typeAt(schema, options.root ?? false, options.name ?? 'selfType', 0)
}

function typeAt(schema: JsonSchema, root: boolean, name: string, depth: number): CelType | undefined {
  if (depth > maxDepth) return undefined
  if (schema['x-kubernetes-int-or-string']) return dynamic(maxRequest - 2)
  switch (schema.type) {
    case 'array':
      return listType(schema, name, depth)
    case 'object':
      return typeof schema.additionalProperties === 'object'
        ? mapType(schema, schema.additionalProperties, name, depth)
        : objectType(schema, root || schema['x-kubernetes-embedded-resource'] === true, name, depth)
    case 'string':
      return textType(schema)
    case 'boolean':
      return { ...types.bool, minJsonSize: 4 }
    case 'number':
      return { ...types.double, minJsonSize: 1 }
    case 'integer':
      return { ...types.int, minJsonSize: 1 }
    default:
      return schema['x-kubernetes-preserve-unknown-fields'] ? dynamic(maxRequest) : undefined
  }
}

function listType(schema: JsonSchema, name: string, depth: number): CelType | undefined {
  if (schema.items === undefined || Array.isArray(schema.items)) return undefined
  const element = typeAt(schema.items, false, `${name}.@idx`, depth + 1)
  if (!element) return undefined
  const kind = schema['x-kubernetes-list-type']
  return {
    ...types.list(element),
    maxSize: schema.maxItems ?? fitting(element.minJsonSize),
    minJsonSize: 2,
    ...((kind === 'set' || kind === 'map') && { listType: kind }),
    ...(kind === 'map' && { listMapKeys: schema['x-kubernetes-list-map-keys'] ?? [] }),
  }
}

function mapType(schema: JsonSchema, values: JsonSchema, name: string, depth: number): CelType | undefined {
  const value = typeAt(values, false, `${name}.@elem`, depth + 1)
  if (!value) return undefined
  // An entry needs at least a key of two quotes and a colon.
  // Upstream's estimates take keys for empty.
  const maxSize = schema.maxProperties ?? fitting((value.minJsonSize ?? 1) + 3)
  return { ...types.map({ ...types.string, maxSize: 0 }, value), maxSize, minJsonSize: 2 }
}

const metadata: JsonSchema = {
  type: 'object',
  properties: { name: { type: 'string' }, generateName: { type: 'string' } },
}

function objectType(schema: JsonSchema, resource: boolean, name: string, depth: number): CelType {
  const properties: Record<string, JsonSchema> = { ...schema.properties }
  if (resource) Object.assign(properties, { apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata })
  const required = new Set(schema.required)
  const fields = new Map<string, Field>()
  let minJsonSize = 2
  for (const [jsonName, property] of Object.entries(properties)) {
    const type = typeAt(property, false, `${name}.${jsonName}`, depth + 1)
    const escaped = escapeFieldName(jsonName)
    if (!type) continue
    if (required.has(jsonName) && property.default === undefined) {
      minJsonSize += jsonName.length + 4 + (type.minJsonSize ?? 1)
    }
    if (escaped !== undefined) fields.set(escaped, { type, jsonName, required: required.has(jsonName) })
  }
  return { ...types.object(name, fields), minJsonSize }
}

/** Lengths of the shortest and longest text of a format. */
function textType(schema: JsonSchema): CelType {
  switch (schema.format) {
    case 'byte':
      return { ...types.bytes, maxSize: schema.maxLength ?? maxRequest - 2, minJsonSize: 2 }
    case 'duration':
      return { ...types.duration, maxSize: maxRequest - 2, minJsonSize: 2 }
    case 'date':
      return { ...types.timestamp, maxSize: 10, minJsonSize: 12 }
    case 'date-time':
      return { ...types.timestamp, maxSize: 30, minJsonSize: 22 }
  }
  const longest = schema.enum?.reduce<number>(
    (most, one) => Math.max(most, typeof one === 'string' ? one.length : 0),
    0,
  )
  const characters = schema.maxLength ?? longest
  const maxSize = characters === undefined ? maxRequest - 2 : characters * bytesPerCharacter
  return { ...types.string, maxSize, minJsonSize: 2 }
}
