import type { KubeObject } from '@kapell/openapi/meta/object'
import { badRequest, expired, resourceVersionTooLarge } from '@kapell/openapi/meta/status'
import type { RequestContext } from '../pipeline/context.ts'
import { convertAhead, servedFromStore } from '../registry/conversion.ts'
import { decodeServed } from '../registry/current.ts'
import { encodeServed } from '../registry/encode.ts'
import { keyOf, keyPrefixOf } from '../registry/object-key.ts'
import type { StoredResource } from '../registry/resource-table.ts'
import { noCache, type Answer } from '../server/answer.ts'
import { StorageError } from '../storage/storage.ts'
import { spliceResourceVersion } from '../storage/watch-cache/splice.ts'
import type { CachedObject, Snapshot } from '../storage/watch-cache/types.ts'
import { decodeContinue, encodeContinue, tokenLifeMs, type ContinueToken } from './continue-token.ts'
import { encodeForm } from './encode-form.ts'
import { servedJson, servedObject, waitForRevision } from './get.ts'
import { gzipAnswer } from './gzip.ts'
import { metadataContent, metadataListPieces, partialKind } from './metadata-forms.ts'
import { customObjectTypes, metaVersion, notAcceptableObject, protobufType, type Form } from './negotiate.ts'
import { protobufContent } from './protobuf-forms.ts'
import { isPretty } from './pretty.ts'
import { parseListOptions, parseListRevision, type ListOptions } from './query-options.ts'
import { checkListForm, objectForm } from './respond.ts'
import { parseSelection, type Selection } from './selection.ts'
import { listChunkBytes, spliceList, splicePieces, type SplicedList } from './splice-list.ts'
import { shelve, shelved } from './snapshot-shelf.ts'
import { tablePieces } from './table-rows.ts'
import { includeObjectOf, partialMetadata, tableOf } from './table.ts'

/** One item on its way into a list: parsed only when somebody looks into it. */
interface Item {
  key: string
  /** Where it comes from, when that is the cache. */
  cached?: CachedObject
  json: () => Uint8Array
  object: () => KubeObject
}

export interface Page {
  revision: number
  items: Item[]
  continue: string
  remaining: number | undefined
}

const tooOld =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.'

function nextToken(context: RequestContext, prefix: string, revision: number, last: Item): string {
  const start = `${last.key.slice(prefix.length)}\u0000`
  return encodeContinue({ revision, start, issuedMs: context.now.getTime() })
}

/** The last key of the page before, below the list's prefix. */
const keyOfStart = (start: string): string => start.replace(/\u0000$/, '')

/** From the newest snapshot that the request allows. */
async function pageFromCache(
  context: RequestContext,
  resource: StoredResource,
  options: ListOptions,
  selection: Selection,
): Promise<Page> {
  const { store } = resource
  const cache = store.cache()
  await cache.ready()
  const wanted =
    options.resourceVersion === '' ? await store.storage.revision() : (parseListRevision(options.resourceVersion) ?? 0)
  if (wanted > 0) await waitForRevision(cache, wanted, context.signal)
  const { namespace } = context.info
  if (selection.name !== undefined && (namespace !== '' || !resource.namespaced)) {
    const { revision } = cache.snapshot()
    const found = cache.get(keyOf(store, { namespace, name: selection.name }))
    await convertAhead(resource.definition, [found])
    const items =
      found !== undefined && selection.matches(servedObject(resource, found)) ? [new CachedItem(resource, found)] : []
    return { revision, items, continue: '', remaining: undefined }
  }
  return pageFromSnapshot(context, resource, options, selection, { snapshot: cache.snapshot() })
}

