import { createHash } from 'node:crypto'
import { optionalVersions } from '../facts/optional-versions.ts'
import { documentFile } from '../files.ts'
import { apiVersionOf } from '../meta/object.ts'
import { applyFacts } from './apply-facts.ts'
import { columnTextsOf } from './column-texts.ts'
import type { Definitions } from './definition.ts'
import { buildDefinitions } from './definitions.ts'
import { readModels } from './read-models.ts'
import { describeReferences } from './describe-references.ts'
import { openApi3Documents, schemas3 } from './openapi3.ts'
import { encodeOpenApiV2 } from './openapi-v2-protobuf.ts'
import { buildPaths } from './operations.ts'
import { defaultsOf, schemaTable } from './schema-table.ts'
import { swaggerDocument, swaggerPaths } from './swagger.ts'
import { typesText } from './write-types.ts'

/** Every generated file: its name below `generated/`, and its content. */
export async function generateAll(): Promise<Map<string, string | Uint8Array>> {
  const built = buildDefinitions(readModels())
  const files = new Map<string, string | Uint8Array>()
  // Before the tables add the enums: values come as strings from everywhere, as in the client's own types.
  files.set('types.ts', await typesText(built))
  applyFacts(built.definitions)
  const table = schemaTable(built.definitions)
  files.set('schema.json', JSON.stringify(table))
  describeReferences(built.definitions)
  files.set('column-texts.json', JSON.stringify(columnTextsOf(built.definitions)))
  const paths = buildPaths()
  const optionalPaths = buildPaths(optionalVersions)
  const [usual, optional] = splitDefinitions(built.definitions)
  const swagger = JSON.stringify(swaggerDocument(usual, paths))
  files.set('openapi-v2.json', swagger)
  files.set('openapi-v2.pb', encodeOpenApiV2(JSON.parse(swagger) as Record<string, unknown>))
  for (const { package: pkg, ...at } of optionalVersions) {
    const name = `apis/${apiVersionOf(at)}`
    const items = optionalPaths.filter(({ document }) => document === name || document === `apis/${at.group}`)
    const missing = items.filter(({ path }) => !paths.some((one) => one.path === path))
    const definitions = Object.fromEntries(Object.entries(optional).filter(([key]) => key.startsWith(`${pkg}.`)))
    files.set(
      `openapi-v2-optional/${documentFile(name)}`,
      JSON.stringify({ paths: swaggerPaths(missing), definitions }),
    )
  }
  const index: Record<string, string> = {}
  const known = new Set(paths.map(({ path }) => path))
  const all = [...paths, ...optionalPaths.filter(({ path }) => !known.has(path))]
  for (const [name, document] of openApi3Documents(schemas3(built.definitions, defaultsOf(table)), all)) {
    const text = JSON.stringify(document)
    files.set(`openapi-v3/${documentFile(name)}`, text)
    index[name] = createHash('sha512').update(text).digest('hex').toUpperCase()
  }
  files.set('openapi-v3-index.json', JSON.stringify(index))
  return files
}

/** Those of what is always served, and those of optional versions. */
function splitDefinitions(definitions: Definitions): [usual: Definitions, optional: Definitions] {
  const isOptional = (name: string): boolean => optionalVersions.some((one) => name.startsWith(`${one.package}.`))
  const entries = Object.entries(definitions)
  return [
    Object.fromEntries(entries.filter(([name]) => !isOptional(name))),
    Object.fromEntries(entries.filter(([name]) => isOptional(name))),
  ]
}
