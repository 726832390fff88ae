import type { KubeObject } from '@kapell/openapi/meta/object'
import type { ServerLogger } from '../server/log.ts'
import { StorageError } from '../storage/storage.ts'
import { asBuffer } from '../storage/watch-cache/splice.ts'
import type { CachedObject } from '../storage/watch-cache/types.ts'
import type { StoredResource } from './resource-table.ts'
import type { ObjectAccess, ResourceName } from './services.ts'

/** Keeps indexes over cached objects current: all of them first, then every change; all again when history is lost. */
export function createFollow(options: {
  /** Undefined for what is not served: nothing comes of it. */
  find: (name: ResourceName) => StoredResource | undefined
  served: (resource: StoredResource, object: KubeObject) => KubeObject
  closing: AbortSignal
  log: ServerLogger
}): ObjectAccess['follow'] {
  const { closing, log } = options
  return (name, apply, more) => {
    const mark = more?.mark === undefined ? undefined : Buffer.from(more.mark)
    const resource = options.find(name)
    if (resource === undefined) return
    const { store } = resource
    const cache = store.cache()
    const tell = apply as (key: string, object: KubeObject | undefined) => void
    const known = new Set<string>()

    const put = (entry: CachedObject): void => {
      const { key } = entry
      if (mark !== undefined && !asBuffer(entry.json).includes(mark)) {
        if (known.has(key)) gone(key)
        return
      }
      known.add(key)
      tell(key.slice(store.prefix.length), options.served(resource, entry.parse()))
    }
    const gone = (key: string): void => {
      known.delete(key)
      tell(key.slice(store.prefix.length), undefined)
    }
    const run = async (): Promise<void> => {
      await cache.ready()
      while (!closing.aborted) {
        const snapshot = cache.snapshot()
        const stale = new Set(known)
        for (const entry of snapshot.entries(store.prefix)) {
          stale.delete(entry.key)
          put(entry)
        }
        for (const key of stale) gone(key)
        try {
          for await (const batch of cache.watch({ prefix: store.prefix, after: snapshot.revision, signal: closing })) {
            for (const event of batch.events) {
              if (event.type === 'DELETED') gone(event.current.key)
              else put(event.current)
            }
          }
        } catch (error) {
          if (closing.aborted) return
          if (!(error instanceof StorageError)) throw error
        }
      }
    }
    run().catch((error: unknown) =>
      log.error('an index stopped following', { resource: name.plural, error: String(error) }),
    )
  }
}
