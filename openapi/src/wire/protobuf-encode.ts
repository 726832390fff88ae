import { parseDuration } from '../meta/duration.ts'
import { parseRfc3339 } from '../meta/time.ts'
import { isObject, type JsonObject } from '../patch/json.ts'
import { fromBase64 } from './base64.ts'
import { encodeJson } from './json.ts'
import { ProtobufError, type ByteWriter } from './protobuf-bytes.ts'
import { messageNamed, type ProtobufField, type ProtobufMessage } from './protobuf-schema.ts'

const schemaMessage = 'apiextensions/v1.JSONSchemaProps'
const maxDepth = 200

/** Writes the fields that an object has. Throws {@link ProtobufError} on values of the wrong type. */
export function writeMessage(message: ProtobufMessage, object: JsonObject, out: ByteWriter, depth = 0): void {
  if (depth > maxDepth) throw new ProtobufError('proto: nested too deep')
  for (let i = message.fields.length - 1; i >= 0; i -= 1) {
    const field = message.fields[i]
    if (field === undefined) continue
    if (field.kind === 'inline') writeInline(field, object, out, depth)
    // No field is called as a member that every object inherits.
    else writeField(field, object[field.name], out, depth)
  }
}

const wrong = (field: ProtobufField, value: unknown): ProtobufError =>
  new ProtobufError(`proto: field ${field.name} cannot hold ${JSON.stringify(value)?.slice(0, 60) ?? 'that'}`)

function target(name: string): ProtobufMessage {
  const message = messageNamed(name)
  if (message === undefined) throw new ProtobufError(`proto: no message ${name}`)
  return message
}

/** A message whose fields stand in the object itself. */
function writeInline(field: ProtobufField, object: JsonObject, out: ByteWriter, depth: number): void {
  const before = out.length
  writeMessage(target(field.messageName), object, out, depth + 1)
  if (out.length > before) out.close(field.number, before)
}

function writeField(field: ProtobufField, value: unknown, out: ByteWriter, depth: number): void {
  if (value === null || value === undefined) return
  if (field.kind === 'single') writeValue(field, field.number, value, out, depth)
  else if (field.kind === 'repeated') {
    if (!Array.isArray(value)) throw wrong(field, value)
    for (let i = value.length - 1; i >= 0; i -= 1) writeValue(field, field.number, value[i], out, depth)
  } else {
    if (!isObject(value)) throw wrong(field, value)
    for (const key of Object.keys(value).sort().reverse()) {
      const before = out.length
      writeValue(field, 2, value[key], out, depth)
      out.stringField(1, key)
      out.close(field.number, before)
    }
  }
}

function writeValue(field: ProtobufField, number: number, value: unknown, out: ByteWriter, depth: number): void {
  switch (field.type) {
    case 'string':
      if (typeof value !== 'string') throw wrong(field, value)
      out.stringField(number, value)
      return
    case 'bool':
      if (typeof value !== 'boolean') throw wrong(field, value)
      out.varintField(number, value ? 1 : 0)
      return
    case 'int32':
    case 'int64':
      if (typeof value !== 'number' || !Number.isInteger(value)) throw wrong(field, value)
      out.varintField(number, value)
      return
    case 'double':
      if (typeof value !== 'number') throw wrong(field, value)
      out.double(value)
      out.tag(number, 1)
      return
    case 'bytes':
      out.bytesField(number, bytesOf(field, value))
      return
    default: {
      const before = out.length
      writeContent(field, value, out, depth)
      out.close(number, before)
    }
  }
}

/** What stands in a message of a field with a form of its own. */
function writeContent(field: ProtobufField, value: unknown, out: ByteWriter, depth: number): void {
  switch (field.type) {
    case 'message':
      if (value !== null && !isObject(value)) throw wrong(field, value)
      writeMessage(target(field.messageName), value ?? {}, out, depth + 1)
      return
    case 'quantity':
      if (typeof value !== 'string' && typeof value !== 'number') throw wrong(field, value)
      out.stringField(1, String(value))
      return
    case 'time':
    case 'microTime':
      writeTime(field, value, out)
      return
    case 'duration': {
      const nanos = typeof value === 'string' ? parseDuration(value) : undefined
      if (nanos === undefined) throw wrong(field, value)
      out.varintField(1, nanos)
      return
    }
    case 'intOrString':
      if (typeof value === 'string') out.stringField(3, value)
      else if (typeof value === 'number' && Number.isInteger(value)) out.varintField(2, value)
      else throw wrong(field, value)
      out.varintField(1, typeof value === 'string' ? 1 : 0)
      return
    case 'raw':
    case 'fieldsV1':
      if (value !== null && value !== undefined) out.bytesField(1, encodeJson(value))
      return
    case 'strings':
      if (!Array.isArray(value)) throw wrong(field, value)
      for (let i = value.length - 1; i >= 0; i -= 1) out.stringField(1, String(value[i]))
      return
    default:
      writeSchemaOr(field, value, out, depth)
  }
}

function writeTime(field: ProtobufField, value: unknown, out: ByteWriter): void {
  // A time that is not set is an empty message.
  if (value === null) return
  const time = typeof value === 'string' ? parseRfc3339(value) : undefined
  if (time === undefined) throw wrong(field, value)
  if (field.type === 'microTime') out.varintField(2, time.nanos)
  out.varintField(1, time.seconds)
}

/** The unions of JSON schema. */
function writeSchemaOr(field: ProtobufField, value: unknown, out: ByteWriter, depth: number): void {
  const schema = (number: number, item: unknown): void => {
    if (!isObject(item)) throw wrong(field, value)
    const before = out.length
    writeMessage(target(schemaMessage), item, out, depth + 1)
    out.close(number, before)
  }
  if (field.type === 'schemaOrBool') {
    if (isObject(value)) schema(2, value)
    out.varintField(1, value === false ? 0 : 1)
  } else if (Array.isArray(value)) {
    for (let i = value.length - 1; i >= 0; i -= 1) {
      if (field.type === 'schemaOrArray') schema(2, value[i])
      else out.stringField(2, String(value[i]))
    }
  } else schema(1, value)
}

function bytesOf(field: ProtobufField, value: unknown): Uint8Array {
  if (typeof value === 'string') {
    try {
      return fromBase64(value)
    } catch {
      // Falls through: no base64.
    }
  }
  throw wrong(field, value)
}
