/** The values and types of cel-spec's cases, which come as JSON of its protobuf messages. Only tests use this. */
import { ArrayList, EntryMap, type Value } from '../values/collections.ts'
import { parseDuration, parseTimestamp } from '../values/time.ts'
import { CelUint, TypeValue } from '../values/scalars.ts'
import { types, type CelType } from '../types/types.ts'

type Json = Record<string, unknown>
export class Unsupported extends Error {}

const doubles: Readonly<Record<string, number>> = { NaN, Infinity, '-Infinity': -Infinity }

export function wireValue(json: Json): Value {
  const [kind, raw] = Object.entries(json)[0] ?? ['nullValue', null]
  switch (kind) {
    case 'nullValue':
      return null
    case 'boolValue':
      return raw === true
    case 'stringValue':
      return String(raw)
    case 'int64Value':
      return BigInt(raw as string)
    case 'uint64Value':
      return new CelUint(BigInt(raw as string))
    case 'doubleValue':
      return typeof raw === 'string' && raw in doubles ? (doubles[raw] ?? NaN) : Number(raw)
    case 'bytesValue':
      return new Uint8Array(Buffer.from(raw as string, 'base64'))
    case 'typeValue':
      return new TypeValue(raw as string)
    case 'listValue':
      return new ArrayList((((raw as Json).values ?? []) as Json[]).map(wireValue))
    case 'mapValue': {
      const entries = ((raw as Json).entries ?? []) as { key: Json; value: Json }[]
      return new EntryMap(entries.map(({ key, value }) => [wireValue(key), wireValue(value)]))
    }
    case 'objectValue': {
      const { '@type': type, value } = raw as { '@type': string; value: string }
      if (type.endsWith('google.protobuf.Duration')) return parseDuration(value)
      if (type.endsWith('google.protobuf.Timestamp')) return parseTimestamp(value)
    }
  }
  throw new Unsupported(kind)
}

const primitives: Readonly<Record<string, CelType>> = {
  BOOL: types.bool,
  INT64: types.int,
  UINT64: types.uint,
  DOUBLE: types.double,
  STRING: types.string,
  BYTES: types.bytes,
}
export function wireType(json: Json): CelType {
  const [kind, raw] = Object.entries(json)[0] ?? ['dyn', {}]
  switch (kind) {
    case 'dyn':
      return types.dyn
    case 'null':
      return types.null
    case 'typeParam':
      return types.param(String(raw))
    case 'primitive':
      return primitives[String(raw)] ?? types.dyn
    case 'wellKnown':
      return raw === 'TIMESTAMP' ? types.timestamp : raw === 'DURATION' ? types.duration : types.dyn
    case 'messageType':
      if (raw === 'google.protobuf.Duration') return types.duration
      if (raw === 'google.protobuf.Timestamp') return types.timestamp
      break
    case 'listType':
      return types.list(wireType((raw as { elemType: Json }).elemType))
    case 'mapType': {
      const { keyType, valueType } = raw as { keyType: Json; valueType: Json }
      return types.map(wireType(keyType), wireType(valueType))
    }
    case 'type':
      return types.type(wireType(raw as Json))
    case 'abstractType': {
      const { name, parameterTypes = [] } = raw as { name: string; parameterTypes?: Json[] }
      return name === 'optional_type' ? types.optional(wireType(parameterTypes[0] ?? {})) : types.opaque(name)
    }
  }
  throw new Unsupported(kind)
}
