import { apiVersionOf, parseApiVersion, type GroupVersionKind } from '../meta/object.ts'
import { badRequest } from '../meta/status.ts'
import { isObject, type JsonObject } from '../patch/json.ts'
import { ByteReader, ByteWriter, ProtobufError } from './protobuf-bytes.ts'
import { readJsonBytes, readMessage } from './protobuf-decode.ts'
import { writeMessage } from './protobuf-encode.ts'
import { messageNamed, messageOf, type ProtobufMessage } from './protobuf-schema.ts'

export { ProtobufError } from './protobuf-bytes.ts'

/**
 * Objects of the built-in kinds as `application/vnd.kubernetes.protobuf`: the four bytes "k8s\0" and an envelope that
 * names the kind. Custom resources, and tables, have no such form.
 */
const magic = Uint8Array.of(0x6b, 0x38, 0x73, 0x00)

export interface DecodedProtobuf {
  gvk: GroupVersionKind
  /** As JSON, with apiVersion and kind. Zero values that Go always writes are in it: decode it by its schema. */
  object: JsonObject
}

/** Whether objects of a kind can be written. */
export const hasProtobuf = (gvk: GroupVersionKind): boolean => messageOf(gvk) !== undefined

/** Reads an enveloped object. What fails is thrown as `problem` makes it from the reason, by default ApiError 400. */
export function decodeProtobuf(bytes: Uint8Array, problem: (why: string) => Error = badRequest): DecodedProtobuf {
  try {
    return decodeEnvelope(bytes, 0)
  } catch (error) {
    throw error instanceof ProtobufError ? problem(error.message) : error
  }
}

/** Envelopes in envelopes: a watch event holds an object, a list holds objects. */
const maxNesting = 8

function decodeEnvelope(bytes: Uint8Array, nesting: number): DecodedProtobuf {
  if (!isEnveloped(bytes))
    throw new ProtobufError(
      `provided data does not appear to be a protobuf message, expected prefix [${magic.join(' ')}]`,
    )
  if (nesting > maxNesting) throw new ProtobufError('proto: nested too deep')
  let [apiVersion, kind, raw] = ['', '', new Uint8Array()]
  const envelope = new ByteReader(bytes, magic.length)
  while (!envelope.done) {
    const tag = envelope.uint32()
    if (tag === 10) {
      const meta = envelope.sub()
      while (!meta.done) {
        const metaTag = meta.uint32()
        if (metaTag === 10) apiVersion = meta.string()
        else if (metaTag === 18) kind = meta.string()
        else meta.skip(metaTag & 7)
      }
    } else if (tag === 18) raw = new Uint8Array(envelope.data())
    else envelope.skip(tag & 7)
  }
  const gvk = { ...parseApiVersion(apiVersion), kind }
  const message = messageOf(gvk)
  if (message === undefined)
    throw new ProtobufError(`no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`)
  const object = readMessage(message, new ByteReader(raw), (inner) => decodeEmbedded(inner, nesting + 1))
  return { gvk, object: { apiVersion, kind, ...object } }
}

function decodeEmbedded(raw: Uint8Array, nesting: number): unknown {
  return isEnveloped(raw) ? decodeEnvelope(raw, nesting).object : readJsonBytes(raw)
}

function isEnveloped(bytes: Uint8Array): boolean {
  return bytes.length >= magic.length && magic.every((byte, i) => bytes[i] === byte)
}

function messageFor(gvk: GroupVersionKind): ProtobufMessage {
  const message = messageOf(gvk)
  if (message === undefined) throw new ProtobufError(`no protobuf message for ${apiVersionOf(gvk)}, Kind=${gvk.kind}`)
  return message
}

/** Writes an object in its envelope. Throws {@link ProtobufError} when its kind or a value cannot be written. */
export function encodeProtobuf(gvk: GroupVersionKind, object: object): Uint8Array {
  const message = messageFor(gvk)
  const out = new ByteWriter()
  out.stringField(4, '')
  out.stringField(3, '')
  const beforeRaw = out.length
  writeMessage(message, object as JsonObject, out)
  out.close(2, beforeRaw)
  return closeEnvelope(gvk, out)
}

