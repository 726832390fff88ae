import { descriptions } from '../facts/descriptions.ts'
import { undescribed } from '../facts/special-types.ts'
import { refTarget, type Definitions } from './definition.ts'

/**
 * A property that is a reference has no text in the client's models: it gets ours, or else the text of what it refers
 * to. Where the API has no text at all there, the client shows that of the reference: it goes.
 */
export function describeReferences(definitions: Definitions): void {
  for (const [name, definition] of Object.entries(definitions)) {
    const kind = name.slice(name.lastIndexOf('.') + 1)
    for (const [key, property] of Object.entries(definition.properties ?? {})) {
      if (property.$ref === undefined) continue
      const target = refTarget(property.$ref)
      const special = target.endsWith('.ListMeta') ? descriptions['List.metadata'] : undefined
      if (undescribed.has(`${name}.${key}`)) delete property.description
      else {
        property.description ??=
          descriptions[`${kind}.${key}`] ?? special ?? descriptions[key] ?? definitions[target]?.description ?? ''
      }
    }
  }
}