/** One page of a snapshot, `after` a key; a page that is not the last keeps the snapshot for those to come. */
async function pageFromSnapshot(
  context: RequestContext,
  resource: StoredResource,
  options: ListOptions,
  selection: Selection,
  from: { snapshot: Snapshot; after?: string },
): Promise<Page> {
  const { store } = resource
  const { snapshot, after } = from
  const prefix = keyPrefixOf(store, context.info.namespace)
  const page: Page = { revision: snapshot.revision, items: [], continue: '', remaining: undefined }
  const isCut = options.limit > 0 && selection.everything
  const entries = snapshot.entries(prefix, after)
  await convertAhead(resource.definition, isCut ? firstOf(entries, options.limit) : entries)
  for (const entry of snapshot.entries(prefix, after)) {
    if (!selection.everything && !selection.matches(servedObject(resource, entry))) continue
    if (options.limit > 0 && page.items.length === options.limit) {
      const last = page.items.at(-1)
      if (last !== undefined) page.continue = nextToken(context, prefix, snapshot.revision, last)
      if (selection.everything) {
        page.remaining =
          prefix === store.prefix && after === undefined
            ? snapshot.size - page.items.length
            : countAfter(snapshot.entries(prefix, last?.key))
      }
      shelve(store, snapshot, performance.now())
      break
    }
    page.items.push(new CachedItem(resource, entry))
  }
  return page
}

function* firstOf<T>(entries: Iterable<T>, count: number): Iterable<T> {
  let left = count
  for (const entry of entries) {
    if (left-- <= 0) return
    yield entry
  }
}

function countAfter(entries: Iterable<unknown>): number {
  let count = 0
  for (const _ of entries) count++
  return count
}

