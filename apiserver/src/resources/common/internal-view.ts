import { internalFields } from '@kapell/openapi/facts/internal-fields'
import { definitionSchema, objectMetaSchema } from '@kapell/openapi/schema/registry'
import type { Schema, StructSchema } from '@kapell/openapi/schema/schema'

/**
 * Values as the original's messages show them: in its internal form, every field there and in its order. Made when
 * something is refused, never else.
 */

interface ViewField {
  /** In messages. */
  name: string
  /** In the API; undefined when the field stands elsewhere there. */
  apiName: string | undefined
  whenAbsent: unknown
  schema: Schema | undefined
}

const layouts = new Map<string, readonly ViewField[]>()
const marks: Readonly<Record<string, unknown>> = { '"': '', '0': 0, '!': false }
const expanded = Symbol('shown with its fields')

function layoutOf(definition: string): readonly ViewField[] | undefined {
  const known = layouts.get(definition)
  if (known !== undefined) return known
  const row = internalFields[definition]
  if (row === undefined) return undefined
  // The sources of a persistent volume are a type of their own there, and part of its spec here.
  const apiName = definition === 'core.v1.PersistentVolumeSource' ? 'core.v1.PersistentVolumeSpec' : definition
  const struct = definitionSchema(`io.k8s.api.${apiName}`)
  const names = new Map([...struct.fields.keys()].map((name) => [name.toLowerCase(), name]))
  const fields = row.split(' ').map((text): ViewField => {
    const [, name = '', renamed, mark = ''] = /^(\w+?)(?:=(\w*))?(["0!{]?)$/.exec(text) ?? []
    const apiName = renamed === '' ? undefined : (renamed ?? names.get(name.toLowerCase()))
    return {
      name,
      apiName,
      whenAbsent: mark === '{' ? expanded : (marks[mark] ?? null),
      schema: apiName === undefined ? undefined : struct.fields.get(apiName)?.schema,
    }
  })
  layouts.set(definition, fields)
  return fields
}

/** The value of a definition such as "core.v1.PodSpec"; as it stands when its layout is not known. */
export function internalView(definition: string, value: object | undefined): unknown {
  const fields = layoutOf(definition)
  if (fields === undefined || value === undefined) return value ?? null
  const given = value as Record<string, unknown>
  // Metadata is part of the object itself there, and shown as the API has it.
  const out: Record<string, unknown> = {
    ...(viewOf(objectMetaSchema(), given['metadata'] ?? {}) as Record<string, unknown>),
  }
  for (const { name, apiName, whenAbsent, schema } of fields) {
    const own = apiName === undefined ? undefined : given[apiName]
    if (own !== undefined && own !== null) out[name] = schema === undefined ? own : viewOf(schema, own)
    else out[name] = whenAbsent === expanded ? viewOf(schema, {}) : whenAbsent
  }
  if (definition === 'core.v1.PodSpec') hostFields(given, out)
  return out
}

/** A pod's share of the host is part of its security context there. */
function hostFields(spec: Record<string, unknown>, out: Record<string, unknown>): void {
  const context = out['SecurityContext'] as Record<string, unknown> | null
  if (context === null) return
  for (const [name, field] of [
    ['HostNetwork', 'hostNetwork'],
    ['HostPID', 'hostPID'],
    ['HostIPC', 'hostIPC'],
    ['ShareProcessNamespace', 'shareProcessNamespace'],
    ['HostUsers', 'hostUsers'],
  ] as const) {
    if (spec[field] !== undefined) context[name] = spec[field]
  }
}

function viewOf(schema: Schema | undefined, value: unknown): unknown {
  switch (schema?.kind) {
    case 'list':
      return Array.isArray(value) ? value.map((item) => viewOf(schema.items, item)) : value
    case 'map': {
      const entries = Object.entries(value as object).sort(([a], [b]) => (a < b ? -1 : 1))
      return Object.fromEntries(entries.map(([key, item]) => [key, viewOf(schema.values, item)]))
    }
    case 'struct':
      return structView(schema, value as object)
    default:
      return value
  }
}

/** A map as messages show it: by key. */
export const mapView = <T>(map: Record<string, T> | undefined): Record<string, T> | null =>
  map === undefined ? null : Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)))

