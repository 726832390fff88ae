/** Types of values while an expression runs. */
import type { CelType } from '../types/types.ts'
import { ListValue, MapValue, OptionalValue, type Value } from './collections.ts'
import { CelUint, Duration, OpaqueValue, Timestamp, TypeValue } from './scalars.ts'

/** The name that `type(x)` has as text. */
export function typeNameOf(value: Value): string {
  switch (typeof value) {
    case 'boolean':
      return 'bool'
    case 'bigint':
      return 'int'
    case 'number':
      return 'double'
    case 'string':
      return 'string'
  }
  if (value === null) return 'null_type'
  if (value instanceof ListValue) return 'list'
  if (value instanceof MapValue) return value.typeName ?? 'map'
  if (value instanceof Uint8Array) return 'bytes'
  if (value instanceof CelUint) return 'uint'
  if (value instanceof Timestamp) return 'google.protobuf.Timestamp'
  if (value instanceof Duration) return 'google.protobuf.Duration'
  if (value instanceof TypeValue) return 'type'
  return value instanceof OptionalValue ? 'optional_type' : value.typeName
}

/** A test whether a value can be an argument of the type; what is inside of lists and maps is not looked at. */
export function guardOf(type: CelType): (value: Value) => boolean {
  switch (type.kind) {
    case 'dyn':
    case 'param':
    case 'error':
      return () => true
    case 'null':
      return (value) => value === null
    case 'bool':
      return (value) => typeof value === 'boolean'
    case 'int':
      return (value) => typeof value === 'bigint'
    case 'double':
      return (value) => typeof value === 'number'
    case 'string':
      return (value) => typeof value === 'string'
    case 'uint':
      return (value) => value instanceof CelUint
    case 'bytes':
      return (value) => value instanceof Uint8Array
    case 'timestamp':
      return (value) => value instanceof Timestamp
    case 'duration':
      return (value) => value instanceof Duration
    case 'list':
      return (value) => value instanceof ListValue
    case 'map':
    case 'object':
      return (value) => value instanceof MapValue
    case 'optional':
      return (value) => value instanceof OptionalValue
    case 'type':
      return (value) => value instanceof TypeValue
    case 'opaque':
      return (value) => value instanceof OpaqueValue && value.typeName === type.name
  }
}
