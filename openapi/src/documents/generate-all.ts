import { buildDefinitions } from './definitions.ts'
import { readModels } from './read-models.ts'
import { typesText } from './write-types.ts'

/** Every generated file: its name below `generated/`, and its content. */
export async function generateAll(): Promise<Map<string, string | Uint8Array>> {
  const built = buildDefinitions(readModels())
  const files = new Map<string, string | Uint8Array>()
  files.set('types.ts', await typesText(built))
  return files
}
