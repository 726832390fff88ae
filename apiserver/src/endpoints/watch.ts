import { ApiError, expired } from '@kapell/openapi/meta/status'
import type { RequestContext } from '../pipeline/context.ts'
import { convertAhead } from '../registry/conversion.ts'
import { keyPrefixOf } from '../registry/object-key.ts'
import type { StoredResource } from '../registry/resource-table.ts'
import { noCache, type Answer, type LiveSink } from '../server/answer.ts'
import { StorageError } from '../storage/storage.ts'
import type { CacheEvent, CacheWatchBatch, CachedObject, Subscription } from '../storage/watch-cache/types.ts'
import { servedObject, waitForRevision } from './get.ts'
import { customStreamTypes, negotiateForm, notAcceptableStream, protobufType, streamTypes } from './negotiate.ts'
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

/** Joins frames, which may come in pieces, so that many cost few writes. Each chunk ends with a frame. */
function* joined(frames: Iterable<readonly Uint8Array[]>): Iterable<Uint8Array> {
  let pending: Uint8Array[] = []
  let size = 0
  for (const frame of frames) {
    for (const piece of frame) {
      pending.push(piece)
      size += piece.length
    }
    if (size < chunkBytes) continue
    yield Buffer.concat(pending, size)
    pending = []
    size = 0
  }
  if (size > 0) yield Buffer.concat(pending, size)
}

