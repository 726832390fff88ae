import type { ResourceDefinition } from './definition.ts'
import type { ResourceTable } from './resource-table.ts'

/** Finds the other served versions of the same stored objects; looked up once for as long as the table stays as it is. */
export function createEquivalents(
  table: ResourceTable,
): (definition: { group: string; version: string; plural: string }) => readonly ResourceDefinition[] {
  let known = { generation: -1, found: new Map<object, readonly ResourceDefinition[]>() }
  return (definition) => {
    if (known.generation !== table.generation) known = { generation: table.generation, found: new Map() }
    const before = known.found.get(definition)
    if (before !== undefined) return before
    const own = table.find(definition.group, definition.version, definition.plural)
    const found: ResourceDefinition[] = []
    if (own?.type === 'stored') {
      for (const other of table.all()) {
        if (other.type === 'stored' && other !== own && other.store === own.store) found.push(other.definition)
      }
    }
    known.found.set(definition, found)
    return found
  }
}
