import { createHash } from 'node:crypto'
import { documentFile } from '../files.ts'
import { applyFacts } from './apply-facts.ts'
import { columnTextsOf } from './column-texts.ts'
import { buildDefinitions } from './definitions.ts'
import { readModels } from './read-models.ts'
import { describeReferences } from './describe-references.ts'
import { openApi3Documents, schemas3 } from './openapi3.ts'
import { encodeOpenApiV2 } from './openapi-v2-protobuf.ts'
import { buildPaths } from './operations.ts'
import { defaultsOf, schemaTable } from './schema-table.ts'
import { swaggerDocument } from './swagger.ts'
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
  const swagger = JSON.stringify(swaggerDocument(built.definitions, paths))
  files.set('openapi-v2.json', swagger)
  files.set('openapi-v2.pb', encodeOpenApiV2(JSON.parse(swagger) as Record<string, unknown>))
  const index: Record<string, string> = {}
  for (const [name, document] of openApi3Documents(schemas3(built.definitions, defaultsOf(table)), paths)) {
    const text = JSON.stringify(document)
    files.set(`openapi-v3/${documentFile(name)}`, text)
    index[name] = createHash('sha512').update(text).digest('hex').toUpperCase()
  }
  files.set('openapi-v3-index.json', JSON.stringify(index))
  return files
}
