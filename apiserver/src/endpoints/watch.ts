import { ApiError, expired } from '@kapell/openapi/meta/status'
import type { RequestContext } from '../pipeline/context.ts'
import { convertAhead } from '../registry/conversion.ts'
import { keyPrefixOf } from '../registry/object-key.ts'
import type { StoredResource } from '../registry/resource-table.ts'
import { noCache, type Answer } from '../server/answer.ts'
import { StorageError } from '../storage/storage.ts'
import type { CacheEvent, CachedObject } from '../storage/watch-cache/types.ts'
import { servedObject, waitForRevision } from './get.ts'
import { customStreamTypes, negotiateForm, notAcceptable, protobufType, streamTypes } from './negotiate.ts'
import { parseListOptions, parseRevision, type ListOptions } from './query-options.ts'
import { parseSelection, type Selection } from './selection.ts'
import type { EndpointServer } from './server.ts'
import { includeObjectOf } from './table.ts'
import { createFrameWriter, type FrameWriter } from './watch-frames.ts'

/** Frames that are ready together are written together, up to about this many bytes. */
const chunkBytes = 64 * 1024

interface WatchPlan {
  resource: StoredResource
  prefix: string
  options: ListOptions
  selection: Selection
  writer: FrameWriter
  /** The state first: all objects, as ADDED. */
  initial: boolean
  /** The revision to start from, or undefined for the newest. */
  from: number | undefined
  signal: AbortSignal
  bookmarkEveryMs: number
}

/** Joins frames so that a burst of changes costs few writes. */
function* joined(frames: Iterable<Uint8Array>): Iterable<Uint8Array> {
  let pending: Uint8Array[] = []
  let size = 0
  for (const frame of frames) {
    pending.push(frame)
    size += frame.length
    if (size < chunkBytes) continue
    yield Buffer.concat(pending, size)
    pending = []
    size = 0
  }
  if (size > 0) yield pending.length === 1 && pending[0] !== undefined ? pending[0] : Buffer.concat(pending, size)
}

function* initialFrames(plan: WatchPlan, entries: Iterable<Parameters<FrameWriter['added']>[0]>): Iterable<Uint8Array> {
  const { selection, resource, writer } = plan
  for (const entry of entries) {
    if (!selection.everything && !selection.matches(servedObject(resource, entry))) continue
    yield writer.added(entry)
  }
}

function* shownIn(events: Iterable<CacheEvent>): Iterable<CachedObject | undefined> {
  for (const event of events) {
    yield event.current
    yield event.previous
  }
}

async function* frames(plan: WatchPlan): AsyncIterable<Uint8Array> {
  const { resource, prefix, options, writer, signal } = plan
  const cache = resource.store.cache()
  let after: number
  if (plan.initial) {
    const snapshot = cache.snapshot()
    await convertAhead(resource.definition, snapshot.entries(prefix))
    yield* joined(initialFrames(plan, snapshot.entries(prefix)))
    after = snapshot.revision
    if (options.sendInitialEvents === true && options.allowWatchBookmarks) yield writer.bookmark(after, true)
  } else after = plan.from ?? cache.revision()
  let delivered = after
  let lastMark = performance.now()
  let started = false
  try {
    for await (const batch of cache.watch({ prefix, after, signal })) {
      started = true
      await convertAhead(resource.definition, shownIn(batch.events))
      const changes: Uint8Array[] = []
      for (const event of batch.events) {
        const frame = writer.change(event)
        if (frame !== undefined) changes.push(frame)
      }
      if (changes.length > 0) {
        yield* joined(changes)
        lastMark = performance.now()
      }
      if (!options.allowWatchBookmarks || performance.now() - lastMark < plan.bookmarkEveryMs) continue
      // A store may tell how far it is only when asked; the answer comes with a later batch.
      if (batch.progress <= delivered) resource.store.storage.requestProgress?.(resource.store.prefix)
      else {
        yield writer.bookmark(batch.progress, false)
        lastMark = performance.now()
        delivered = batch.progress
      }
    }
  } catch (error) {
    if (signal.aborted) return
    // A webhook that converts objects failed.
    if (error instanceof ApiError) {
      yield writer.error(error.status)
      return
    }
    // The kind is served no more.
    if (error instanceof StorageError && error.reason === 'unavailable') return
    if (!(error instanceof StorageError) || error.reason !== 'compacted') throw error
    // A watcher that fell behind just ends, and resumes from what it saw; one that asks for too much is told.
    if (!started)
      yield writer.error(expired(`too old resource version: ${after} (${error.oldest ?? cache.revision()})`).status)
  }
}

/** Ends when the client goes, the server closes or the time is up; whichever it is, without an error. */
async function* untilDone(source: AsyncIterable<Uint8Array>, done: () => void): AsyncIterable<Uint8Array> {
  try {
    yield* source
  } finally {
    done()
  }
}

export async function watchObjects(
  server: EndpointServer,
  context: RequestContext,
  resource: StoredResource,
): Promise<Answer> {
  const options = parseListOptions(context.query, true)
  const offered = resource.itemsKeepKind ? customStreamTypes : streamTypes
  const form = negotiateForm(context.header('accept'), { offered, transform: true })
  if (form === undefined) {
    const list = offered.map((type) => `${type};stream=watch`).join(', ')
    throw notAcceptable(`only the following media types are accepted: ${list}`)
  }
  const include = form.as === 'Table' ? includeObjectOf(context.query) : 'Metadata'
  const selection = parseSelection(resource, options)
  const revision = parseRevision(options.resourceVersion)
  const cache = resource.store.cache()
  await cache.ready()
  const initial = options.sendInitialEvents ?? (revision === undefined || revision === 0)
  if (revision === undefined) {
    await waitForRevision(cache, await resource.store.storage.revision(), context.signal)
  } else if (initial && revision > 0) await waitForRevision(cache, revision, context.signal)
  const given = options.timeoutSeconds ?? 0
  const seconds = given > 0 ? given : server.watch.minTimeoutSeconds * (1 + Math.random())
  const ending = new AbortController()
  const timer = setTimeout(() => ending.abort(), seconds * 1000)
  timer.unref()
  const encodeWatchFrame =
    form.mediaType === protobufType ? (await import('@kapell/openapi/wire/protobuf')).encodeWatchFrame : undefined
  const plan: WatchPlan = {
    resource,
    prefix: keyPrefixOf(resource.store, context.info.namespace),
    options,
    selection,
    writer: createFrameWriter(resource, selection, { form, include, now: server.now, encodeWatchFrame }),
    initial,
    from: revision === 0 ? undefined : revision,
    signal: AbortSignal.any([
      ending.signal,
      context.signal,
      server.closing,
      ...(resource.definition.retired === undefined ? [] : [resource.definition.retired]),
    ]),
    bookmarkEveryMs: server.watch.bookmarkEveryMs,
  }
  return {
    status: 200,
    headers: {
      'content-type': form.mediaType === 'application/json' ? 'application/json' : `${form.mediaType};stream=watch`,
      'cache-control': noCache,
    },
    body: untilDone(frames(plan), () => clearTimeout(timer)),
  }
}
