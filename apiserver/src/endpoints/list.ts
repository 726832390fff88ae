import type { KubeObject } from '@kapell/openapi/meta/object'
import { expired, notAcceptable as notAcceptableTypes, resourceVersionTooLarge } from '@kapell/openapi/meta/status'
import type { RequestContext } from '../pipeline/context.ts'
import { decodeServed } from '../registry/current.ts'
import { encodeServed } from '../registry/encode.ts'
import { keyOf, keyPrefixOf } from '../registry/object-key.ts'
import type { StoredResource } from '../registry/resource-table.ts'
import { noCache, type Answer } from '../server/answer.ts'
import { StorageError } from '../storage/storage.ts'
import { spliceResourceVersion } from '../storage/watch-cache/splice.ts'
import type { CachedObject } from '../storage/watch-cache/types.ts'
import { decodeContinue, encodeContinue, type ContinueToken } from './continue-token.ts'
import { encodeForm } from './encode-form.ts'
import { servedJson, servedObject, waitForRevision } from './get.ts'
import { gzipAnswer } from './gzip.ts'
import { parseListOptions, parseRevision, type ListOptions } from './query-options.ts'
import { objectForm } from './respond.ts'
import { parseSelection, type Selection } from './selection.ts'
import { includeObjectOf, partialMetadata, tableOf } from './table.ts'

/** One item on its way into a list: parsed only when somebody looks into it. */
interface Item {
  key: string
  json: () => Uint8Array
  object: () => KubeObject
}

interface Page {
  revision: number
  items: Item[]
  continue: string
  remaining: number | undefined
}

const tooOld =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.'

function nextToken(prefix: string, revision: number, last: Item): string {
  return encodeContinue({ revision, start: `${last.key.slice(prefix.length)}\u0000` })
}

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
    options.resourceVersion === '' ? await store.storage.revision() : (parseRevision(options.resourceVersion) ?? 0)
  if (wanted > 0) await waitForRevision(cache, wanted, context.signal)
  const snapshot = cache.snapshot()
  const namespace = context.info.namespace
  const prefix = keyPrefixOf(store, namespace)
  const page: Page = { revision: snapshot.revision, items: [], continue: '', remaining: undefined }
  if (selection.name !== undefined && (namespace !== '' || !resource.namespaced)) {
    const found = cache.get(keyOf(store, { namespace, name: selection.name }))
    if (found !== undefined && selection.matches(servedObject(resource, found)))
      page.items.push(new CachedItem(resource, found))
    return page
  }
  for (const entry of snapshot.entries(prefix)) {
    if (!selection.everything && !selection.matches(servedObject(resource, entry))) continue
    if (options.limit > 0 && page.items.length === options.limit) {
      const last = page.items.at(-1)
      if (last !== undefined) page.continue = nextToken(prefix, snapshot.revision, last)
      if (selection.everything) {
        page.remaining =
          prefix === store.prefix ? snapshot.size - page.items.length : countAfter(snapshot.entries(prefix, last?.key))
      }
      break
    }
    page.items.push(new CachedItem(resource, entry))
  }
  return page
}

function countAfter(entries: Iterable<unknown>): number {
  let count = 0
  for (const _ of entries) count++
  return count
}

