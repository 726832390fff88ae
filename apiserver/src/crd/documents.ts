import { createHash } from 'node:crypto'
import { optionalSwagger } from '@kapell/openapi/documents'
import { customResourcesDocument } from '@kapell/openapi/documents/custom-resources'
import { swaggerWith, type CustomGroup } from '@kapell/openapi/documents/custom-resources-v2'
import type { CustomDocuments } from '../endpoints/openapi.ts'
import type { ResourceTable } from '../registry/resource-table.ts'

/** The OpenAPI documents of the custom resources that are served now; made anew when the table changed. */
export function createCustomDocuments(table: ResourceTable): () => CustomDocuments {
  let made: { generation: number; documents: CustomDocuments } | undefined
  return () => {
    if (made?.generation !== table.generation) made = { generation: table.generation, documents: documentsOf(table) }
    return made.documents
  }
}

const once = <T>(make: () => T): (() => T) => {
  let made: { value: T } | undefined
  return () => (made ??= { value: make() }).value
}

const hashOf = (content: string | Uint8Array): string =>
  createHash('sha512').update(content).digest('hex').toUpperCase()

function documentsOf(table: ResourceTable): CustomDocuments {
  const groups = new Map<string, CustomGroup & { resources: CustomGroup['resources'][number][] }>()
  for (const resource of table.all()) {
    const schema = resource.type === 'stored' ? resource.definition.custom?.jsonSchema : resource.definition.jsonSchema
    if (schema === undefined) continue
    const subresources = resource.type === 'stored' ? (resource.definition.subresources ?? {}) : {}
    const { group, version } = resource
    const name = `apis/${group}/${version}`
    let at = groups.get(name)
    if (at === undefined) groups.set(name, (at = { group, version, resources: [] }))
    at.resources.push({
      plural: resource.plural,
      kind: resource.kind,
      listKind: resource.listKind,
      namespaced: resource.namespaced,
      schema,
      status: subresources['status'] !== undefined,
      scale: subresources['scale'] !== undefined,
      ...(resource.type === 'virtual' ? { verbs: [...resource.verbs] } : {}),
    })
  }
  const serves = ({ group, version }: { group: string; version: string }): boolean =>
    table.versionsOf(group).includes(version)
  const v2 = once(() => swaggerWith([...groups.values()], optionalSwagger(serves)))
  return {
    v2: {
      json: once(() => ({ bytes: v2().json, hash: hashOf(v2().json) })),
      protobuf: once(() => {
        const bytes = v2().protobuf()
        return { bytes, hash: hashOf(bytes) }
      }),
    },
    v3: new Map(
      [...groups].map(([name, source]) => [
        name,
        { hash: hashOf(JSON.stringify(source)), bytes: once(() => customResourcesDocument(source)) },
      ]),
    ),
  }
}
