/** The standard functions, without arithmetic, conversions and time. Source: cel-spec, "List of Standard Definitions". */
import type { ListValue } from '../values/collections.ts'
import { ArrayList, GrowingList, mapKey, type MapValue, type Value } from '../values/collections.ts'
import { compare, equals } from '../values/compare.ts'
import { codePointLength } from '../values/text.ts'
import { typeNameOf } from '../values/type-of.ts'
import { TypeValue } from '../values/scalars.ts'
import { CelError } from '../runtime/errors.ts'
import { elements, fixed, matchText, searchText, walk, walkBoth, walkShorter } from './costs.ts'
import { declare, type Implementation, type LibraryTable } from './declare.ts'
import { findAt } from './lists.ts'
import { matches } from './patterns.ts'

/** Order is known between all numbers, and inside of each other ordered type. */
const ordered = ['bool', 'int', 'uint', 'double', 'string', 'bytes', 'timestamp', 'duration']
const numbers = new Set(['int', 'uint', 'double'])

/** Rows for `<`, `<=`, `>=`, `>`: each with the test on the outcome of a comparison. */
function comparisons(fn: string, holds: (order: number) => boolean): LibraryTable {
  const call = (a: Value, b: Value): boolean => {
    const order = compare(a, b)
    return order !== undefined && holds(order)
  }
  const pairs = ordered.flatMap((a) =>
    ordered.filter((b) => a === b || (numbers.has(a) && numbers.has(b))).map((b) => [a, b] as const),
  )
  return Object.fromEntries(
    pairs.map(([a, b]): [string, Implementation] => [
      `${fn}(${a}, ${b}): bool`,
      a === 'string' || a === 'bytes' ? { call, cost: walkShorter } : { call },
    ]),
  )
}

/** `a + b` of lists; sets and keyed lists of a schema are merged. */
export function concatenate(a: ListValue, b: ListValue): ListValue {
  if (a instanceof GrowingList) {
    a.items.push(...b)
    return a
  }
  if (!a.semantics) return new ArrayList([...a, ...b])
  const merged = [...a]
  for (const item of b) {
    const at = findAt(merged, item, a.semantics)
    if (at < 0) merged.push(item)
    else merged[at] = item
  }
  return new ArrayList(merged)
}

const added = (sizes: readonly number[]): number => (sizes[0] ?? 1) + (sizes[1] ?? 1)

/** `list[index]`; the index may be any whole number when its type was not known before. */
export function elementAt(list: ListValue, index: Value): Value {
  const key = mapKey(index)
  if (typeof key !== 'bigint') {
    throw new CelError(
      typeof index === 'number'
        ? `unsupported index value ${index} in list`
        : `unsupported index type '${typeNameOf(index)}' in list`,
    )
  }
  const value = key < 0n ? undefined : list.get(Number(key))
  if (value === undefined) throw new CelError(`index out of bounds: ${key}`)
  return value
}

/** `map[key]`; also how a field is selected from a map. */
export function entryOf(map: MapValue, key: Value): Value {
  const normal = mapKey(key)
  const value = normal === undefined ? undefined : map.get(normal)
  if (value === undefined) throw new CelError(`no such key: ${typeof key === 'bigint' ? key : String(normal)}`)
  return value
}

const inMap = (key: Value, map: MapValue): boolean => {
  const normal = mapKey(key)
  return normal !== undefined && map.has(normal)
}

const sized: Implementation = {
  call: (value: string | Uint8Array | ListValue | MapValue) => {
    if (typeof value === 'string') return BigInt(codePointLength(value))
    return BigInt(value instanceof Uint8Array ? value.length : value.size)
  },
}

export const standard = declare({
  ...comparisons('_<_', (order) => order < 0),
  ...comparisons('_<=_', (order) => order <= 0),
  ...comparisons('_>=_', (order) => order >= 0),
  ...comparisons('_>_', (order) => order > 0),
  '_==_(A, A): bool': { call: (a: Value, b: Value) => equals(a, b), cost: walkShorter },
  '_!=_(A, A): bool': { call: (a: Value, b: Value) => !equals(a, b), cost: walkShorter },
  '!_(bool): bool': (value: boolean) => !value,
  '_+_(string, string): string': { call: (a: string, b: string) => a + b, cost: walkBoth, resultSize: added },
  '_+_(bytes, bytes): bytes': {
    call: (a: Uint8Array, b: Uint8Array) => new Uint8Array([...a, ...b]),
    cost: walkBoth,
    resultSize: added,
  },
  '_+_(list<A>, list<A>): list<A>': { call: concatenate, resultSize: added },
  '_[_](list<A>, int): A': elementAt,
  '_[_](map<A, B>, A): B': entryOf,
  '@in(A, list<A>): bool': {
    call: (value: Value, list: ListValue) => {
      for (const item of list) if (equals(value, item)) return true
      return false
    },
    cost: elements(1),
  },
  '@in(A, map<A, B>): bool': inMap,
  'size(string): int': sized,
  'size(bytes): int': sized,
  'size(list<A>): int': sized,
  'size(map<A, B>): int': sized,
  'string.size(): int': sized,
  'bytes.size(): int': sized,
  'list<A>.size(): int': sized,
  'map<A, B>.size(): int': sized,
  'string.contains(string): bool': { call: (text: string, part: string) => text.includes(part), cost: searchText },
  'string.startsWith(string): bool': { call: (text: string, part: string) => text.startsWith(part), cost: walk(1) },
  'string.endsWith(string): bool': { call: (text: string, part: string) => text.endsWith(part), cost: walk(1) },
  'matches(string, string): bool': { call: matches, cost: matchText },
  'string.matches(string): bool': { call: matches, cost: matchText },
  'type(A): type<A>': (value: Value) => new TypeValue(typeNameOf(value)),
  'dyn(A): dyn': (value: Value) => value,
  '@not_strictly_false(bool): bool': { call: (value: boolean) => value, cost: fixed(1) },
})