class CachedItem implements Item {
  readonly key: string
  readonly cached: CachedObject
  readonly #resource: StoredResource
  constructor(resource: StoredResource, entry: CachedObject) {
    this.key = entry.key
    this.#resource = resource
    this.cached = entry
  }
  json(): Uint8Array {
    return servedJson(this.#resource, this.cached)
  }
  object(): KubeObject {
    return servedObject(this.#resource, this.cached)
  }
}

/** From the store's history: a page of a continued list, or a list at an exact version. */
async function pageFromStore(
  context: RequestContext,
  resource: StoredResource,
  options: ListOptions,
  selection: Selection,
  from: { at: number | undefined; start: string | undefined },
): Promise<Page> {
  const { store } = resource
  const prefix = keyPrefixOf(store, context.info.namespace)
  const page: Page = { revision: from.at ?? 0, items: [], continue: '', remaining: undefined }
  let after = from.start === undefined ? undefined : `${prefix}${keyOfStart(from.start)}`
  let at = from.at
  for (;;) {
    context.signal.throwIfAborted()
    const missing = options.limit > 0 ? options.limit - page.items.length : 0
    const chunk = await store.storage.list(prefix, {
      ...(at === undefined ? {} : { at }),
      ...(after === undefined ? {} : { after }),
      ...(missing > 0 ? { limit: selection.everything ? missing : Math.max(missing, 500) } : {}),
    })
    at ??= chunk.revision
    page.revision = at
    const converted =
      resource.definition.conversion?.remote === undefined
        ? undefined
        : await servedFromStore(resource.definition, chunk.items)
    let used = 0
    for (const { key, value, revision } of chunk.items) {
      const ready = converted?.[used]
      used++
      after = key
      const object = (): KubeObject => ready ?? decodeServed(resource, value, revision)
      if (!selection.everything && !selection.matches(object())) continue
      page.items.push({
        key,
        object,
        json: () =>
          resource.definition.conversion === undefined
            ? spliceResourceVersion(value, revision)
            : encodeServed(object()),
      })
      if (options.limit > 0 && page.items.length === options.limit) break
    }
    const left = chunk.more || used < chunk.items.length
    if (options.limit > 0 && page.items.length === options.limit) {
      const last = page.items.at(-1)
      if (left && last !== undefined) {
        page.continue = nextToken(context, prefix, at, last)
        if (selection.everything) page.remaining = chunk.count - used
      }
      return page
    }
    if (!left) return page
  }
}

/** The objects that a list's options name, in the order of their keys. Throws 400, 410, 504. */
export async function readPage(
  context: RequestContext,
  resource: StoredResource,
  options: ListOptions,
  selection: Selection,
): Promise<Page> {
  let token: ContinueToken | undefined
  if (options.continue !== '') token = decodeContinue(options.continue)
  const rv = options.resourceVersion
  if (token !== undefined && rv !== '' && rv !== '0')
    throw badRequest('specifying resource version is not allowed when using continue')
  const exact =
    token !== undefined ||
    options.resourceVersionMatch === 'Exact' ||
    (options.limit > 0 && rv !== '' && rv !== '0' && options.resourceVersionMatch === '')
  // Any version will do: the state at hand is given whole, whatever the limit.
  if (!exact) return pageFromCache(context, resource, rv === '0' ? { ...options, limit: 0 } : options, selection)
  const wanted = token === undefined ? parseListRevision(rv) : token.revision
  const at = wanted === undefined || wanted < 0 ? undefined : wanted
  const snapshot = token === undefined || at === undefined ? undefined : shelved(resource.store, at, performance.now())
  if (snapshot !== undefined && token !== undefined && !isOver(token, context)) {
    const after = `${keyPrefixOf(resource.store, context.info.namespace)}${keyOfStart(token.start)}`
    return pageFromSnapshot(context, resource, options, selection, { snapshot, after })
  }
  if (at !== undefined) {
    const current = await resource.store.storage.revision()
    if (at > current) throw resourceVersionTooLarge(String(at), String(current))
  }
  if (token !== undefined && at !== undefined && isOver(token, context)) throw tokenExpired(token)
  try {
    return await pageFromStore(context, resource, options, selection, { at, start: token?.start })
  } catch (error) {
    if (!(error instanceof StorageError) || error.reason !== 'compacted') throw error
    throw token === undefined ? expired(`The resourceVersion for the provided list is too old.`) : tokenExpired(token)
  }
}

function isOver(token: ContinueToken, context: RequestContext): boolean {
  return token.issuedMs !== undefined && context.now.getTime() - token.issuedMs > tokenLifeMs
}

/** The 410 of a token that is too old, with another that goes on from the newest state. */
function tokenExpired(token: ContinueToken): Error {
  const error = expired(tooOld)
  error.status.metadata['continue'] = encodeContinue({ revision: -1, start: token.start })
  return error
}

export function listMetadata(page: Page, resource: StoredResource): Record<string, unknown> {
  return {
    resourceVersion: String(page.revision),
    // Lists of custom resources say it even when there is nothing to go on with.
    ...(page.continue === '' && !resource.itemsKeepKind ? {} : { continue: page.continue }),
    ...(page.remaining === undefined ? {} : { remainingItemCount: page.remaining }),
  }
}

async function* asStream(chunks: Iterable<Uint8Array>): AsyncIterable<Uint8Array> {
  yield* chunks
}

/** A list as it is put together: at once when it is small, else chunk by chunk as the client takes it. */
function splicedAnswer(context: RequestContext, list: SplicedList, mediaType: string): Answer {
  const { length, chunks } = list
  const headers = { 'content-type': mediaType, 'cache-control': noCache }
  const answer: Answer =
    length <= listChunkBytes
      ? { status: 200, headers, body: Buffer.concat([...chunks()], length) }
      : {
          status: 200,
          headers: { ...headers, 'content-length': String(length) },
          body: asStream(chunks()),
          reusesChunks: true,
        }
  return gzipAnswer(context, answer, length)
}

export async function listObjects(context: RequestContext, resource: StoredResource): Promise<Answer> {
  const options = parseListOptions(context.query, false)
  const form = objectForm(context, resource)
  checkListForm(form, resource)
  const include = form.as === 'Table' ? includeObjectOf(context.query) : 'Metadata'
  const selection = parseSelection(resource, options)
  const page = await readPage(context, resource, options, selection)
  const pretty = isPretty(context, form)
  const metadata = listMetadata(page, resource)
  const apiVersion = metaVersion(form)
  // Only whole lists of custom resources say that there is no more.
  if (form.as !== undefined && metadata['continue'] === '') delete metadata['continue']
  if (form.as === undefined && form.mediaType === 'application/json' && !pretty) {
    const items = page.items.map((item) => item.json())
    return splicedAnswer(context, spliceList(resource, { metadata, items }), form.mediaType)
  }
  if (form.as === undefined && form.mediaType === protobufType) {
    const { encodeContent, envelopedList, hasProtobuf } = await import('@kapell/openapi/wire/protobuf')
    const gvk = { group: resource.group, version: resource.version, kind: resource.listKind }
    if (!hasProtobuf(gvk)) throw notAcceptableObject(customObjectTypes)
    const items = page.items.map((item) =>
      item.cached === undefined
        ? encodeContent(resource, item.object())
        : protobufContent(resource, item.cached, encodeContent),
    )
    return splicedAnswer(context, splicePieces(envelopedList(gvk, { metadata, items })), form.mediaType)
  }
  if (form.as === 'PartialObjectMetadataList' && !pretty) {
    const answer = await metadataAnswer(context, resource, form, { page, metadata })
    if (answer !== undefined) return answer
  }
  if (form.as === 'Table' && form.mediaType === 'application/json' && !pretty) {
    const cached = page.items.flatMap((item) => item.cached ?? [])
    if (cached.length === page.items.length && resource.definition.conversion === undefined) {
      const pieces = tablePieces(resource, cached, { include, now: context.now, metadata, apiVersion })
      return splicedAnswer(context, splicePieces(pieces), form.mediaType)
    }
  }
  const objects = page.items.map((item) => item.object())
  if (form.as === 'Table') {
    const table = tableOf(resource, objects, { include, now: context.now, metadata, apiVersion })
    return encodeForm(200, table, form.mediaType, pretty)
  }
  const list = listOf(resource, form, { metadata, objects })
  return encodeForm(200, list, form.mediaType, pretty)
}

/** A list of metadata from what is cached; undefined where that is not enough. */
async function metadataAnswer(
  context: RequestContext,
  resource: StoredResource,
  form: Form,
  list: { page: Page; metadata: Record<string, unknown> },
): Promise<Answer | undefined> {
  const cached = list.page.items.flatMap((item) => item.cached ?? [])
  if (cached.length < list.page.items.length) return undefined
  const { metadata } = list
  if (form.mediaType === 'application/json') {
    const pieces = metadataListPieces(resource, cached, { metadata, apiVersion: metaVersion(form) })
    return splicedAnswer(context, splicePieces(pieces), form.mediaType)
  }
  if (form.mediaType !== protobufType) return undefined
  const { encodeContent, envelopedList } = await import('@kapell/openapi/wire/protobuf')
  const items = cached.map((one) => metadataContent(resource, one, encodeContent))
  const gvk = { ...partialKind(form.version), kind: 'PartialObjectMetadataList' }
  return splicedAnswer(context, splicePieces(envelopedList(gvk, { metadata, items })), form.mediaType)
}

/** Objects as their list, or as that of their metadata. */
export function listOf(
  resource: StoredResource,
  form: Form,
  { metadata, objects }: { metadata: Record<string, unknown>; objects: readonly KubeObject[] },
): Record<string, unknown> {
  if (form.as === 'PartialObjectMetadataList') {
    const apiVersion = metaVersion(form)
    return { kind: form.as, apiVersion, metadata, items: objects.map((one) => partialMetadata(one, apiVersion)) }
  }
  const items = resource.itemsKeepKind
    ? objects
    : objects.map(({ kind: _kind, apiVersion: _apiVersion, ...rest }) => rest)
  return { kind: resource.listKind, apiVersion: resource.apiVersion, metadata, items }
}
