import {
  alwaysPresent as alwaysPresentNames,
  alwaysWritten as alwaysWrittenNames,
  omittedThoughRequired as omittedNames,
  zeroKept as zeroKeptNames,
} from '../facts/absence.ts'
import { declaredDefaults } from '../facts/defaults.ts'
import { embedded as embeddedFields } from '../facts/embedded.ts'
import { namedItems, namedKeys } from '../facts/named-items.ts'
import { namedTypes } from '../facts/named-types.ts'
import { apiVersionOf } from '../meta/object.ts'
import { refTarget, type Definitions, type Schema } from './definition.ts'
import { namesIn, valuesIn } from './fact-tables.ts'
import { isAlike, valueAlike } from './likeness.ts'

/**
 * The table that `schema/registry.ts` reads. A field is `[name, type, flags, more?]`; a type is "[]" or "{}" (list of,
 * map of) before a letter (see `leafLetters`) or the name of a struct; flags are letters: r required, z written as zero
 * when absent, n written as null when absent, k keeps zero.
 */
export interface SchemaTable {
  kinds: Record<string, string>
  structs: Record<string, StructRow>
}
export type StructRow = [fields: FieldRow[], atomic: 0 | 1]
export type FieldRow = [name: string, type: string, flags: string, more?: FieldMore]
export interface FieldMore {
  /** List type, keys of a list of type map. */
  list?: string
  keys?: string[]
  map?: string
  strategies?: string
  mergeKey?: string
  enum?: string[]
  typeName?: string
  /** How errors call the type of a list's items or a map's values, and that of a map's keys. */
  itemName?: string
  keyName?: string
  /** The struct (or "A.B") that holds the field without showing in JSON; errors about types name it. */
  inside?: string
  default?: string | number | boolean
}

export const leafLetters: Record<string, string> = {
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': 't',
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': 'u',
  'io.k8s.apimachinery.pkg.api.resource.Quantity': 'q',
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': 'x',
  'io.k8s.apimachinery.pkg.runtime.RawExtension': 'a',
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': 'a',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON': 'a',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray': 'A',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool': 'B',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray': 'S',
}

const alwaysPresent = namesIn(alwaysPresentNames)
const alwaysWritten = namesIn(alwaysWrittenNames)
const omittedThoughRequired = namesIn(omittedNames)
const zeroKept = namesIn(zeroKeptNames)
const declared = valuesIn(declaredDefaults)
const typeNames = byField(namedTypes)
const itemNames = byField(namedItems)
const keyNames = byField(namedKeys)
const embedded = byField(embeddedFields)
/** Left out while zero, though a time that is no pointer. */
const omittedTime = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta.creationTimestamp'

export function schemaTable(definitions: Definitions): SchemaTable {
  const table: SchemaTable = { kinds: {}, structs: {} }
  for (const [name, definition] of Object.entries(definitions)) {
    const gvks = definition['x-kubernetes-group-version-kind']
    for (const gvk of gvks ?? []) table.kinds[`${apiVersionOf(gvk)}/${gvk.kind}`] = name
    if (definition.type !== 'object' || Object.hasOwn(leafLetters, name)) continue
    const fields = Object.entries(definition.properties ?? {}).map(([field, schema]) =>
      fieldRow({ at: `${name}.${field}`, field, schema, definition, isKind: gvks !== undefined }),
    )
    table.structs[name] = [fields, definition['x-kubernetes-map-type'] === 'atomic' ? 1 : 0]
  }
  return table
}

/** From names to the fields that have them: from each field to its name. */
function byField(table: Record<string, Record<string, string>>): Map<string, string> {
  return new Map(
    Object.entries(table).flatMap(([name, fields]) => [...namesIn(fields)].map((at) => [at, name] as const)),
  )
}

interface FieldSource {
  at: string
  field: string
  schema: Schema
  definition: Schema
  isKind: boolean
}

function fieldRow({ at, field, schema, definition, isKind }: FieldSource): FieldRow {
  const type = typeOf(schema)
  const required = definition.required?.includes(field) ?? false
  const written = isAlike(alwaysWritten, at) || (required && !isAlike(omittedThoughRequired, at))
  const isStruct = type.length > 1 && !/^[[{]/.test(type)
  const partOfKind = isKind && (field === 'metadata' || field === 'spec' || field === 'status')
  const always = isStruct
    ? (partOfKind && !isAlike(zeroKept, at)) || isAlike(alwaysPresent, at)
    : isAlike(alwaysPresent, at) ||
      written ||
      ((type === 't' || type === 'u') && !isAlike(zeroKept, at) && at !== omittedTime)
  // A value type has a zero to write; what can be nil is written as null.
  const nilable =
    /^[[{]/.test(type) || 'atuy'.includes(type) || isAlike(zeroKept, at) || (type === 'q' && !required && written)
  const keepsZero =
    isStruct ||
    written ||
    isAlike(zeroKept, at) ||
    'qaABS'.includes(type) ||
    (type === 'x' && !isAlike(alwaysPresent, at))
  const flags = [
    required ? 'r' : '',
    always ? (nilable ? 'n' : 'z') : isStruct && written ? 'n' : '',
    keepsZero ? 'k' : '',
  ].join('')
  const more: FieldMore = {
    list: schema['x-kubernetes-list-type'],
    keys: schema['x-kubernetes-list-map-keys'],
    map: schema['x-kubernetes-map-type'],
    strategies: schema['x-kubernetes-patch-strategy'],
    mergeKey: schema['x-kubernetes-patch-merge-key'],
    enum: schema.enum,
    typeName: valueAlike(typeNames, at),
    itemName: valueAlike(itemNames, at),
    keyName: valueAlike(keyNames, at),
    inside: valueAlike(embedded, at),
    default: valueAlike(declared, at),
  }
  return Object.values(more).some((value) => value !== undefined) ? [field, type, flags, more] : [field, type, flags]
}

/**
 * What OpenAPI 3.0 calls the default of each property: what the schema declares, and for what is always written its
 * zero, {} for structs.
 */
export function defaultsOf(table: SchemaTable): (at: string) => unknown {
  const zeros: Record<string, unknown> = { s: '', i: 0, l: 0, b: false, n: 0 }
  const found = new Map<string, unknown>()
  for (const [name, [fields]] of Object.entries(table.structs)) {
    for (const [field, type, flags, more] of fields) {
      const isStruct = type.length > 1 && !/^[[{]/.test(type)
      const zero = !flags.includes('z') ? undefined : isStruct ? {} : zeros[type]
      found.set(`${name}.${field}`, more?.default ?? zero)
    }
  }
  return (at) => found.get(at)
}

function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) {
    const target = refTarget(schema.$ref)
    return leafLetters[target] ?? target
  }
  if (schema.items !== undefined) return `[]${typeOf(schema.items)}`
  if (schema.additionalProperties !== undefined) return `{}${typeOf(schema.additionalProperties)}`
  switch (schema.type) {
    case 'string':
      return schema.format === 'byte' ? 'y' : 's'
    case 'boolean':
      return 'b'
    case 'integer':
      return schema.format === 'int32' ? 'i' : 'l'
    case 'number':
      return 'n'
    default:
      return 'a'
  }
}
