import { applyFacts } from './apply-facts.ts'
import { buildDefinitions } from './definitions.ts'
import { readModels } from './read-models.ts'
import { schemaTable } from './schema-table.ts'
import { typesText } from './write-types.ts'

/** Every generated file: its name below `generated/`, and its content. */
export async function generateAll(): Promise<Map<string, string | Uint8Array>> {
  const built = buildDefinitions(readModels())
  const files = new Map<string, string | Uint8Array>()
  // Before the tables add the enums: values come as strings from everywhere, as in the client's own types.
  files.set('types.ts', await typesText(built))
  applyFacts(built.definitions)
  files.set('schema.json', JSON.stringify(schemaTable(built.definitions)))
  return files
}
