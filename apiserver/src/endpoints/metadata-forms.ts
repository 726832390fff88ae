import type { GroupVersionKind } from '@kapell/openapi/meta/object'
import { EncodedForms } from '../registry/encoded-forms.ts'
import type { StoredResource } from '../registry/resource-table.ts'
import { asBuffer, metadataStart } from '../storage/watch-cache/splice.ts'
import type { CachedObject } from '../storage/watch-cache/types.ts'
import { servedJson, servedObject } from './get.ts'
import { partialMetadata } from './table.ts'

/** Objects shown as their metadata alone, made from the bytes at hand: nothing is parsed for JSON. */

const quote = 0x22
const backslash = 0x5c
const [openBrace, closeBrace] = [0x7b, 0x7d]

/** The bytes of an object's metadata within its JSON; undefined where that does not begin as we store it. */
export function metadataSlice(json: Uint8Array): Uint8Array | undefined {
  const start = metadataStart(asBuffer(json)) - 1
  if (start < 0) return undefined
  for (let at = start, depth = 0; at < json.length; at++) {
    const byte = json[at]
    if (byte === quote) {
      for (at++; json[at] !== quote; at++) {
        if (at >= json.length) return undefined
        if (json[at] === backslash) at++
      }
    } else if (byte === openBrace) depth++
    else if (byte === closeBrace && --depth === 0) return json.subarray(start, at + 1)
  }
  return undefined
}

const partialOpening = (apiVersion: string): string =>
  `{"kind":"PartialObjectMetadata","apiVersion":"${apiVersion}","metadata":`
const brace = Buffer.from('}')
const comma = Buffer.from(',')

/** A cached object's metadata as an object of its own. */
export function metadataJson(resource: StoredResource, cached: CachedObject, apiVersion: string): Uint8Array {
  const slice = metadataSlice(servedJson(resource, cached))
  if (slice === undefined)
    return Buffer.from(JSON.stringify(partialMetadata(servedObject(resource, cached), apiVersion)))
  return Buffer.concat([Buffer.from(partialOpening(apiVersion)), slice, brace])
}

/** A list of metadata as JSON, in pieces to be sent one after another. */
export function metadataListPieces(
  resource: StoredResource,
  objects: readonly CachedObject[],
  options: { metadata: Record<string, unknown>; apiVersion: string },
): Uint8Array[] {
  const { apiVersion, metadata } = options
  const opening = JSON.stringify({ kind: 'PartialObjectMetadataList', apiVersion, metadata })
  const pieces: Uint8Array[] = [Buffer.from(`${opening.slice(0, -1)},"items":[`)]
  const before = Buffer.from(partialOpening(apiVersion))
  const following = Buffer.concat([comma, before])
  objects.forEach((cached, i) => {
    const slice = metadataSlice(servedJson(resource, cached))
    if (slice !== undefined) pieces.push(i > 0 ? following : before, slice, brace)
    else {
      if (i > 0) pieces.push(comma)
      pieces.push(metadataJson(resource, cached, apiVersion))
    }
  })
  pieces.push(Buffer.from(']}\n'))
  return pieces
}

const contents = new EncodedForms<Uint8Array>({ budgetBytes: 8 * 1024 * 1024, sizeOf: (bytes) => bytes.length })

export const partialKind = (version: 'v1' | 'v1beta1' = 'v1'): GroupVersionKind => ({
  group: 'meta.k8s.io',
  version,
  kind: 'PartialObjectMetadata',
})

/** A cached object's metadata as protobuf, without an envelope; encoded once a version of the object. */
export function metadataContent(
  resource: StoredResource,
  cached: CachedObject,
  encodeContent: (gvk: GroupVersionKind, object: object) => Uint8Array,
): Uint8Array {
  return contents.of(resource.definition, cached, () =>
    encodeContent(partialKind(), partialMetadata(servedObject(resource, cached))),
  )
}
