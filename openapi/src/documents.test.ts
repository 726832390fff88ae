import { createHash } from 'node:crypto'
import { openApiV2, openApiV3Document, openApiV3Hashes, openApiV3Index, optionalSwagger } from './documents.ts'
import type { Definitions, Schema } from './documents/definition.ts'
import { isKnownKind } from './schema/registry.ts'

interface Operation {
  operationId: string
  parameters?: { $ref?: string; name?: string }[]
  'x-kubernetes-action'?: string
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string }
}
interface Swagger {
  definitions: Definitions
  parameters: Record<string, object>
  paths: Record<string, Record<string, Operation>>
}

const parse = (bytes: Uint8Array | undefined): unknown => JSON.parse(new TextDecoder().decode(bytes))
const swagger = parse(openApiV2()) as Swagger
const operations = Object.entries(swagger.paths).flatMap(([path, item]) =>
  Object.entries(item)
    .filter(([method]) => method !== 'parameters')
    .map(([method, operation]) => ({ path, method, ...operation })),
)
const properties = Object.entries(swagger.definitions).flatMap(([name, definition]) =>
  Object.entries(definition.properties ?? {}).map(([property, schema]) => ({ name, property, schema })),
)
const target = (schema: Schema | undefined): Schema | undefined =>
  swagger.definitions[schema?.$ref?.replace('#/definitions/', '') ?? '']

describe('/openapi/v2', () => {
  it('holds every definition of Kubernetes 1.36', () => {
    expect([Object.keys(swagger.definitions).length, properties.length]).toEqual([584, 2458])
    expect([Object.keys(swagger.paths).length, operations.length]).toEqual([408, 814])
  })

  it('refers only to what it holds', () => {
    const missing = [...new TextDecoder().decode(openApiV2()).matchAll(/"\$ref":"#\/(\w+)\/([^"]+)"/g)].filter(
      ([, section, name]) =>
        !Object.hasOwn(section === 'definitions' ? swagger.definitions : swagger.parameters, name ?? ''),
    )
    expect(missing).toEqual([])
  })

  it('identifies list items by fields that they have', () => {
    const keys = properties.flatMap(({ name, property, schema }) =>
      [...(schema['x-kubernetes-list-map-keys'] ?? []), schema['x-kubernetes-patch-merge-key']]
        .filter((key) => key !== undefined)
        .map((key) => ({ at: `${name}.${property}`, key, item: target(schema.items) })),
    )
    expect(keys.length).toBeGreaterThan(100)
    expect(keys.filter(({ key, item }) => !Object.hasOwn(item?.properties ?? {}, key))).toEqual([])
  })

  it('requires only fields that exist', () => {
    const wrong = Object.entries(swagger.definitions).flatMap(([name, { required = [], properties: own = {} }]) =>
      required.filter((field) => !Object.hasOwn(own, field)).map((field) => `${name}.${field}`),
    )
    expect(wrong).toEqual([])
  })

  it('has one name for each operation', () => {
    const ids = operations.map((operation) => operation.operationId)
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([])
  })

  it('speaks of kinds that the schemas know, connections aside', () => {
    const unknown = operations.filter(({ 'x-kubernetes-action': action, 'x-kubernetes-group-version-kind': gvk }) => {
      return gvk !== undefined && action !== 'connect' && !isKnownKind(gvk)
    })
    expect(unknown).toEqual([])
  })

  it('shows kubectl what a patch takes, in the operation itself', () => {
    const patches = operations.filter(({ 'x-kubernetes-action': action }) => action === 'patch')
    const blind = patches.filter(
      ({ parameters = [] }) => !['dryRun', 'fieldValidation'].every((name) => parameters.some((p) => p.name === name)),
    )
    expect([patches.length, blind]).toEqual([94, []])
  })
})

describe('/openapi/v3', () => {
  const names = Object.keys(openApiV3Hashes())

  it('has a document for every group and version, and together they have all paths', () => {
    const paths = names.flatMap((name) => Object.keys((parse(openApiV3Document(name)) as Swagger).paths))
    const optional = Object.keys(optionalSwagger(() => true).paths)
    expect(paths.sort()).toEqual([...Object.keys(swagger.paths), ...optional].sort())
  })

  it.each(names)('%s refers only to what it holds, and its hash is that of its bytes', (name) => {
    const bytes = openApiV3Document(name) ?? new Uint8Array()
    const { components } = parse(bytes) as { components: { schemas?: Record<string, object> } }
    const references = [...new TextDecoder().decode(bytes).matchAll(/"#\/components\/schemas\/([^"]+)"/g)]
    expect(references.filter(([, schema]) => !Object.hasOwn(components.schemas ?? {}, schema ?? ''))).toEqual([])
    expect(createHash('sha512').update(bytes).digest('hex').toUpperCase()).toBe(openApiV3Hashes()[name])
  })

  it('has no document of another name', () => {
    expect(openApiV3Document('apis/nope/v1')).toBeUndefined()
    expect(openApiV3Document('constructor')).toBeUndefined()
    expect(openApiV3Document('../openapi-v2')).toBeUndefined()
  })

  it('lists documents with their hashes, added ones included', () => {
    const index = openApiV3Index({ more: { 'apis/x.example.com/v1': 'AB' }, serves: (name) => name !== 'apis/apps/v1' })
    expect(index.paths['api/v1']?.serverRelativeURL).toMatch(/^\/openapi\/v3\/api\/v1\?hash=[0-9A-F]{128}$/)
    expect(index.paths['apis/x.example.com/v1']?.serverRelativeURL).toBe('/openapi/v3/apis/x.example.com/v1?hash=AB')
    expect(index.paths['apis/apps/v1']).toBeUndefined()
  })
})
