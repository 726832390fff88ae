import { withExactIntegers } from '@kapell/openapi/wire/exact-integers'
import { asBuffer, metadataStart } from '../storage/watch-cache/splice.ts'
import type { KubeObject, ObjectMeta } from '@kapell/openapi/meta/object'

/**
 * How objects look in the store: compact JSON that starts `{"kind":…,"apiVersion":…,"metadata":{`, without a
 * resourceVersion. The fixed head lets readers splice: the version into the metadata, the object into a list.
 */
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** The fixed head of every stored object of a kind, up to its metadata's opening brace. */
export function headText(apiVersion: string, kind: string): string {
  return `{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},`
}

/** The object's JSON with kind, apiVersion and metadata first, its resourceVersion as given or left out. */
export function objectText(object: KubeObject, resourceVersion?: string): string {
  let text = `{"kind":${JSON.stringify(object.kind ?? '')},"apiVersion":${JSON.stringify(object.apiVersion ?? '')},"metadata":{`
  let first = true
  if (resourceVersion !== undefined) {
    text += `"resourceVersion":${JSON.stringify(resourceVersion)}`
    first = false
  }
  const { metadata = {} } = object
  for (const name of Object.keys(metadata)) {
    const value: unknown = metadata[name as keyof ObjectMeta]
    if (value === undefined || name === 'resourceVersion' || name === 'selfLink') continue
    text += `${first ? '' : ','}${JSON.stringify(name)}:${JSON.stringify(value)}`
    first = false
  }
  text += '}'
  for (const name of Object.keys(object)) {
    if (name === 'kind' || name === 'apiVersion' || name === 'metadata') continue
    const value = (object as Record<string, unknown>)[name]
    if (value !== undefined) text += `,${JSON.stringify(name)}:${JSON.stringify(value)}`
  }
  return `${text}}`
}

/** The bytes to store. */
export function encodeStored(object: KubeObject): Uint8Array {
  return encoder.encode(objectText(object))
}

/** The bytes to serve. */
export function encodeServed(object: KubeObject): Uint8Array {
  return encoder.encode(objectText(object, object.metadata?.resourceVersion))
}

export function decodeJson(bytes: Uint8Array): KubeObject {
  return withExactIntegers(decoder.decode(bytes)) as KubeObject
}

/** Parses stored bytes; the result is the caller's own, to change as it likes. */
export function decodeStored(bytes: Uint8Array, revision: number): KubeObject & { metadata: ObjectMeta } {
  const object = decodeJson(bytes)
  const metadata = object.metadata ?? {}
  metadata.resourceVersion = String(revision)
  object.metadata = metadata
  return object as KubeObject & { metadata: ObjectMeta }
}

const newline = 0x0a

/**
 * Stored bytes as the line that a GET answers: the resourceVersion spliced in, a newline after it. One copy, nothing
 * parsed, nothing kept.
 */
export function servedLine(stored: Uint8Array, revision: number): Uint8Array {
  const buffer = asBuffer(stored)
  const open = metadataStart(buffer)
  if (open < 0) return encoder.encode(`${objectText(decodeStored(stored, revision), String(revision))}\n`)
  const field = `"resourceVersion":"${revision}",`
  const out = Buffer.allocUnsafe(buffer.length + field.length + 1)
  buffer.copy(out, 0, 0, open)
  out.write(field, open, 'latin1')
  buffer.copy(out, open + field.length, open)
  out[out.length - 1] = newline
  return out
}
