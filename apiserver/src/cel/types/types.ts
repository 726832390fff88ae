/** Types as the checker sees them, written as its messages write them: `list(string)`, `map(string, int)`. */

export type TypeKind =
  | 'dyn' | 'error' | 'null' | 'bool' | 'int' | 'uint' | 'double' | 'string' | 'bytes' | 'timestamp' | 'duration'
  | 'list' | 'map' | 'optional' | 'type' | 'object' | 'opaque' | 'param' // prettier-ignore

export interface Field {
  readonly type: CelType
  /** The name in JSON; the expression's own name for it is escaped. */
  readonly jsonName: string
  readonly required: boolean
}

export interface CelType {
  readonly kind: TypeKind
  readonly name: string
  readonly params: readonly CelType[]
  /** Of objects: by the name that expressions use. */
  readonly fields?: ReadonlyMap<string, Field>
  /** An object that may have any field besides, of any type. */
  readonly open?: boolean
  /** The most code points, bytes, elements or entries a value can have, where a schema says so. */
  readonly maxSize?: number
  /** x-kubernetes-list-type, of lists. */
  readonly listType?: 'set' | 'map'
  readonly listMapKeys?: readonly string[]
  /** Bytes of the smallest JSON text of such a value; how many fit into a request follows. */
  readonly minJsonSize?: number
}

const simple = (kind: TypeKind, name: string = kind): CelType => ({ kind, name, params: [] })

export const types = {
  dyn: simple('dyn'),
  error: simple('error', '!error!'),
  null: simple('null'),
  bool: simple('bool'),
  int: simple('int'),
  uint: simple('uint'),
  double: simple('double'),
  string: simple('string'),
  bytes: simple('bytes'),
  timestamp: simple('timestamp'),
  duration: simple('duration'),
  list: (element: CelType): CelType => ({ kind: 'list', name: 'list', params: [element] }),
  map: (key: CelType, value: CelType): CelType => ({ kind: 'map', name: 'map', params: [key, value] }),
  optional: (value: CelType): CelType => ({ kind: 'optional', name: 'optional_type', params: [value] }),
  type: (of: CelType): CelType => ({ kind: 'type', name: 'type', params: [of] }),
  param: (name: string): CelType => simple('param', name),
  opaque: (name: string): CelType => simple('opaque', name),
  object: (name: string, fields: ReadonlyMap<string, Field>): CelType => ({ kind: 'object', name, params: [], fields }),
} as const

export function formatType(type: CelType): string {
  return type.params.length === 0 ? type.name : `${type.name}(${type.params.map(formatType).join(', ')})`
}

export const isDynamic = (type: CelType): boolean => type.kind === 'dyn' || type.kind === 'error'

/** Whether both are one type, parameters included. */
export function sameType(a: CelType, b: CelType): boolean {
  if (a === b) return true
  if (a.kind !== b.kind || a.name !== b.name || a.params.length !== b.params.length) return false
  return a.params.every((param, i) => sameType(param, b.params[i] as CelType))
}
