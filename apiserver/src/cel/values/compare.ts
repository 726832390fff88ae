/** Equality and order over all values. Source: cel-spec's language definition, "Equality" and "Ordering". */
import { ListValue, mapKey, MapValue, OptionalValue, type Value } from './collections.ts'
import { CelUint, Duration, OpaqueValue, Timestamp, TypeValue } from './scalars.ts'

type Numeric = bigint | number
/** The number behind an int, uint or double. */
export function numeric(value: Value): Numeric | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value
  return value instanceof CelUint ? value.value : undefined
}

/** Between an int and a double the int's nearest double counts, as upstream has it. NaN is in no order. */
export function compareNumbers(a: Numeric, b: Numeric): -1 | 0 | 1 | undefined {
  if (typeof a !== typeof b) return compareNumbers(Number(a), Number(b))
  if (a < b) return -1
  if (a > b) return 1
  return a >= b ? 0 : undefined
}

export function compareBytes(a: Uint8Array, b: Uint8Array): -1 | 0 | 1 {
  const order = Buffer.compare(a, b)
  return order < 0 ? -1 : order > 0 ? 1 : 0
}

const surrogate = /[\ud800-\udfff]/
/** By code points: UTF-16 order differs above U+FFFF. */
export function compareText(a: string, b: string): -1 | 0 | 1 {
  if (surrogate.test(a) || surrogate.test(b)) return compareBytes(Buffer.from(a), Buffer.from(b))
  return a < b ? -1 : a > b ? 1 : 0
}

/** Undefined: these two have no order. */
export function compare(a: Value, b: Value): -1 | 0 | 1 | undefined {
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b)
  if (typeof a === 'boolean' && typeof b === 'boolean') return a === b ? 0 : a ? 1 : -1
  const [x, y] = [numeric(a), numeric(b)]
  if (x !== undefined && y !== undefined) return compareNumbers(x, y)
  if (a instanceof Timestamp && b instanceof Timestamp) return compareNumbers(a.nanos, b.nanos)
  if (a instanceof Duration && b instanceof Duration) return compareNumbers(a.nanos, b.nanos)
  if (a instanceof Uint8Array && b instanceof Uint8Array) return compareBytes(a, b)
  return undefined
}

/** Values of different types are unequal; numbers are equal when their values are. */
export function equals(a: Value, b: Value): boolean {
  if (a === b) return typeof a !== 'number' || !Number.isNaN(a)
  if (a === null || b === null) return false
  if (typeof a === 'string' || typeof a === 'boolean') return false
  const x = numeric(a)
  if (x !== undefined) {
    const y = numeric(b)
    return y !== undefined && compareNumbers(x, y) === 0
  }
  if (a instanceof ListValue) return b instanceof ListValue && equalLists(a, b)
  if (a instanceof MapValue) return b instanceof MapValue && equalMaps(a, b)
  if (a instanceof Uint8Array) return b instanceof Uint8Array && compareBytes(a, b) === 0
  if (a instanceof Timestamp) return b instanceof Timestamp && a.nanos === b.nanos
  if (a instanceof Duration) return b instanceof Duration && a.nanos === b.nanos
  if (a instanceof TypeValue) return b instanceof TypeValue && a.name === b.name
  if (a instanceof OptionalValue) return b instanceof OptionalValue && equalOptionals(a, b)
  return a instanceof OpaqueValue && b instanceof OpaqueValue && a.typeName === b.typeName && a.equals(b)
}

function equalOptionals(a: OptionalValue, b: OptionalValue): boolean {
  if (a.value === undefined || b.value === undefined) return a.value === b.value
  return equals(a.value, b.value)
}

function equalLists(a: ListValue, b: ListValue): boolean {
  if (a.size !== b.size) return false
  if (a.semantics || b.semantics) {
    const others = [...b]
    return [...a].every((item) => others.some((other) => equals(item, other)))
  }
  for (let i = 0; i < a.size; i++) if (!equals(a.get(i) as Value, b.get(i) as Value)) return false
  return true
}

function equalMaps(a: MapValue, b: MapValue): boolean {
  if (a.size !== b.size) return false
  for (const key of a.keys()) {
    const normal = mapKey(key)
    const [x, y] = normal === undefined ? [] : [a.get(normal), b.get(normal)]
    if (x === undefined || y === undefined || !equals(x, y)) return false
  }
  return true
}
