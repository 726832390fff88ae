import { objectMetaSchema } from '../registry.ts'
import type { Field, ListSchema, MapSchema, ScalarKind, ScalarSchema, Schema, StructSchema } from '../schema.ts'
import { isEmbedded, itemSchema, type JsonSchema } from './json-schema.ts'

/**
 * The schema of a custom resource in the form that patches and server-side apply read: which lists are sets or maps and
 * which maps and structs are atomic. Not for decoding: that is pruneCustomResource's business.
 */
export function customResourceSchema(schema: JsonSchema, kind: string): StructSchema {
  return struct(schema, kind, true)
}

const scalars: Record<string, ScalarSchema> = {
  string: { kind: 'string', typeName: 'string' },
  integer: { kind: 'int64', typeName: 'int64' },
  number: { kind: 'number', typeName: 'float64' },
  boolean: { kind: 'boolean', typeName: 'bool' },
}
const any: ScalarSchema = { kind: 'any' satisfies ScalarKind, typeName: 'interface {}', deduced: true }
const text: ScalarSchema = { kind: 'string', typeName: 'string' }

function convert(schema: JsonSchema, name: string): Schema {
  if (schema['x-kubernetes-int-or-string'] === true) return { kind: 'intOrString', typeName: 'intstr.IntOrString' }
  if (schema.type === 'array') return list(schema, name)
  if (schema.type === 'object' && typeof schema.additionalProperties === 'object') return map(schema, name)
  if (schema.type === 'object' && (schema.properties !== undefined || isEmbedded(schema))) {
    return struct(schema, name, isEmbedded(schema))
  }
  return scalars[schema.type ?? ''] ?? any
}

function list(schema: JsonSchema, name: string): ListSchema {
  const items = itemSchema(schema)
  const listType = schema['x-kubernetes-list-type']
  return {
    kind: 'list',
    typeName: '[]interface {}',
    items: items === undefined ? any : convert(items, name),
    listType: listType === 'set' || listType === 'map' ? listType : 'atomic',
    mapKeys: schema['x-kubernetes-list-map-keys'] ?? [],
  }
}

function map(schema: JsonSchema, name: string): MapSchema {
  return {
    kind: 'map',
    typeName: 'map[string]interface {}',
    values: typeof schema.additionalProperties === 'object' ? convert(schema.additionalProperties, name) : any,
    atomic: schema['x-kubernetes-map-type'] === 'atomic',
  }
}

function struct(schema: JsonSchema, name: string, isResource: boolean): StructSchema {
  const required = new Set(schema.required)
  const fields = new Map<string, Field>()
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    fields.set(key, field(key, convert(property, `${name}.${key}`), required.has(key), property))
  }
  if (isResource) {
    fields.set('apiVersion', field('apiVersion', text, false))
    fields.set('kind', field('kind', text, false))
    fields.set('metadata', field('metadata', objectMetaSchema(), false))
  }
  const keepsUnknown = schema['x-kubernetes-preserve-unknown-fields'] === true
  return {
    kind: 'struct',
    name,
    typeName: name,
    fields,
    atomic: schema['x-kubernetes-map-type'] === 'atomic',
    keepsUnknown,
  }
}

function field(name: string, schema: Schema, required: boolean, source: JsonSchema = {}): Field {
  return {
    name,
    schema,
    required,
    whenAbsent: 'omit',
    keepsZero: true,
    atomic: isAtomic(schema),
    patchStrategies: [],
    patchMergeKey: '',
    enum: undefined,
    default: source.default,
  }
}

function isAtomic(schema: Schema): boolean {
  if (schema.kind === 'list') return schema.listType === 'atomic'
  return schema.kind === 'map' || schema.kind === 'struct' ? schema.atomic : true
}