/** An object without its envelope: what lists are made of, and {@link enveloped} objects. */
export function encodeContent(gvk: GroupVersionKind, object: object): Uint8Array {
  const out = new ByteWriter()
  writeMessage(messageFor(gvk), object as JsonObject, out)
  return out.finish()
}

/** The envelope around an object that is encoded already. */
export function enveloped(gvk: GroupVersionKind, content: Uint8Array): Uint8Array {
  const out = new ByteWriter()
  out.stringField(4, '')
  out.stringField(3, '')
  out.bytesField(2, content)
  return closeEnvelope(gvk, out)
}

/**
 * A list in its envelope, in pieces to be sent one after another: made of items that are encoded already. `gvk` is the
 * list's own.
 */
export function envelopedList(
  gvk: GroupVersionKind,
  list: { metadata: object; items: readonly Uint8Array[] },
): Uint8Array[] {
  const pieces: Uint8Array[] = []
  const headOfItem = new ByteWriter()
  let length = 0
  for (const item of list.items) {
    headOfItem.clear()
    headOfItem.varint(item.length)
    headOfItem.tag(itemsField, 2)
    const head = headOfItem.finish()
    length += head.length + item.length
    pieces.push(head, item)
  }
  const out = new ByteWriter()
  const metadata = messageFor(gvk).byNumber.get(1)
  const meta = metadata?.name === 'metadata' ? messageNamed(metadata.messageName) : undefined
  if (meta === undefined) throw new ProtobufError(`no list: ${gvk.kind}`)
  writeMessage(meta, list.metadata as JsonObject, out)
  out.close(1, 0)
  // The raw part's length counts the items, which follow.
  out.varint(out.length + length)
  out.tag(2, 2)
  const opening = closeEnvelope(gvk, out)
  return [opening, ...pieces, closingFields]
}

const itemsField = 2
/** Content encoding and content type: two strings that are always empty. */
const closingFields = Uint8Array.of(0x1a, 0, 0x22, 0)

/** Puts the kind, and the four bytes that all begin with, before what was written. */
function closeEnvelope(gvk: GroupVersionKind, out: ByteWriter): Uint8Array {
  writeKind(gvk, out)
  return out.finish()
}

function writeKind(gvk: GroupVersionKind, out: ByteWriter): void {
  const beforeMeta = out.length
  out.stringField(2, gvk.kind)
  out.stringField(1, apiVersionOf(gvk))
  out.close(1, beforeMeta)
  out.data(magic)
}

/** An event of a watch: its length in four bytes, then the event, which holds the object in its envelope. */
export function encodeWatchFrame(type: string, gvk: GroupVersionKind, object: object): Uint8Array {
  return watchFrame(type, encodeProtobuf(gvk, object))
}

/** As {@link encodeWatchFrame}, for an object that is encoded already. */
export function watchFrame(type: string, enveloped: Uint8Array): Uint8Array {
  const out = new ByteWriter()
  const before = out.length
  out.bytesField(1, enveloped)
  out.close(2, before)
  out.stringField(1, type)
  const length = out.length
  out.data(Uint8Array.of(length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255))
  return out.finish()
}

const framing = new ByteWriter()

/** As {@link encodeWatchFrame}, for content that is encoded already: in pieces to be sent one after another. */
export function watchFramePieces(type: string, gvk: GroupVersionKind, content: Uint8Array): Uint8Array[] {
  const following = content.length + closingFields.length
  const out = framing
  out.clear()
  out.varint(content.length)
  out.tag(2, 2)
  writeKind(gvk, out)
  out.varint(out.length + following)
  out.tag(1, 2)
  out.varint(out.length + following)
  out.tag(2, 2)
  out.stringField(1, type)
  const length = out.length + following
  out.data(Uint8Array.of(length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255))
  return [out.finish(), content, closingFields]
}

/** The event in a frame, without its length. */
export function decodeWatchEvent(frame: Uint8Array): { type: string; object: JsonObject } {
  const message = messageNamed('meta/v1.WatchEvent')
  if (message === undefined) throw new ProtobufError('proto: no message WatchEvent')
  const { type, object } = readMessage(message, new ByteReader(frame), (raw) => decodeEmbedded(raw, 1))
  if (typeof type !== 'string' || !isObject(object)) throw new ProtobufError('proto: not a watch event')
  return { type, object }
}