/** A label selector, the same in both forms. */
export const selectorView = (selector: object | undefined | null): unknown =>
  selector == null ? null : structView(definitionSchema(selectorDefinition), selector)

const selectorDefinition = 'io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector'

function structView(schema: StructSchema, value: object): unknown {
  const definition = schema.name.replace('io.k8s.api.', '')
  if (internalFields[definition] !== undefined) return internalView(definition, value)
  // Such as label selectors: the same in both forms, its fields in the order of the schema.
  const given = value as Record<string, unknown>
  return Object.fromEntries(
    orderOf(schema).flatMap((name) => {
      const field = schema.fields.get(name)
      return field === undefined || given[name] === undefined ? [] : [[name, viewOf(field.schema, given[name])]]
    }),
  )
}

/** Selectors show their labels first; the schema is by letter. */
function orderOf(schema: StructSchema): string[] {
  const names = [...schema.fields.keys()]
  return schema.typeName === 'v1.LabelSelector' ? ['matchLabels', 'matchExpressions'] : names
}

const context = 3

/** What changed from one value of a definition to another, as lines of both in their internal form. */
export function internalDiff(definition: string, before: object | undefined, now: object | undefined): string {
  const lines = (value: object | undefined): string[] =>
    JSON.stringify(internalView(definition, value), undefined, 1).split('\n')
  return unifiedDiff(lines(before), lines(now))
}

type Edit = ' ' | '-' | '+'

/** A unified diff with three lines of context and no file names. */
export function unifiedDiff(a: readonly string[], b: readonly string[]): string {
  const edits = editsOf(a, b)
  const changed = edits.flatMap(({ edit }, i) => (edit === ' ' ? [] : [i]))
  const hunks: [from: number, to: number][] = []
  for (const i of changed) {
    const last = hunks.at(-1)
    if (last !== undefined && i - last[1] <= 2 * context) last[1] = i
    else hunks.push([i, i])
  }
  return hunks
    .map(([first, last]) => {
      const from = Math.max(0, first - context)
      const part = edits.slice(from, Math.min(edits.length, last + context + 1))
      const before = edits.slice(0, from)
      const count = (list: readonly { edit: Edit }[], other: Edit): number =>
        list.filter((e) => e.edit !== other).length
      const range = (side: Edit): string => `${count(before, side) + 1},${count(part, side)}`
      return `@@ -${range('+')} +${range('-')} @@\n${part.map(({ edit, line }) => `${edit}${line}\n`).join('')}`
    })
    .join('')
}

interface EditedLine {
  edit: Edit
  line: string
}

/** The longest common subsequence, after what both begin and end with; quadratic in the rest, which is bounded. */
function editsOf(a: readonly string[], b: readonly string[]): EditedLine[] {
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++
  const same = (line: string): EditedLine => ({ edit: ' ', line })
  const [left, right] = [a.slice(start, a.length - end), b.slice(start, b.length - end)]
  return [...a.slice(0, start).map(same), ...middle(left, right), ...a.slice(a.length - end).map(same)]
}

const maxCells = 4_000_000

function middle(a: readonly string[], b: readonly string[]): EditedLine[] {
  const removed = (line: string): EditedLine => ({ edit: '-', line })
  const added = (line: string): EditedLine => ({ edit: '+', line })
  if (a.length * b.length > maxCells) return [...a.map(removed), ...b.map(added)]
  const width = b.length + 1
  const best = new Uint32Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      best[i * width + j] =
        a[i] === b[j]
          ? (best[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(best[(i + 1) * width + j] ?? 0, best[i * width + j + 1] ?? 0)
    }
  }
  const out: EditedLine[] = []
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      out.push({ edit: ' ', line: a[i] ?? '' })
      i++
      j++
    } else if ((best[(i + 1) * width + j] ?? 0) >= (best[i * width + j + 1] ?? 0)) out.push(removed(a[i++] ?? ''))
    else out.push(added(b[j++] ?? ''))
  }
  return [...out, ...a.slice(i).map(removed), ...b.slice(j).map(added)]
}
