import { isReason } from '@kapell/openapi/meta/status'
import { deleteObject } from '../registry/delete.ts'
import type { ObjectStore, StoredResource } from '../registry/resource-table.ts'
import type { Services } from '../registry/services.ts'
import { StorageError } from '../storage/storage.ts'

const self = { username: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] }
const pageSize = 500
/** Objects deleted side by side: enough to share a flush of the store. */
const together = 64

/** When nothing is seen to go for that long, it is looked again. */
const patienceMs = 5000

/** Waits until an object of a kind goes after the revision `since`, or for a while. */
export async function nextDeletion(store: ObjectStore, options: { since: number; signal: AbortSignal }): Promise<void> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(patienceMs)])
  const cache = store.cache()
  try {
    await cache.waitFor(options.since, { signal })
    for await (const batch of cache.watch({ prefix: store.prefix, after: options.since, signal })) {
      if (batch.events.some((event) => event.type === 'DELETED')) return
    }
  } catch (error) {
    // Too old, too slow or closed: looking again tells.
    if (!signal.aborted && !(error instanceof StorageError)) throw error
  }
}

/** Deletes every object of a kind, straight from the store; tells how many are left because finalizers keep them. */
export async function deleteInstances(
  resource: StoredResource,
  options: { now: Date; services: Services },
): Promise<number> {
  const { prefix, storage } = resource.store
  const remove = async (key: string): Promise<void> => {
    const [first = '', second] = key.slice(prefix.length).split('/')
    const [namespace, name] = second === undefined ? ['', first] : [first, second]
    try {
      await deleteObject(
        {
          resource,
          namespace,
          name,
          subresource: '',
          user: self,
          dryRun: false,
          options: {},
          warn: () => {},
          ...options,
        },
        {},
      )
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }
  let after: string | undefined
  for (;;) {
    const page = await storage.list(prefix, { limit: pageSize, ...(after === undefined ? {} : { after }) })
    const keys = page.items.map((item) => item.key)
    for (let i = 0; i < keys.length; i += together) await Promise.all(keys.slice(i, i + together).map(remove))
    after = keys.at(-1)
    if (!page.more || after === undefined) break
  }
  const left = await storage.list(prefix, { limit: 1 })
  return left.items.length === 0 ? 0 : Math.max(left.count, left.items.length)
}
