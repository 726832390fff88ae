import type { Field, Schema, StructSchema } from '@kapell/openapi/schema/schema'

/**
 * Questions made from a good object: the same object with one thing wrong (or just different) at a time, for every
 * place that it fills. The schema says what can be wrong there.
 */
export interface Mutation {
  /** "spec.ports[0].port = -1". */
  name: string
  body: Record<string, unknown>
}

type Path = readonly (string | number)[]

export interface MutationOptions {
  /** Paths (without indexes) that are left alone, with all below them. */
  skip?: readonly string[]
  /** Only paths that start so. */
  only?: readonly string[]
}

const gone = Symbol('gone')
type Value = unknown

/** Each place of `body`, wrong in each of the ways its type can be wrong. */
export function wrongs(schema: StructSchema, body: object, options: MutationOptions = {}): Mutation[] {
  return places(schema, body, options).flatMap(({ path, schema: at, field, value }) =>
    wrongValues(at, field, value).map((wrong) => mutation(body, path, wrong)),
  )
}

/** Each place of `body` with another plausible value: what an update may or may not change. */
export function changes(schema: StructSchema, body: object, options: MutationOptions = {}): Mutation[] {
  return places(schema, body, options).flatMap(({ path, schema: at, field, value }) =>
    otherValues(at, field, value).map((other) => mutation(body, path, other)),
  )
}

interface Place {
  path: Path
  schema: Schema
  field: Field | undefined
  value: Value
}

function places(schema: StructSchema, body: object, { skip = [], only = [] }: MutationOptions): Place[] {
  const found: Place[] = []
  const walk = (at: Schema, field: Field | undefined, value: Value, path: Path): void => {
    const plain = path.filter((part) => typeof part === 'string').join('.')
    if (skip.includes(plain) || path[0] === 'metadata' || path[0] === 'kind' || path[0] === 'apiVersion') return
    const isWanted = only.length === 0 || only.some((prefix) => plain === prefix || plain.startsWith(`${prefix}.`))
    if (path.length > 0 && isWanted) found.push({ path, schema: at, field, value })
    if (at.kind === 'struct' && isObject(value)) {
      for (const [name, child] of Object.entries(value)) {
        const known = at.fields.get(name)
        if (known !== undefined) walk(known.schema, known, child, [...path, name])
      }
    }
    if (at.kind === 'list' && Array.isArray(value)) {
      for (const [i, item] of value.entries())
        if (typeof item === 'object') walk(at.items, undefined, item, [...path, i])
      if (value.length > 0 && typeof value[0] !== 'object') walk(at.items, undefined, value[0], [...path, 0])
    }
    if (at.kind === 'map' && isObject(value)) {
      const [key] = Object.keys(value)
      if (key !== undefined) walk(at.values, undefined, value[key], [...path, key])
    }
  }
  walk(schema, undefined, body, [])
  return found
}

function wrongValues(schema: Schema, field: Field | undefined, value: Value): Value[] {
  switch (schema.kind) {
    case 'string':
      if (field?.enum !== undefined) return [gone, '', 'Wrong']
      return [gone, '', 'Bad Value!', '-x']
    case 'boolean':
      return [value !== true]
    case 'int32':
    case 'int64':
    case 'number':
      return [gone, -1, 0, 100000]
    case 'quantity':
      return ['-1', '0', '1500m', 'Bad Value!']
    case 'intOrString':
      return [gone, -1, 0, 100000, '150%', 'Bad Value!']
    case 'list':
      return [gone, [], [...(value as unknown[]), ...(value as unknown[]).slice(0, 1)]]
    case 'map':
      return [gone, { ...(value as object), 'Bad Key!': Object.values(value as object)[0] }]
    case 'struct':
      return field === undefined ? [{}] : [gone, {}]
    default:
      return [gone]
  }
}

function otherValues(schema: Schema, field: Field | undefined, value: Value): Value[] {
  switch (schema.kind) {
    case 'string': {
      const other = field?.enum?.find((v) => v !== value && v !== '')
      return [gone, other ?? `${value as string}x`]
    }
    case 'boolean':
      return [value !== true]
    case 'int32':
    case 'int64':
    case 'number':
      return [(value as number) + 1, (value as number) - 1]
    case 'quantity':
      return ['7', '9Ti']
    case 'intOrString':
      return [typeof value === 'number' ? value + 1 : '7%']
    case 'list':
      return [gone]
    case 'map':
      return [gone, { ...(value as object), added: Object.values(value as object)[0] }]
    case 'struct':
      return field === undefined ? [] : [gone]
    default:
      return [gone]
  }
}

function mutation(body: object, path: Path, value: Value): Mutation {
  // Not structuredClone: what two places share would change in both.
  const copy = JSON.parse(JSON.stringify(body)) as Record<string, unknown>
  let parent: Record<string | number, unknown> = copy
  for (const part of path.slice(0, -1)) parent = parent[part] as Record<string | number, unknown>
  const last = path.at(-1) ?? ''
  if (value === gone) delete parent[last]
  else parent[last] = value
  const where = path.map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`)).join('')
  const what = value === gone ? 'gone' : short(value)
  return { name: `${where} ${value === gone ? 'gone' : `= ${what}`}`, body: copy }
}

function short(value: Value): string {
  const text = JSON.stringify(value)
  if (text.length <= 30) return text
  return Array.isArray(value) ? 'its first again' : 'with one more key'
}

const isObject = (value: Value): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
