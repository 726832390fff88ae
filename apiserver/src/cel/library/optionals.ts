/** Optional values. Source: the optional types' document of cel-spec. */
import { CelError } from '../runtime/errors.ts'
import { ArrayList, EntryMap, ListValue, mapKey, MapValue, OptionalValue, type Value } from '../values/collections.ts'
import { CelUint, Duration, Timestamp } from '../values/scalars.ts'
import { typeNameOf } from '../values/type-of.ts'
import { declare } from './declare.ts'

const epochlessZero = -62135596800n * 1_000_000_000n

function isZero(value: Value): boolean {
  if (value === null || value === false || value === 0 || value === 0n || value === '') return true
  if (value instanceof Uint8Array) return value.length === 0
  if (value instanceof ListValue || value instanceof MapValue) return value.size === 0
  if (value instanceof CelUint) return value.value === 0n
  if (value instanceof Duration) return value.nanos === 0n
  if (value instanceof Timestamp) return value.nanos === epochlessZero || value.nanos === 0n
  return value instanceof OptionalValue && value.value === undefined
}

/** `a.?b`, `a[?b]`: nothing where there is nothing, and through an optional into its value. */
export function optionalEntry(container: Value, key: Value): OptionalValue {
  if (container instanceof OptionalValue) {
    return container.value === undefined ? container : optionalEntry(container.value, key)
  }
  const normal = mapKey(key)
  if (container instanceof MapValue) return OptionalValue.of(normal === undefined ? undefined : container.get(normal))
  if (container instanceof ListValue && typeof normal === 'bigint') {
    return OptionalValue.of(normal < 0n ? undefined : container.get(Number(normal)))
  }
  throw new CelError(
    typeof key === 'string'
      ? 'no such overload'
      : `unsupported index type '${typeNameOf(key)}' in ${typeNameOf(container)}`,
  )
}

function valueOf(optional: OptionalValue): Value {
  if (optional.value === undefined) throw new CelError('optional.none() dereference')
  return optional.value
}
const element = (list: ListValue, index: number): OptionalValue => OptionalValue.of(list.get(index))

export const optionals = declare({
  'optional.of(A): optional<A>': (value: Value) => new OptionalValue(value),
  'optional.none(): optional<A>': () => OptionalValue.none,
  'optional.ofNonZeroValue(A): optional<A>': (value: Value) =>
    isZero(value) ? OptionalValue.none : new OptionalValue(value),
  'optional<A>.value(): A': valueOf,
  'optional<A>.hasValue(): bool': (optional: OptionalValue) => optional.value !== undefined,
  '_[?_](list<A>, int): optional<A>': optionalEntry,
  '_[?_](map<A, B>, A): optional<B>': optionalEntry,
  '_[?_](optional<list<A>>, int): optional<A>': optionalEntry,
  '_[?_](optional<map<A, B>>, A): optional<B>': optionalEntry,
  '_[_](optional<list<A>>, int): optional<A>': optionalEntry,
  '_[_](optional<map<A, B>>, A): optional<B>': optionalEntry,
  'list<A>.first(): optional<A>': (list: ListValue) => element(list, 0),
  'list<A>.last(): optional<A>': (list: ListValue) => element(list, list.size - 1),
  'optional.unwrap(list<optional<A>>): list<A>': unwrap,
  'list<optional<A>>.unwrapOpt(): list<A>': unwrap,
})

function unwrap(list: ListValue): ListValue {
  return new ArrayList(
    [...list].flatMap((item) => (item instanceof OptionalValue && item.value !== undefined ? [item.value] : [])),
  )
}

/** What the folds of `transformMap` and `transformMapEntry` collect with. */
export const mapInserts = declare({
  'cel.@mapInsert(map<A, B>, A, B): map<A, B>': (map: MapValue, key: Value, value: Value) =>
    growing(map).insert(key, value),
  'cel.@mapInsert(map<A, B>, map<A, B>): map<A, B>': (map: MapValue, more: MapValue) => {
    const target = growing(map)
    for (const key of more.keys()) target.insert(key, more.get(mapKey(key) ?? '') as Value)
    return target
  },
})
const growing = (map: MapValue): EntryMap => (map instanceof EntryMap ? map : new EntryMap())
