/**
 * Lists. Source: the Kubernetes documentation, "Kubernetes list library", and the lists extension's document
 * (flatten, slice, sort, distinct, reverse, range).
 */
import { CelError } from '../runtime/errors.ts'
import { ArrayList, ListValue, MapValue, type ListSemantics, type Value } from '../values/collections.ts'
import { compare, equals, numeric } from '../values/compare.ts'
import { CelUint, Duration, int } from '../values/scalars.ts'
import { elements, pairs, squared, sum as sumOf, traversal } from './costs.ts'
import { declare, type Implementation, type LibraryTable } from './declare.ts'

/** Where a list of the given semantics holds the item, or what it replaces. */
export function findAt(items: readonly Value[], item: Value, semantics?: ListSemantics): number {
  if (semantics?.kind !== 'map') return items.findIndex((other) => equals(other, item))
  return items.findIndex((other) => semantics.keys.every((key) => sameField(other, item, key)))
}
function sameField(a: Value, b: Value, field: string): boolean {
  if (!(a instanceof MapValue) || !(b instanceof MapValue)) return false
  const [x, y] = [a.get(field), b.get(field)]
  return x === undefined || y === undefined ? x === y : equals(x, y)
}

/** The order of two values of a list; no two may be of different types. */
function order(a: Value, b: Value): number {
  const outcome = typeof a === typeof b ? compare(a, b) : undefined
  if (outcome === undefined) throw new CelError('list elements must have the same type')
  return outcome
}

const comparable = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes']
const summable = ['int', 'uint', 'double', 'duration']

/** One row for each type of element. */
const each = (elementTypes: readonly string[], row: (type: string) => [string, Implementation]): LibraryTable =>
  Object.fromEntries(elementTypes.map(row))

function isSorted(list: ListValue): boolean {
  let previous: Value | undefined
  for (const item of list) {
    if (previous !== undefined && order(previous, item) > 0) return false
    previous = item
  }
  return true
}

const extreme =
  (name: string, sign: 1 | -1) =>
  (list: ListValue): Value => {
    let best: Value | undefined
    for (const item of list) if (best === undefined || order(item, best) * sign > 0) best = item
    if (best === undefined) throw new CelError(`${name} called on empty list`)
    return best
  }

/** Adds up; zero of the element's type for an empty list. */
const sum =
  (zero: Value) =>
  (list: ListValue): Value => {
    let total: bigint | number | undefined
    for (const item of list) {
      const next = item instanceof Duration ? item.nanos : numeric(item)
      if (typeof next === 'bigint') total = next + (typeof total === 'bigint' ? total : 0n)
      else if (typeof next === 'number') total = next + (typeof total === 'number' ? total : 0)
    }
    if (total === undefined) return zero
    if (typeof total === 'number') return total
    if (zero instanceof Duration) return new Duration(total)
    return zero instanceof CelUint ? CelUint.checked(total) : int(total)
  }
const zeros: Readonly<Record<string, Value>> = { int: 0n, uint: new CelUint(0n), double: 0, duration: new Duration(0n) }

const indexOf = (list: ListValue, item: Value): bigint => BigInt([...list].findIndex((other) => equals(other, item)))
const lastIndexOf = (list: ListValue, item: Value): bigint =>
  BigInt([...list].findLastIndex((other) => equals(other, item)))

/** No list built here may grow past this: a budget counts only what was built already. */
const maxElements = 1_000_000

function flatten(list: ListValue, depth = 1n): ListValue {
  if (depth < 0n) throw new CelError('level must be non-negative')
  const flat: Value[] = []
  const add = (from: ListValue, left: bigint): void => {
    for (const item of from) {
      if (item instanceof ListValue && left > 0n) add(item, left - 1n)
      else flat.push(item)
    }
  }
  add(list, depth > 100n ? 100n : depth)
  return new ArrayList(flat)
}

function slice(list: ListValue, from: bigint, to: bigint): ListValue {
  if (from < 0n || to < 0n) throw new CelError(`cannot slice(${from}, ${to}), negative indexes not supported`)
  if (from > to) throw new CelError(`cannot slice(${from}, ${to}), start index must be less than or equal to end index`)
  if (to > BigInt(list.size)) throw new CelError(`cannot slice(${from}, ${to}), list is length ${list.size}`)
  return new ArrayList([...list].slice(Number(from), Number(to)))
}

function sortByKeys(list: ListValue, keys: ListValue): ListValue {
  const items = [...list].map((item, i) => ({ item, key: keys.get(i) as Value }))
  return new ArrayList(items.sort((a, b) => order(a.key, b.key)).map(({ item }) => item))
}

function distinct(list: ListValue): ListValue {
  const seen: Value[] = []
  const plain = new Set<Value>()
  for (const item of list) {
    if (typeof item === 'string' || typeof item === 'boolean') {
      if (plain.has(item)) continue
      plain.add(item)
      seen.push(item)
    } else if (!seen.some((other) => equals(other, item))) seen.push(item)
  }
  return new ArrayList(seen)
}

function range(count: bigint): ListValue {
  if (count > BigInt(maxElements)) throw new CelError(`range size ${count} exceeds limit ${maxElements}`)
  return new ArrayList(Array.from({ length: Math.max(0, Number(count)) }, (_, i) => BigInt(i)))
}

const sameSize = ([size = 1]: readonly number[]): number => size

export const listLibrary = declare({
  ...each(comparable, (type) => [`list<${type}>.isSorted(): bool`, { call: isSorted, cost: traversal() }]),
  ...each(comparable, (type) => [`list<${type}>.min(): ${type}`, { call: extreme('min', -1), cost: traversal() }]),
  ...each(comparable, (type) => [`list<${type}>.max(): ${type}`, { call: extreme('max', 1), cost: traversal() }]),
  ...each(summable, (type) => [`list<${type}>.sum(): ${type}`, { call: sum(zeros[type] ?? 0n), cost: traversal() }]),
  'list<A>.indexOf(A): int': { call: indexOf, cost: traversal() },
  'list<A>.lastIndexOf(A): int': { call: lastIndexOf, cost: traversal() },
  'list<list<A>>.flatten(): list<A>': { call: flatten, cost: elements() },
  'list<dyn>.flatten(int): list<dyn>': { call: flatten, cost: elements() },
  'list<A>.slice(int, int): list<A>': { call: slice, cost: elements(), resultSize: sameSize },
  'list<A>.distinct(): list<A>': { call: distinct, cost: squared, resultSize: sameSize },
  'list<A>.reverse(): list<A>': {
    call: (list: ListValue) => new ArrayList([...list].reverse()),
    cost: elements(),
    resultSize: sameSize,
  },
  ...each(comparable, (type) => [
    `list<${type}>.sort(): list<${type}>`,
    {
      call: (list: ListValue) => new ArrayList([...list].sort(order)),
      cost: sumOf(elements(), squared),
      resultSize: sameSize,
    },
  ]),
  ...each(comparable, (type) => [
    `list<A>.@sortByAssociatedKeys(list<${type}>): list<A>`,
    { call: sortByKeys, cost: pairs, resultSize: sameSize },
  ]),
  // Its size is in the argument, which no estimate looks into.
  'lists.range(int): list<int>': { call: range, cost: (_, result) => result, resultSize: () => 1 },
})
