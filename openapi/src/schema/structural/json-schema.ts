/**
 * The schema of a custom resource, as a CustomResourceDefinition holds it. Source: "CustomResourceDefinition v1",
 * JSONSchemaProps.
 */
export interface JsonSchema {
  description?: string
  type?: string
  format?: string
  title?: string
  default?: unknown
  nullable?: boolean
  enum?: unknown[]
  maximum?: number
  exclusiveMaximum?: boolean
  minimum?: number
  exclusiveMinimum?: boolean
  multipleOf?: number
  maxLength?: number
  minLength?: number
  pattern?: string
  maxItems?: number
  minItems?: number
  uniqueItems?: boolean
  maxProperties?: number
  minProperties?: number
  required?: string[]
  properties?: Record<string, JsonSchema>
  additionalProperties?: JsonSchema | boolean
  items?: JsonSchema | JsonSchema[]
  allOf?: JsonSchema[]
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  not?: JsonSchema
  'x-kubernetes-preserve-unknown-fields'?: boolean
  'x-kubernetes-embedded-resource'?: boolean
  'x-kubernetes-int-or-string'?: boolean
  'x-kubernetes-list-type'?: string
  'x-kubernetes-list-map-keys'?: string[]
  'x-kubernetes-map-type'?: string
  'x-kubernetes-validations'?: unknown[]
}

export type JsonObject = Record<string, unknown>

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The schema of a member, or undefined: a property's own, else that of all further ones. */
export function memberSchema(schema: JsonSchema, key: string): JsonSchema | true | undefined {
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, key)) return schema.properties[key]
  const more = schema.additionalProperties
  return more === false ? undefined : more
}

export function itemSchema(schema: JsonSchema): JsonSchema | undefined {
  return Array.isArray(schema.items) ? schema.items[0] : schema.items
}

export const isEmbedded = (schema: JsonSchema): boolean => schema['x-kubernetes-embedded-resource'] === true

/** Assigns like `=`, but also to a member called "__proto__". */
export function setMember(object: JsonObject, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
  } else {
    object[key] = value
  }
}
