import type * as Codec from '@kapell/openapi/wire/protobuf'
import { parseApiVersion, type KubeObject } from '@kapell/openapi/meta/object'
import { encodeServed, objectText } from '../registry/encode.ts'
import type { StoredResource } from '../registry/resource-table.ts'
import { recentFrames } from '../storage/watch-cache/recent-frames.ts'
import type { CacheEvent, CachedObject } from '../storage/watch-cache/types.ts'
import { servedJson, servedObject } from './get.ts'
import { metadataContent, metadataJson, partialKind } from './metadata-forms.ts'
import { metaVersion, type Form } from './negotiate.ts'
import { protobufContent } from './protobuf-forms.ts'
import type { Selection } from './selection.ts'
import { partialMetadata, tableOf, type IncludeObject } from './table.ts'

/** The frames of one watch stream, in the form its client asked for. */
export interface FrameWriter {
  /** An object of the initial state, in pieces to be sent one after another. */
  added(cached: CachedObject): readonly Uint8Array[]
  /** A change as this watch's selection sees it; undefined when it does not. */
  change(event: CacheEvent): Uint8Array | undefined
  bookmark(revision: number, initialEventsEnd: boolean): Uint8Array
  error(status: unknown): Uint8Array
}

type EventType = CacheEvent['type']

/** What writes protobuf; loaded by the first who asks for it. */
export type ProtobufCodec = Pick<typeof Codec, 'encodeContent' | 'encodeWatchFrame' | 'watchFramePieces'>

const encoder = new TextEncoder()
const end = Buffer.from('}\n')
const openings: Record<EventType, Buffer> = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
}

/** What a change means to a selection that matched before, after, or both; undefined: nothing. */
export function seenAs(event: CacheEvent, selection: Selection, resource: StoredResource): EventType | undefined {
  if (selection.everything) return event.type
  const now = event.type !== 'DELETED' && selection.matches(servedObject(resource, event.current))
  const before =
    event.type === 'DELETED'
      ? selection.matches(servedObject(resource, event.previous ?? event.current))
      : event.previous !== undefined && selection.matches(servedObject(resource, event.previous))
  if (now) return before ? 'MODIFIED' : 'ADDED'
  return before ? 'DELETED' : undefined
}

/** Frames that are neither plain JSON nor one client's own, by the event and then by the form. */
const shared = new WeakMap<CacheEvent, Map<string, Uint8Array>>()

/** Made once for all watchers who see the event alike in this form. */
function sharedFrame(event: CacheEvent, form: string, make: () => Uint8Array): Uint8Array {
  let known = shared.get(event)
  if (known === undefined) shared.set(event, (known = new Map()))
  let frame = known.get(form)
  if (frame === undefined) {
    known.set(form, (frame = make()))
    recentFrames.add({ sizeBytes: frame.length, forget: () => known.delete(form) })
  }
  return frame
}

export function createFrameWriter(
  resource: StoredResource,
  selection: Selection,
  options: {
    form: Form
    include: IncludeObject
    now: () => Date
    /** Set for protobuf streams. */
    protobuf?: ProtobufCodec | undefined
  },
): FrameWriter {
  const { form } = options
  const apiVersion = metaVersion(form)
  let first = true

  const transformed = (object: KubeObject): KubeObject | Record<string, unknown> => {
    if (form.as === 'Table') {
      const withColumns = first
      first = false
      const metadata = { resourceVersion: object.metadata?.resourceVersion }
      return tableOf(resource, [object], {
        include: options.include,
        now: options.now(),
        metadata,
        withColumns,
        apiVersion,
      })
    }
    return form.as === undefined ? object : partialMetadata(object, apiVersion)
  }
  /** A table of the bookmark, as of any object; one without rows where columns want more of an object. */
  const bookmarkTable = (object: KubeObject): unknown => {
    try {
      return transformed(object)
    } catch {
      return { kind: 'Table', apiVersion, metadata: object.metadata, columnDefinitions: null, rows: [] }
    }
  }
  const { protobuf } = options
  /** Of a frame that no watcher's own selection or place in the stream shapes. */
  const formKey = `${form.mediaType} ${form.as ?? ''} ${form.version ?? ''} ${options.include} ${resource.apiVersion}`
  const formNow = (): string => {
    if (form.as !== 'Table') return formKey
    // Tables tell ages, and the first one of a stream its columns.
    return `${formKey} ${first} ${Math.floor(options.now().getTime() / 1000)}`
  }
  const encode = (type: string, object: unknown): Uint8Array => {
    if (protobuf === undefined) {
      return encoder.encode(`{"type":${JSON.stringify(type)},"object":${JSON.stringify(object)}}\n`)
    }
    const { apiVersion = '', kind = '' } = object as KubeObject
    return protobuf.encodeWatchFrame(type, { ...parseApiVersion(apiVersion), kind }, object as KubeObject)
  }
  /** The stored bytes are the frame's: JSON, and no other shape was asked for. */
  const plain = form.as === undefined && protobuf === undefined
  const pieces = (type: EventType, json: Uint8Array): Uint8Array[] => [openings[type], json, end]

  /** An object as it is cached, from what was made of it before: for a list, or for another watch. */
  const ofCached = (type: EventType, cached: CachedObject): Uint8Array[] => {
    if (plain) return pieces(type, servedJson(resource, cached))
    if (form.as === 'Table') return [encode(type, transformed(servedObject(resource, cached)))]
    if (protobuf === undefined) return pieces(type, metadataJson(resource, cached, apiVersion))
    const { encodeContent, watchFramePieces } = protobuf
    return form.as === undefined
      ? watchFramePieces(type, resource, protobufContent(resource, cached, encodeContent))
      : watchFramePieces(type, partialKind(form.version), metadataContent(resource, cached, encodeContent))
  }

  return {
    added: (cached) => ofCached('ADDED', cached),
    change: (event) => {
      const type = seenAs(event, selection, resource)
      if (type === undefined) return undefined
      if (plain && type === event.type && resource.definition.conversion === undefined) return event.frame()
      // What leaves the selection is shown as it was, at the version of the change.
      const leaves = type === 'DELETED' && event.type !== 'DELETED'
      const shown = leaves ? (event.previous ?? event.current) : event.current
      if (plain && !leaves) return Buffer.concat(ofCached(type, shown))
      if (!plain && type === event.type) {
        const key = formNow()
        const frame = sharedFrame(event, key, () => Buffer.concat(ofCached(type, shown)))
        first = false
        return frame
      }
      const served = servedObject(resource, shown)
      const object = leaves
        ? { ...served, metadata: { ...served.metadata, resourceVersion: String(event.revision) } }
        : served
      return plain ? Buffer.concat(pieces(type, encodeServed(object))) : encode(type, transformed(object))
    },
    bookmark: (revision, initialEventsEnd) => {
      const metadata = {
        resourceVersion: String(revision),
        ...(initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
      }
      const object: KubeObject = { kind: resource.kind, apiVersion: resource.apiVersion, metadata }
      if (plain) {
        return encoder.encode(`{"type":"BOOKMARK","object":${objectText(object, metadata.resourceVersion)}}\n`)
      }
      if (form.as === 'Table') return encode('BOOKMARK', bookmarkTable(object))
      return encode('BOOKMARK', form.as === undefined ? object : partialMetadata(object, apiVersion))
    },
    error: (status) => encode('ERROR', status),
  }
}
