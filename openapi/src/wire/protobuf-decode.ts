import { formatDuration } from '../meta/duration.ts'
import { rfc3339 } from '../meta/time.ts'
import { setOwn, type JsonObject } from '../patch/json.ts'
import { toBase64 } from './base64.ts'
import { decodeText } from './json.ts'
import { ProtobufError, type ByteReader } from './protobuf-bytes.ts'
import { messageNamed, type ProtobufField, type ProtobufMessage } from './protobuf-schema.ts'

/** Real objects stay far below; schemas in CustomResourceDefinitions go deepest. */
const maxDepth = 200
const schemaMessage = 'apiextensions/v1.JSONSchemaProps'

/** Reads a message as JSON. Unknown fields are passed over. `embedded` reads an object that stands in an envelope. */
export function readMessage(
  message: ProtobufMessage,
  bytes: ByteReader,
  embedded: (raw: Uint8Array) => unknown,
): JsonObject {
  const object: JsonObject = {}
  new MessageReader(embedded).into(object, message, bytes, 0)
  return object
}

class MessageReader {
  readonly #embedded: (raw: Uint8Array) => unknown
  constructor(embedded: (raw: Uint8Array) => unknown) {
    this.#embedded = embedded
  }

  into(object: JsonObject, message: ProtobufMessage, bytes: ByteReader, depth: number): void {
    if (depth > maxDepth) throw new ProtobufError('proto: nested too deep')
    while (!bytes.done) {
      const tag = bytes.uint32()
      const [number, wireType] = [tag >>> 3, tag & 7]
      if (number === 0) throw new ProtobufError(`proto: ${message.name}: illegal tag 0 (wire type ${wireType})`)
      const field = message.byNumber.get(number)
      if (field === undefined) bytes.skip(wireType)
      else this.#field(object, field, wireType, bytes, depth)
    }
  }

  #field(object: JsonObject, field: ProtobufField, wireType: number, bytes: ByteReader, depth: number): void {
    if (field.kind === 'repeated' && wireType === 2 && wireTypeOf(field) !== 2) {
      const packed = bytes.sub()
      while (!packed.done) append(object, field.name, this.#value(field, packed, depth))
      return
    }
    if (wireType !== (field.kind === 'single' || field.kind === 'repeated' ? wireTypeOf(field) : 2))
      throw new ProtobufError(`proto: wrong wireType = ${wireType} for field ${field.name}`)
    switch (field.kind) {
      case 'inline':
        this.into(object, target(field.messageName), bytes.sub(), depth + 1)
        return
      case 'single':
        setOwn(object, field.name, this.#value(field, bytes, depth))
        return
      case 'repeated':
        append(object, field.name, this.#value(field, bytes, depth))
        return
      case 'map': {
        let map = object[field.name] as JsonObject | undefined
        if (map === undefined) object[field.name] = map = {}
        this.#entry(map, field, bytes.sub(), depth + 1)
      }
    }
  }

  /** A map's entry: key is field 1, value field 2. */
  #entry(map: JsonObject, field: ProtobufField, entry: ByteReader, depth: number): void {
    let key = ''
    let value: unknown
    while (!entry.done) {
      const tag = entry.uint32()
      if (tag === 10) key = entry.string()
      else if (tag === 18 || tag >>> 3 === 2) value = this.#value(field, entry, depth)
      else entry.skip(tag & 7)
    }
    setOwn(map, key, value === undefined ? emptyOf(field) : value)
  }

  #value(field: ProtobufField, bytes: ByteReader, depth: number): unknown {
    switch (field.type) {
      case 'string':
        return bytes.string()
      case 'bool':
        return bytes.uint32() !== 0
      case 'int32':
        return bytes.int32()
      case 'int64':
        return bytes.int64()
      case 'double':
        return bytes.double()
      case 'bytes':
        return toBase64(bytes.data())
      case 'message':
        return this.#message(field.messageName, bytes.sub(), depth)
      case 'quantity':
        return scalarsOf(bytes.sub())[1] ?? '0'
      case 'time':
        return timeOf(bytes.sub(), false)
      case 'microTime':
        return timeOf(bytes.sub(), true)
      case 'duration':
        return formatDuration(Number(scalarsOf(bytes.sub())[1] ?? 0))
      case 'intOrString': {
        const { 1: type, 2: int, 3: text } = scalarsOf(bytes.sub())
        return type === 1 ? (text ?? '') : typeof int === 'number' ? int | 0 : 0
      }
      case 'raw':
        return this.#raw(bytes.sub())
      case 'fieldsV1':
        return this.#raw(bytes.sub()) ?? {}
      case 'strings':
        return stringsOf(bytes.sub())
      default:
        return this.#schemaOr(bytes.sub(), field.type, depth)
    }
  }

