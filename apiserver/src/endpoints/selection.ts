import { parseFieldSelector, type FieldSelector } from '@kapell/openapi/meta/fields'
import { parseSelector, type Selector } from '@kapell/openapi/meta/labels'
import type { KubeObject } from '@kapell/openapi/meta/object'
import { badRequest } from '@kapell/openapi/meta/status'
import type { ServedResource } from '../registry/resource-table.ts'

/** Which objects of a list or watch are meant. */
export interface Selection {
  /** Nothing is filtered. */
  everything: boolean
  /** The only object that can match, by name. */
  name: string | undefined
  matches: (object: KubeObject) => boolean
}

const all: Selection = { everything: true, name: undefined, matches: () => true }

function parse<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw badRequest(error instanceof Error ? error.message : String(error))
  }
}

/** Throws 400 on bad selectors and on fields this kind cannot be selected by. */
export function parseSelection(
  resource: ServedResource,
  options: { labelSelector: string; fieldSelector: string },
): Selection {
  if (options.labelSelector === '' && options.fieldSelector === '') return all
  const labels: Selector = parse(() => parseSelector(options.labelSelector))
  const fields: FieldSelector = parse(() => parseFieldSelector(options.fieldSelector))
  const definition = resource.type === 'stored' ? resource.definition : undefined
  const own = definition?.selectableFields ?? {}
  for (const { field } of fields.requirements) {
    if (field === 'metadata.name' || Object.hasOwn(own, field)) continue
    const hasOwnRules = Object.keys(own).length > 0
    // Kinds without fields of their own let objects of the cluster be asked for their namespace all the same.
    if (field === 'metadata.namespace' && (resource.namespaced || !hasOwnRules)) continue
    throw badRequest(
      definition?.unselectable?.(field) ??
        (hasOwnRules || definition?.custom !== undefined
          ? `field label not supported: ${field}`
          : `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`),
    )
  }
  if (labels.empty && fields.empty) return all
  const fieldOf = (object: KubeObject, field: string): string => {
    if (field === 'metadata.name') return object.metadata?.name ?? ''
    if (field === 'metadata.namespace') return object.metadata?.namespace ?? ''
    return own[field]?.(object) ?? ''
  }
  return {
    everything: false,
    name: fields.exact('metadata.name'),
    matches: (object) =>
      (labels.empty || labels.matches(object.metadata?.labels)) &&
      (fields.empty || fields.matches((field) => fieldOf(object, field))),
  }
}