function* initialFrames(
  plan: WatchPlan,
  entries: Iterable<Parameters<FrameWriter['added']>[0]>,
): Iterable<readonly Uint8Array[]> {
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

/** One watch: what it says of each batch of changes. */
class WatchStream {
  readonly #plan: WatchPlan
  #delivered: number
  #lastMark = performance.now()
  #started = false
  /** The revision that the changes begin after. */
  after: number

  constructor(plan: WatchPlan) {
    this.#plan = plan
    this.after = plan.from ?? plan.resource.store.cache().revision()
    this.#delivered = this.after
  }

  /** The state first, when it is wanted. */
  async *initial(): AsyncIterable<Uint8Array> {
    const { resource, prefix, options, writer, initial } = this.#plan
    if (!initial) return
    const snapshot = resource.store.cache().snapshot()
    this.after = this.#delivered = snapshot.revision
    await convertAhead(resource.definition, snapshot.entries(prefix))
    yield* joined(initialFrames(this.#plan, snapshot.entries(prefix)))
    if (options.sendInitialEvents === true && options.allowWatchBookmarks)
      yield writer.bookmark(snapshot.revision, true)
  }

  /** Writes what a batch means to this watch; false when the client takes no more for now. */
  write(batch: CacheWatchBatch, out: Pick<LiveSink, 'write'>): boolean {
    const { writer, options } = this.#plan
    this.#started = true
    let only: Uint8Array | undefined
    let several: Uint8Array[][] | undefined
    for (const event of batch.events) {
      const frame = writer.change(event)
      if (frame === undefined) continue
      if (only === undefined) only = frame
      else (several ??= [[only]]).push([frame])
    }
    let more = true
    if (several !== undefined) for (const chunk of joined(several)) more = out.write(chunk)
    else if (only !== undefined) more = out.write(only)
    if (!options.allowWatchBookmarks) return more
    if (only !== undefined) this.#lastMark = performance.now()
    const mark = this.#bookmark(batch.progress)
    return mark === undefined ? more : out.write(mark)
  }

  /** A bookmark, when it is time for one. */
  #bookmark(progress: number): Uint8Array | undefined {
    const { resource, writer, bookmarkEveryMs } = this.#plan
    if (performance.now() - this.#lastMark < bookmarkEveryMs) return undefined
    // A store may tell how far it is only when asked; the answer comes with a later batch.
    if (progress <= this.#delivered) {
      resource.store.storage.requestProgress?.(resource.store.prefix)
      return undefined
    }
    this.#lastMark = performance.now()
    this.#delivered = progress
    return writer.bookmark(progress, false)
  }

  /** The last frame of a watch that failed, if it is told; rethrows what nobody foresaw. */
  ended(error: unknown): Uint8Array | undefined {
    const { writer, signal, resource } = this.#plan
    if (signal.aborted) return undefined
    // A webhook that converts objects failed.
    if (error instanceof ApiError) return writer.error(error.status)
    // The kind is served no more.
    if (error instanceof StorageError && error.reason === 'unavailable') return undefined
    if (!(error instanceof StorageError) || error.reason !== 'compacted') throw error
    // A watcher that fell behind just ends, and resumes from what it saw; one that asks for too much is told.
    if (this.#started) return undefined
    const oldest = error.oldest ?? resource.store.cache().revision()
    return writer.error(expired(`too old resource version: ${this.after} (${oldest})`).status)
  }
}

async function* frames(plan: WatchPlan): AsyncIterable<Uint8Array> {
  const { resource, prefix, signal } = plan
  const stream = new WatchStream(plan)
  yield* stream.initial()
  try {
    for await (const batch of resource.store.cache().watch({ prefix, after: stream.after, signal })) {
      await convertAhead(resource.definition, shownIn(batch.events))
      const chunks: Uint8Array[] = []
      stream.write(batch, { write: (chunk) => chunks.push(chunk) > 0 })
      yield* chunks
    }
  } catch (error) {
    const last = stream.ended(error)
    if (last !== undefined) yield last
  }
}

/** Those whose turn it is, all in one go: a change is handed to hundreds of watchers without a promise for each. */
let turns: (() => void)[] = []

function takeTurn(turn: () => void): void {
  if (turns.length === 0) {
    queueMicrotask(() => {
      const ready = turns
      turns = []
      for (const one of ready) one()
    })
  }
  turns.push(turn)
}

/** The same as {@link frames}, written as it comes; not for kinds that a webhook has to convert. */
async function writeFrames(plan: WatchPlan, out: LiveSink): Promise<void> {
  const { resource, prefix, signal } = plan
  const stream = new WatchStream(plan)
  const drained = (): Promise<void> => new Promise((resolve) => out.drained(resolve))
  for await (const chunk of stream.initial()) {
    if (out.gone || signal.aborted) return
    if (!out.write(chunk)) await drained()
  }
  await new Promise<void>((resolve, reject) => {
    let subscription: Subscription | undefined
    const finish = (): void => {
      signal.removeEventListener('abort', finish)
      subscription?.close()
      subscription = undefined
      resolve()
    }
    const fail = (error: unknown): void => {
      try {
        const last = stream.ended(error)
        if (last !== undefined && !out.gone) out.write(last)
        finish()
      } catch (unforeseen) {
        finish()
        reject(unforeseen instanceof Error ? unforeseen : new Error(String(unforeseen)))
      }
    }
    let due = true
    /** Writes what is new, and waits for more. A client that is gone aborts the signal. */
    const turn = (): void => {
      if (subscription === undefined) return
      try {
        const batch = subscription.take()
        let more = true
        if (batch.events.length > 0 || due) {
          due = false
          more = stream.write(batch, out)
        }
        if (more) subscription.wait(wake)
        else out.drained(() => takeTurn(turn))
      } catch (error) {
        fail(error)
      }
    }
    const wake = (reason: 'event' | 'tick'): void => {
      if (reason === 'tick') due = true
      takeTurn(turn)
    }
    try {
      signal.throwIfAborted()
      signal.addEventListener('abort', finish)
      subscription = resource.store.cache().subscribe({ prefix, after: stream.after })
      takeTurn(turn)
    } catch (error) {
      fail(error)
    }
  })
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
  if (form === undefined) throw notAcceptableStream(context.header('accept'))
  const include = form.as === 'Table' ? includeObjectOf(context.query) : 'Metadata'
  // The watch of old names its one object in the path.
  if (context.info.name !== '' && options.fieldSelector === '')
    options.fieldSelector = `metadata.name=${context.info.name}`
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
  const protobuf = form.mediaType === protobufType ? await import('@kapell/openapi/wire/protobuf') : undefined
  const plan: WatchPlan = {
    resource,
    prefix: keyPrefixOf(resource.store, context.info.namespace),
    options,
    selection,
    writer: createFrameWriter(resource, selection, { form, include, now: server.now, protobuf }),
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
    ...(resource.definition.conversion?.remote === undefined
      ? { live: (out: LiveSink) => writeFrames(plan, out).finally(() => clearTimeout(timer)) }
      : {}),
  }
}