  #message(name: string, bytes: ByteReader, depth: number): JsonObject {
    const object: JsonObject = {}
    this.into(object, target(name), bytes, depth + 1)
    return object
  }

  /** A message whose field 1 holds JSON bytes, or an enveloped object. */
  #raw(bytes: ByteReader): unknown {
    let raw: Uint8Array | undefined
    while (!bytes.done) {
      const tag = bytes.uint32()
      if (tag === 10) raw = bytes.data()
      else bytes.skip(tag & 7)
    }
    if (raw === undefined || raw.length === 0) return null
    return this.#embedded(raw)
  }

  /** The unions of JSON schema: field 1 and 2 hold one form each; which is which depends on the type. */
  #schemaOr(bytes: ByteReader, type: ProtobufField['type'], depth: number): unknown {
    const list: unknown[] = []
    let schema: unknown
    let allows = false
    while (!bytes.done) {
      const tag = bytes.uint32()
      const number = tag >>> 3
      const isSchema = type === 'schemaOrBool' ? number === 2 : number === 1
      if (isSchema && (tag & 7) === 2) schema = this.#message(schemaMessage, bytes.sub(), depth)
      else if (type === 'schemaOrBool' && tag === 8) allows = bytes.uint32() !== 0
      else if (type === 'schemaOrArray' && tag === 18) list.push(this.#message(schemaMessage, bytes.sub(), depth))
      else if (type === 'schemaOrStrings' && tag === 18) list.push(bytes.string())
      else bytes.skip(tag & 7)
    }
    if (schema !== undefined) return schema
    return type === 'schemaOrBool' ? allows : list
  }
}

function wireTypeOf(field: ProtobufField): number {
  switch (field.type) {
    case 'bool':
    case 'int32':
    case 'int64':
      return 0
    case 'double':
      return 1
    default:
      return 2
  }
}

function target(name: string): ProtobufMessage {
  const message = messageNamed(name)
  if (message === undefined) throw new ProtobufError(`proto: no message ${name}`)
  return message
}

function append(object: JsonObject, name: string, value: unknown): void {
  const list = object[name]
  if (Array.isArray(list)) list.push(value)
  else object[name] = [value]
}

function emptyOf(field: ProtobufField): unknown {
  if (field.type === 'string' || field.type === 'bytes') return ''
  if (field.type === 'time' || field.type === 'microTime' || field.type === 'raw') return null
  if (field.type === 'duration') return '0s'
  return field.type === 'strings' ? [] : field.type === 'quantity' ? '0' : {}
}

/** The numbers and texts of a small message, by field. */
function scalarsOf(bytes: ByteReader): Record<number, string | number> {
  const found: Record<number, string | number> = {}
  while (!bytes.done) {
    const tag = bytes.uint32()
    const number = tag >>> 3
    if ((tag & 7) === 0) found[number] = bytes.int64()
    else if ((tag & 7) === 2) found[number] = bytes.string()
    else bytes.skip(tag & 7)
  }
  return found
}

function stringsOf(bytes: ByteReader): string[] {
  const found: string[] = []
  while (!bytes.done) {
    const tag = bytes.uint32()
    if (tag === 10) found.push(bytes.string())
    else bytes.skip(tag & 7)
  }
  return found
}

/** The year 1, which is how a time that is not set is written. */
const unsetSeconds = -62135596800
const maxSeconds = 253402300799

function timeOf(bytes: ByteReader, micro: boolean): string | null {
  if (bytes.done) return null
  const { 1: seconds = 0, 2: nanos = 0 } = scalarsOf(bytes)
  if (typeof seconds !== 'number' || typeof nanos !== 'number' || seconds < unsetSeconds || seconds > maxSeconds)
    throw new ProtobufError('proto: time out of range')
  if (seconds === unsetSeconds && nanos === 0) return null
  const text = rfc3339(new Date(seconds * 1000))
  if (!micro) return text
  const micros = Math.floor(Math.min(Math.max(nanos, 0), 999_999_999) / 1000)
  return `${text.slice(0, -1)}.${String(micros).padStart(6, '0')}Z`
}

/** JSON bytes as a value; throws {@link ProtobufError}. */
export function readJsonBytes(raw: Uint8Array): unknown {
  try {
    return JSON.parse(decodeText(raw)) as unknown
  } catch {
    throw new ProtobufError('proto: a raw object is not JSON')
  }
}
