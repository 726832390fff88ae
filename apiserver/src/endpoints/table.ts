import type { KubeObject, ObjectMeta } from '@kapell/openapi/meta/object'
import { badRequest } from '@kapell/openapi/meta/status'
import { rfc3339 } from '@kapell/openapi/meta/time'
import { columnText } from '@kapell/openapi/column-texts'
import { column, type Column, type RowCondition } from '../registry/definition.ts'
import type { ServedResource } from '../registry/resource-table.ts'

/** Tables: what `kubectl get` prints. Source: API concepts, "Receiving resources as Tables". */

export type IncludeObject = 'None' | 'Metadata' | 'Object'

const fallback: readonly Column<KubeObject>[] = [
  column('Name', 'string', (o) => o.metadata?.name ?? '', { format: 'name' }),
  column('Created At', 'date', (o, now) => o.metadata?.creationTimestamp ?? rfc3339(now)),
]

export function includeObjectOf(query: URLSearchParams): IncludeObject {
  const text = query.get('includeObject') ?? ''
  if (text === '') return 'Metadata'
  if (text === 'None' || text === 'Metadata' || text === 'Object') return text
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(text)}: must be 'Metadata', 'Object', 'None', or empty`,
  )
}

export function partialMetadata(object: KubeObject, apiVersion = 'meta.k8s.io/v1'): KubeObject {
  return {
    kind: 'PartialObjectMetadata',
    apiVersion,
    metadata: object.metadata ?? ({} as ObjectMeta),
  }
}

export function columnsOf(resource: ServedResource): readonly Column<KubeObject>[] {
  return resource.definition.columns ?? fallback
}

export interface TableRow {
  cells: unknown[]
  conditions?: readonly RowCondition[]
  object?: unknown
}

/** What is said of the row beside its cells. */
export function rowConditions(resource: ServedResource, object: KubeObject): readonly RowCondition[] | undefined {
  return resource.type === 'stored' ? resource.definition.rowConditions?.(object) : undefined
}

/** `withColumns: false` for all but the first event of a watch. */
export function tableOf(
  resource: ServedResource,
  objects: Iterable<KubeObject>,
  options: {
    include: IncludeObject
    now: Date
    metadata: Record<string, unknown>
    withColumns?: boolean
    columns?: readonly Column<KubeObject>[]
    /** Of the table; default: "meta.k8s.io/v1". */
    apiVersion?: string
  },
): Record<string, unknown> {
  const { include, now, apiVersion = 'meta.k8s.io/v1', columns = columnsOf(resource) } = options
  const shown = (object: KubeObject): unknown =>
    include === 'None' ? null : include === 'Object' ? object : partialMetadata(object, apiVersion)
  const rows: TableRow[] = []
  for (const object of objects) {
    const conditions = rowConditions(resource, object)
    const cells = columns.map((one) => one.cell(object, now))
    rows.push({ cells, ...(conditions === undefined ? {} : { conditions }), object: shown(object) })
  }
  return {
    kind: 'Table',
    apiVersion,
    metadata: options.metadata,
    columnDefinitions: options.withColumns === false ? null : columnDefinitions(resource, columns),
    rows,
  }
}

export function columnDefinitions(resource: ServedResource, columns = columnsOf(resource)): Record<string, unknown>[] {
  const isCustom = resource.type === 'stored' && resource.definition.custom !== undefined
  return columns.map(({ name, type, format, description, priority }) => {
    const text = description === '' && !isCustom ? columnText(resource, name) : description
    return { name, type, format, description: text, priority }
  })
}
