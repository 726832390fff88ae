import type { KubeObject } from '@kapell/openapi/meta/object'
import { humanDuration } from '@kapell/openapi/meta/time'
import { column, type Column } from '../registry/definition.ts'
import { compileJsonPath } from './json-path.ts'
import type { CrdColumn } from './types.ts'

type Cell = string | number | boolean | null

const name: Column<KubeObject> = column('Name', 'string', (o) => o.metadata?.name ?? '', {
  format: 'name',
  description:
    'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names',
})

const created: CrdColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }

/** Time since; what is not a time says so. */
function age(value: unknown, now: Date): Cell {
  if (typeof value !== 'string') return null
  if (value === '') return '<unknown>'
  const time = Date.parse(value)
  return Number.isNaN(time) ? '<invalid>' : humanDuration(now.getTime() - time)
}

/** JSON with the members of objects in the order of their names. */
function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}

function cellOf(type: string, value: unknown, now: Date): Cell {
  if (value === undefined || value === null) return null
  switch (type) {
    case 'date':
      return age(value, now)
    case 'integer':
      return typeof value === 'number' && Number.isInteger(value) ? value : null
    case 'number':
      return typeof value === 'number' ? value : null
    case 'boolean':
      return typeof value === 'boolean' ? value : null
    default:
      return typeof value === 'object' ? sortedJson(value) : String(value as string | number | boolean)
  }
}

function customColumn(one: CrdColumn): Column<KubeObject> {
  const read = compileJsonPath(one.jsonPath)
  return {
    name: one.name,
    type: one.type as Column<KubeObject>['type'],
    format: (one.format ?? '') as '',
    priority: one.priority ?? 0,
    description: one.description ?? `Custom resource definition column (in JSONPath format): ${one.jsonPath}`,
    // Of several values the first is shown.
    cell: (object, now) => cellOf(one.type, read(object)[0], now),
  }
}

/**
 * What `kubectl get` prints of custom resources: the name, then the columns of the definition or the age. A path that
 * cannot be read ends the columns there, as the original has it.
 */
export function customColumns(defined: readonly CrdColumn[] | undefined): Column<KubeObject>[] {
  const columns = [name]
  for (const one of defined === undefined || defined.length === 0 ? [created] : defined) {
    try {
      columns.push(customColumn(one))
    } catch {
      break
    }
  }
  return columns
}
