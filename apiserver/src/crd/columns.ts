import type { KubeObject } from '@kapell/openapi/meta/object'
import { humanDuration } from '@kapell/openapi/meta/time'
import { column, type Column } from '../registry/definition.ts'
import { compileJsonPath } from './json-path.ts'
import type { CrdColumn } from './types.ts'

type Cell = string | number | boolean | null

const name: Column<KubeObject> = column('Name', 'string', (o) => o.metadata?.name ?? '', { format: 'name' })

function age(text: string | undefined, now: Date): string {
  if (text === undefined) return '<unknown>'
  const time = Date.parse(text)
  return Number.isNaN(time) ? '<invalid>' : humanDuration(now.getTime() - time)
}

const created: CrdColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }

function cellOf(type: string, found: readonly unknown[], now: Date): Cell {
  const [first] = found
  if (type === 'date')
    return typeof first === 'string' ? age(first, now) : found.length === 0 ? '<unknown>' : '<invalid>'
  if (first === undefined || first === null) return null
  if (type === 'integer') return typeof first === 'number' ? Math.trunc(first) : null
  if (type === 'number') return typeof first === 'number' ? first : null
  if (type === 'boolean') return typeof first === 'boolean' ? first : null
  const texts = found.map((one) =>
    typeof one === 'object' ? JSON.stringify(one) : String(one as string | number | boolean),
  )
  return texts.join(',')
}

/** What `kubectl get` prints of custom resources: the name, then the columns of the definition or the age. */
export function customColumns(defined: readonly CrdColumn[] | undefined): Column<KubeObject>[] {
  const wanted = defined === undefined || defined.length === 0 ? [created] : defined
  return [
    name,
    ...wanted.map((one): Column<KubeObject> => {
      const read = compileJsonPath(one.jsonPath)
      return {
        name: one.name,
        type: one.type as Column<KubeObject>['type'],
        format: (one.format ?? '') as '',
        priority: one.priority ?? 0,
        description: one.description ?? `Custom resource definition column (in JSONPath format): ${one.jsonPath}`,
        cell: (object, now) => cellOf(one.type, read(object), now),
      }
    }),
  ]
}
