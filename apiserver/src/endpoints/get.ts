import { notFound, resourceVersionTooLarge } from '@kapell/openapi/meta/status'
import type { RequestContext } from '../pipeline/context.ts'
import { convertAhead, servedFromCache, servedFromStore } from '../registry/conversion.ts'
import { decodeJson, encodeServed, servedLine } from '../registry/encode.ts'
import { checkNameSegment, keyOf } from '../registry/object-key.ts'
import type { StoredResource } from '../registry/resource-table.ts'
import { bytesAnswer, type Answer } from '../server/answer.ts'
import { StorageError } from '../storage/storage.ts'
import type { CachedObject, WatchCache } from '../storage/watch-cache/types.ts'
import { protobufType } from './negotiate.ts'
import { protobufContent } from './protobuf-forms.ts'
import { parseListRevision, parseRevision } from './query-options.ts'
import { objectAnswer, objectForm } from './respond.ts'

/** Waits until the cache knows the revision; 504 when the store has not reached it. */
export async function waitForRevision(cache: WatchCache, revision: number, signal: AbortSignal): Promise<void> {
  if (cache.revision() >= revision) return
  try {
    await cache.waitFor(revision, { signal })
  } catch (error) {
    if (error instanceof StorageError && error.reason === 'future') {
      throw resourceVersionTooLarge(String(revision), String(cache.revision()))
    }
    throw error
  }
}

/** A cached object in the resource's own version. */
export function servedObject(resource: StoredResource, cached: CachedObject): CachedObject['object'] {
  return servedFromCache(resource.definition, cached)
}

/** The JSON of a cached object in the resource's own version. */
export function servedJson(resource: StoredResource, cached: CachedObject): Uint8Array {
  return resource.definition.conversion === undefined ? cached.json : encodeServed(servedObject(resource, cached))
}

/**
 * GET of one object. Without a resourceVersion it is what the store holds now, never stale: read from there, or from the
 * cache when the store says that this is the same. With one, from the cache, once that is new enough. Nothing is parsed on the way to a JSON answer.
 */
export async function getObject(context: RequestContext, resource: StoredResource): Promise<Answer> {
  const { info } = context
  const form = objectForm(context, resource)
  const missing = (): Error => notFound({ group: resource.group, plural: resource.plural }, info.name)
  const rv = context.rawQuery === '' ? '' : (context.query.get('resourceVersion') ?? '')
  const { store } = resource
  checkNameSegment(info.name)
  const key = keyOf(store, info)
  const answerCached = async (found: CachedObject): Promise<Answer> => {
    if (form.mediaType === protobufType && form.as === undefined) {
      const { encodeContent, enveloped, hasProtobuf } = await import('@kapell/openapi/wire/protobuf')
      const content = hasProtobuf(resource) ? protobufContent(resource, found, encodeContent) : undefined
      if (content !== undefined) return bytesAnswer(200, protobufType, enveloped(resource, content))
    }
    const body = { object: () => servedObject(resource, found), json: () => servedJson(resource, found) }
    return objectAnswer(context, resource, 200, body, form)
  }
  if (rv === '') {
    // What is cached may be what the store would answer, and the store can tell without reading it.
    const known = resource.definition.conversion === undefined ? store.cache().get(key) : undefined
    if (known !== undefined && store.storage.isNewest?.(key, known.revision) === true) return answerCached(known)
    const found = await store.storage.get(key)
    if (found === undefined) throw missing()
    const { value, revision } = found
    if (resource.definition.conversion !== undefined) {
      const [object] = await servedFromStore(resource.definition, [found])
      if (object === undefined) throw missing()
      return objectAnswer(context, resource, 200, { object: () => object }, form)
    }
    const json = servedLine(value, revision)
    return objectAnswer(context, resource, 200, { object: () => decodeJson(json), json: () => json }, form)
  }
  // What is kept for a time only is not read ahead by the original, which then finds the fault with the client.
  const parsed = resource.definition.ttlSeconds === undefined ? parseRevision(rv) : parseListRevision(rv)
  const revision = parsed ?? 0
  const cache = store.cache()
  await cache.ready()
  if (revision > 0) await waitForRevision(cache, revision, context.signal)
  const found = cache.get(key)
  if (found === undefined) throw missing()
  await convertAhead(resource.definition, [found])
  return answerCached(found)
}
