import { createHash } from 'node:crypto'
import { customResourcesDocument, type CustomResourceSource } from '@kapell/openapi/documents/custom-resources'
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

function documentsOf(table: ResourceTable): CustomDocuments {
  const sources = new Map<string, { group: string; version: string; resources: CustomResourceSource[] }>()
  for (const resource of table.all()) {
    if (resource.type !== 'stored') continue
    const { custom, subresources = {} } = resource.definition
    if (custom === undefined) continue
    const { group, version } = resource
    const name = `apis/${group}/${version}`
    let at = sources.get(name)
    if (at === undefined) sources.set(name, (at = { group, version, resources: [] }))
    at.resources.push({
      plural: resource.plural,
      kind: resource.kind,
      listKind: resource.listKind,
      namespaced: resource.namespaced,
      schema: custom.jsonSchema,
      status: subresources['status'] !== undefined,
      scale: subresources['scale'] !== undefined,
    })
  }
  return new Map(
    [...sources].map(([name, source]) => {
      const hash = createHash('sha512').update(JSON.stringify(source)).digest('hex').toUpperCase()
      let bytes: Uint8Array | undefined
      return [name, { hash, bytes: () => (bytes ??= customResourcesDocument(source)) }] as const
    }),
  )
}