class CachedItem implements Item {
  readonly key: string
  readonly #resource: StoredResource
  readonly #entry: CachedObject
  constructor(resource: StoredResource, entry: CachedObject) {
    this.key = entry.key
    this.#resource = resource
    this.#entry = entry
  }
  json(): Uint8Array {
    return servedJson(this.#resource, this.#entry)
  }
  object(): KubeObject {
    return servedObject(this.#resource, this.#entry)
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
  let after = from.start === undefined ? undefined : `${prefix}${from.start.replace(/\u0000$/, '')}`
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
    let used = 0
    for (const { key, value, revision } of chunk.items) {
      used++
      after = key
      const object = (): KubeObject => decodeServed(resource, value, revision)
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
        page.continue = nextToken(prefix, at, last)
        if (selection.everything) page.remaining = chunk.count - used
      }
      return page
    }
    if (!left) return page
  }
}

async function readPage(
  context: RequestContext,
  resource: StoredResource,
  options: ListOptions,
  selection: Selection,
): Promise<Page> {
  let token: ContinueToken | undefined
  if (options.continue !== '') token = decodeContinue(options.continue)
  const rv = options.resourceVersion
  const exact =
    token !== undefined ||
    options.resourceVersionMatch === 'Exact' ||
    (options.limit > 0 && rv !== '' && rv !== '0' && options.resourceVersionMatch === '')
  if (!exact) return pageFromCache(context, resource, options, selection)
  const wanted = token === undefined ? parseRevision(rv) : token.revision
  const at = wanted === undefined || wanted < 0 ? undefined : wanted
  if (at !== undefined) {
    const current = await resource.store.storage.revision()
    if (at > current) throw resourceVersionTooLarge(String(at), String(current))
  }
  try {
    return await pageFromStore(context, resource, options, selection, { at, start: token?.start })
  } catch (error) {
    if (!(error instanceof StorageError) || error.reason !== 'compacted') throw error
    if (token === undefined) throw expired(`The resourceVersion for the provided list is too old.`)
    const again = expired(tooOld)
    const resume = encodeContinue({ revision: -1, start: token.start })
    ;(again.status.metadata as Record<string, unknown>)['continue'] = resume
    throw again
  }
}

function listMetadata(page: Page): Record<string, unknown> {
  return {
    resourceVersion: String(page.revision),
    ...(page.continue === '' ? {} : { continue: page.continue }),
    ...(page.remaining === undefined ? {} : { remainingItemCount: page.remaining }),
  }
}

const comma = 0x2c
const brace = 0x7b
const tail = Buffer.from(']}\n')
const chunkBytes = 256 * 1024

/** An item's JSON and how many of its first bytes the list itself tells already: its kind and apiVersion. */
function listItem(resource: StoredResource, json: Uint8Array): { bytes: Uint8Array; skip: number } {
  if (resource.itemsKeepKind) return { bytes: json, skip: 0 }
  const { head } = resource
  let same = json.length > head.length
  for (let i = 0; same && i < head.length; i++) same = json[i] === head[i]
  if (same) return { bytes: json, skip: head.length }
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = JSON.parse(Buffer.from(json).toString()) as KubeObject
  return { bytes: Buffer.from(JSON.stringify(rest)), skip: 0 }
}

interface SplicedList {
  length: number
  chunks(): Iterable<Uint8Array>
}

/** The list as JSON, put together from the bytes of its items, chunk by chunk as they are asked for. */
function spliceList(resource: StoredResource, page: Page): SplicedList {
  const { listKind: kind, apiVersion } = resource
  const opening = Buffer.from(
    `${JSON.stringify({ kind, apiVersion, metadata: listMetadata(page) }).slice(0, -1)},"items":[`,
  )
  const items = page.items.map((item) => listItem(resource, item.json()))
  let length = opening.length + tail.length + Math.max(0, items.length - 1)
  for (const { bytes, skip } of items) length += skip === 0 ? bytes.length : bytes.length - skip + 1
  function* chunks(): Iterable<Uint8Array> {
    let left = length
    let size = Math.min(left, chunkBytes)
    let out = Buffer.allocUnsafeSlow(size)
    let at = opening.copy(out, 0)
    for (let i = 0; i < items.length; i++) {
      const item = items[i]
      if (item === undefined) break
      const needed = item.bytes.length + 2
      if (at + needed > size) {
        yield out.subarray(0, at)
        left -= at
        size = Math.max(Math.min(left, chunkBytes), Math.min(left, needed))
        out = Buffer.allocUnsafeSlow(size)
        at = 0
      }
      if (i > 0) out[at++] = comma
      if (item.skip > 0) out[at++] = brace
      out.set(item.skip > 0 ? item.bytes.subarray(item.skip) : item.bytes, at)
      at += item.bytes.length - item.skip
    }
    if (at + tail.length > size) {
      yield out.subarray(0, at)
      yield tail
      return
    }
    at += tail.copy(out, at)
    yield out.subarray(0, at)
  }
  return { length, chunks }
}

async function* asStream(chunks: Iterable<Uint8Array>): AsyncIterable<Uint8Array> {
  yield* chunks
}

export async function listObjects(context: RequestContext, resource: StoredResource): Promise<Answer> {
  const options = parseListOptions(context.query, false)
  const form = objectForm(context)
  if (form.as === 'PartialObjectMetadata') {
    throw notAcceptableTypes(['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'])
  }
  const include = form.as === 'Table' ? includeObjectOf(context.query) : 'Metadata'
  const selection = parseSelection(resource, options)
  const page = await readPage(context, resource, options, selection)
  const pretty = context.query.get('pretty') === 'true'
  if (form.as === undefined && form.mediaType === 'application/json' && !pretty) {
    const { length, chunks } = spliceList(resource, page)
    const headers = { 'content-type': 'application/json', 'cache-control': noCache }
    const answer: Answer =
      length <= chunkBytes
        ? { status: 200, headers, body: Buffer.concat([...chunks()], length) }
        : { status: 200, headers: { ...headers, 'content-length': String(length) }, body: asStream(chunks()) }
    return gzipAnswer(context, answer, length)
  }
  const objects = page.items.map((item) => item.object())
  const metadata = listMetadata(page)
  if (form.as === 'Table') {
    return encodeForm(200, tableOf(resource, objects, { include, now: context.now, metadata }), form.mediaType, pretty)
  }
  const list =
    form.as === 'PartialObjectMetadataList'
      ? { kind: form.as, apiVersion: 'meta.k8s.io/v1', metadata, items: objects.map(partialMetadata) }
      : {
          kind: resource.listKind,
          apiVersion: resource.apiVersion,
          metadata,
          items: resource.itemsKeepKind
            ? objects
            : objects.map(({ kind: _kind, apiVersion: _apiVersion, ...rest }) => rest),
        }
  return encodeForm(200, list, form.mediaType, pretty)
}
