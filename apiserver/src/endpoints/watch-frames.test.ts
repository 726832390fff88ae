import type { KubeObject } from '@kapell/openapi/meta/object'
import * as protobufCodec from '@kapell/openapi/wire/protobuf'
import type { StoredResource } from '../registry/resource-table.ts'
import { nameColumn } from '../resources/common/columns.ts'
import type { CacheEvent, CachedObject } from '../storage/watch-cache/types.ts'
import type { Form } from './negotiate.ts'
import type { Selection } from './selection.ts'
import { createFrameWriter, type FrameWriter } from './watch-frames.ts'

const resource = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  apiVersion: 'v1',
  definition: { columns: [nameColumn] },
} as unknown as StoredResource
const everything = { everything: true } as Selection
const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a', resourceVersion: '7' } } as KubeObject

function eventOf(type: CacheEvent['type']): CacheEvent {
  const current = { object, json: Buffer.from(JSON.stringify(object)) } as unknown as CachedObject
  return { type, revision: 7, current, frame: () => Buffer.from('plain') }
}

function writer(form: Form, more: { seconds?: number; protobuf?: boolean; selection?: Selection } = {}): FrameWriter {
  return createFrameWriter(resource, more.selection ?? everything, {
    form,
    include: 'Metadata',
    now: () => new Date((more.seconds ?? 0) * 1000),
    protobuf: more.protobuf === true ? protobufCodec : undefined,
  })
}

describe('frames of a watch', () => {
  it.each<[string, Form, boolean]>([
    ['protobuf', { mediaType: 'application/vnd.kubernetes.protobuf' }, true],
    ['metadata', { mediaType: 'application/json', as: 'PartialObjectMetadata' }, false],
    ['metadata in protobuf', { mediaType: 'application/vnd.kubernetes.protobuf', as: 'PartialObjectMetadata' }, true],
    ['a table', { mediaType: 'application/json', as: 'Table' }, false],
  ])('are encoded once for all watchers: %s', (_what, form, protobuf) => {
    const event = eventOf('ADDED')
    const first = writer(form, { protobuf }).change(event)
    expect(writer(form, { protobuf }).change(event)).toBe(first)
    expect(writer(form, { protobuf }).change(eventOf('ADDED'))).not.toBe(first)
  })

  it('tell a table’s columns in the first of a stream only, and ages as of now', () => {
    const event = eventOf('MODIFIED')
    const form: Form = { mediaType: 'application/json', as: 'Table' }
    const stream = writer(form)
    const columns = (frame: Uint8Array | undefined): unknown =>
      (JSON.parse(Buffer.from(frame ?? []).toString()) as { object: { columnDefinitions: unknown } }).object
        .columnDefinitions
    expect(columns(stream.change(event))).toMatchObject([{ name: 'Name' }])
    expect(columns(stream.change(event))).toBeNull()
    expect(columns(writer(form).change(event))).toMatchObject([{ name: 'Name' }])
    expect(writer(form, { seconds: 9 }).change(event)).not.toBe(writer(form).change(event))
  })

  it('are a watcher’s own where its selection makes something else of the event', () => {
    const selection = { everything: false, matches: () => true } as unknown as Selection
    const form: Form = { mediaType: 'application/json', as: 'PartialObjectMetadata' }
    const previous = eventOf('ADDED').current
    const event = { ...eventOf('MODIFIED'), previous }
    const shared = writer(form).change(event)
    expect(writer(form, { selection }).change(event)).toBe(shared)
    let calls = 0
    // Matched before, and no more: it leaves.
    const leaving = { everything: false, matches: () => ++calls > 1 } as unknown as Selection
    expect(Buffer.from(writer(form, { selection: leaving }).change(event) ?? []).toString()).toContain('"DELETED"')
  })
})
