import type { KubeObject } from '@kapell/openapi/meta/object'
import { encodeContent, encodeWatchFrame } from '@kapell/openapi/wire/protobuf'
import * as protobuf from '@kapell/openapi/wire/protobuf'
import { encodeServed } from '../registry/encode.ts'
import type { StoredResource } from '../registry/resource-table.ts'
import type { CachedObject } from '../storage/watch-cache/types.ts'
import { metadataContent, metadataJson, metadataListPieces, metadataSlice } from './metadata-forms.ts'
import type { Form } from './negotiate.ts'
import type { Selection } from './selection.ts'
import { partialMetadata } from './table.ts'
import { createFrameWriter } from './watch-frames.ts'

const resource = {
  ...{ group: '', version: 'v1', kind: 'ConfigMap', apiVersion: 'v1' },
  definition: {},
} as unknown as StoredResource

function cachedOf(object: KubeObject, json: Uint8Array = encodeServed(object)): CachedObject {
  return { object, json } as unknown as CachedObject
}

const tricky: KubeObject = {
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata: {
    name: 'a',
    resourceVersion: '7',
    annotations: { brace: '}{', quote: 'say "x}"', backslash: '\\', both: '\\"}', text: 'žluť' },
    labels: {},
  },
  data: { metadata: '"metadata":{}' },
} as KubeObject

describe('metadata cut out of the bytes of objects', () => {
  it.each<[string, KubeObject]>([
    ['strings that hold braces, quotes and backslashes', tricky],
    ['nothing else in the object', { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'b' } } as KubeObject],
    ['empty metadata', { kind: 'ConfigMap', apiVersion: 'v1', metadata: {}, data: {} } as unknown as KubeObject],
  ])('is what parsing would give: %s', (_what, object) => {
    const json = metadataJson(resource, cachedOf(object), 'meta.k8s.io/v1')
    expect(JSON.parse(Buffer.from(json).toString())).toEqual(partialMetadata(object))
  })

  it('is written anew where the bytes begin otherwise, or end early', () => {
    const json = Buffer.from(JSON.stringify({ spec: {}, metadata: { name: 'a' } }))
    expect(metadataSlice(json)).toBeUndefined()
    expect(metadataSlice(encodeServed(tricky).subarray(0, 90))).toBeUndefined()
    const written = metadataJson(resource, cachedOf(tricky, json), 'meta.k8s.io/v1beta1')
    expect(JSON.parse(Buffer.from(written).toString())).toEqual(partialMetadata(tricky, 'meta.k8s.io/v1beta1'))
  })

  it('makes a list', () => {
    const objects = [cachedOf(tricky), cachedOf(tricky, Buffer.from('{}')), cachedOf(tricky)]
    const options = { metadata: { resourceVersion: '9' }, apiVersion: 'meta.k8s.io/v1' }
    const text = Buffer.concat(metadataListPieces(resource, objects, options)).toString()
    expect(text.endsWith(']}\n')).toBe(true)
    expect(JSON.parse(text)).toEqual({
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { resourceVersion: '9' },
      items: objects.map(() => partialMetadata(tricky)),
    })
  })
})

describe('frames of objects that were encoded before', () => {
  const type = 'application/vnd.kubernetes.protobuf'
  const writer = (form: Form) =>
    createFrameWriter(resource, { everything: true } as Selection, {
      ...{ form, include: 'Metadata', now: () => new Date(0), protobuf },
    })

  it('are the same bytes as those made at once', () => {
    const cached = cachedOf(tricky)
    const added = (form: Form): Uint8Array => new Uint8Array(Buffer.concat(writer(form).added(cached)))
    expect(added({ mediaType: type })).toEqual(encodeWatchFrame('ADDED', resource, tricky))
    const partial = { group: 'meta.k8s.io', version: 'v1', kind: 'PartialObjectMetadata' }
    const frame = added({ mediaType: type, as: 'PartialObjectMetadata' })
    expect(frame).toEqual(encodeWatchFrame('ADDED', partial, partialMetadata(tricky)))
    expect(metadataContent(resource, cached, encodeContent)).toBe(metadataContent(resource, cached, encodeContent))
  })
})
