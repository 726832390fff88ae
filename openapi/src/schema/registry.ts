import type { FieldMore, FieldRow, SchemaTable, StructRow } from '../documents/schema-table.ts'
import { readGenerated } from '../files.ts'
import { apiVersionOf, type GroupVersionKind } from '../meta/object.ts'
import type { Field, ListSchema, PatchStrategy, ScalarKind, Schema, StructSchema } from './schema.ts'

/**
 * The schemas of the built-in kinds. The generated table is read on first use (about 2 ms) and a struct is built when
 * someone first asks for it.
 */
export function schemaOf(gvk: GroupVersionKind): StructSchema | undefined {
  const name = kindNames().get(`${apiVersionOf(gvk)}/${gvk.kind}`)
  return name === undefined ? undefined : definitionSchema(name)
}

/** The schema of a definition by its full name, such as "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta". */
export function definitionSchema(name: string): StructSchema {
  const known = structs.get(name)
  if (known !== undefined) return known
  const row = Object.hasOwn(table().structs, name) ? table().structs[name] : undefined
  if (row === undefined) throw new Error(`no definition is called ${name}`)
  return buildStruct(name, row)
}

/** True when `gvk` is a built-in kind. */
export function isKnownKind(gvk: GroupVersionKind): boolean {
  return kindNames().has(`${apiVersionOf(gvk)}/${gvk.kind}`)
}

const metaPackage = 'io.k8s.apimachinery.pkg.apis.meta.v1'
export const objectMetaSchema = (): StructSchema => definitionSchema(`${metaPackage}.ObjectMeta`)
export const listMetaSchema = (): StructSchema => definitionSchema(`${metaPackage}.ListMeta`)

let loaded: SchemaTable | undefined
let kinds: ReadonlyMap<string, string> | undefined
const structs = new Map<string, StructSchema>()

function table(): SchemaTable {
  loaded ??= JSON.parse(new TextDecoder().decode(readGenerated('schema.json'))) as SchemaTable
  return loaded
}

function kindNames(): ReadonlyMap<string, string> {
  kinds ??= new Map(Object.entries(table().kinds))
  return kinds
}

/** Fields are built when first read: kinds refer to one another in circles, and most are never used. */
class LazyStruct implements StructSchema {
  readonly kind = 'struct'
  readonly name: string
  readonly typeName: string
  readonly atomic: boolean
  #row: StructRow
  #fields: ReadonlyMap<string, Field> | undefined
  constructor(name: string, row: StructRow) {
    this.name = name
    this.typeName = shortName(name)
    this.atomic = row[1] === 1
    this.#row = row
  }
  get fields(): ReadonlyMap<string, Field> {
    this.#fields ??= new Map(this.#row[0].map((field) => [field[0], buildField(field, this.name)]))
    return this.#fields
  }
}

function buildStruct(name: string, row: StructRow): StructSchema {
  const struct = new LazyStruct(name, row)
  structs.set(name, struct)
  return struct
}

/** "io.k8s.api.core.v1.PodSpec" -> "v1.PodSpec". */
function shortName(name: string): string {
  return name.split('.').slice(-2).join('.')
}

const noMore: FieldMore = {}

function buildField([name, type, flags, more = noMore]: FieldRow, owner: string): Field {
  const schema = schemaOfType(type, more, shortName(owner).replace(/\..*/, ''))
  return {
    name,
    schema,
    required: flags.includes('r'),
    whenAbsent: flags.includes('z') ? 'zero' : flags.includes('n') ? 'null' : 'omit',
    keepsZero: flags.includes('k'),
    atomic: isAtomic(schema, more),
    patchStrategies: (more.strategies?.split(',') ?? []) as PatchStrategy[],
    patchMergeKey: more.mergeKey ?? '',
    enum: more.enum,
    default: more.default,
    ...(more.inside === undefined ? {} : { step: { name, fields: [...more.inside.split('.'), name] } }),
  }
}

function isAtomic(schema: Schema, { map }: FieldMore): boolean {
  if (map !== undefined) return map === 'atomic'
  if (schema.kind === 'list') return schema.listType === 'atomic'
  return schema.kind === 'map' || schema.kind === 'struct' ? schema.atomic : true
}

const scalars: Record<string, [ScalarKind, string]> = {
  s: ['string', 'string'],
  b: ['boolean', 'bool'],
  i: ['int32', 'int32'],
  l: ['int64', 'int64'],
  n: ['number', 'float64'],
  y: ['bytes', '[]uint8'],
  t: ['time', 'v1.Time'],
  u: ['microTime', 'v1.MicroTime'],
  q: ['quantity', 'resource.Quantity'],
  x: ['intOrString', 'intstr.IntOrString'],
  a: ['any', 'interface {}'],
}
const eithers: Record<string, 'list' | 'boolean' | 'strings'> = { A: 'list', B: 'boolean', S: 'strings' }
const jsonSchemaProps = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps'

function schemaOfType(type: string, more: FieldMore, version: string): Schema {
  const inVersion = (typeName?: string): string | undefined =>
    typeName === undefined || typeName.includes('.') ? typeName : `${version}.${typeName}`
  const named = inVersion(more.typeName)
  const inner = more.itemName === undefined ? noMore : { typeName: more.itemName }
  if (type.startsWith('[]')) {
    const items = schemaOfType(type.slice(2), inner, version)
    const list: ListSchema = {
      kind: 'list',
      typeName: named ?? `[]${items.typeName}`,
      items,
      listType: (more.list ?? 'atomic') as ListSchema['listType'],
      mapKeys: more.keys ?? [],
    }
    return list
  }
  if (type.startsWith('{}')) {
    const values = schemaOfType(type.slice(2), inner, version)
    const key = inVersion(more.keyName) ?? 'string'
    return { kind: 'map', typeName: named ?? `map[${key}]${values.typeName}`, values, atomic: more.map === 'atomic' }
  }
  const scalar = scalars[type]
  if (scalar !== undefined) return { kind: scalar[0], typeName: named ?? scalar[1] }
  const other = eithers[type]
  if (other !== undefined) {
    return { kind: 'either', typeName: 'v1.JSONSchemaProps', struct: definitionSchema(jsonSchemaProps), other }
  }
  return definitionSchema(type)
}
