import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Clock } from '@kapell/controllers/machinery/clock'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import type { KubeObject } from '@kapell/openapi/meta/object'
import { configMaps, secrets } from '@kapell/openapi/meta/refs'
import type { ResourceRef } from '@kapell/openapi/meta/resource-ref'
import { isReason } from '@kapell/openapi/meta/status'
import type { ObjectRequest, ObjectSource } from '../pods/deps.ts'

export interface ObjectSourceOptions {
  client: ApiClient
  clock: Clock
  log: Logger
  signal: AbortSignal
  /** A pod that asked for an object: it has changed. */
  changed(uid: string): void
}

interface Entry {
  object: KubeObject | undefined
  /** Once it is known whether the object exists. Rejects when the API does not say. */
  ready: Promise<void>
  users: Set<string>
  stop: AbortController
}

/** Watches each ConfigMap and Secret that a pod of this node refers to: one watch an object, as long as it is used. */
export function createObjectSource(options: ObjectSourceOptions): ObjectSource {
  const { client, clock, log, signal, changed } = options
  const entries = new Map<string, Entry>()

  const begin = <T extends KubeObject>(ref: ResourceRef<T>, key: string, { namespace, name }: ObjectRequest): Entry => {
    const resource = client.resource(ref, namespace)
    const stop = new AbortController()
    const ends = AbortSignal.any([signal, stop.signal])
    const entry: Entry = { object: undefined, ready: Promise.resolve(), users: new Set(), stop }
    const put = (object: T | undefined): void => {
      const differs = entry.object?.metadata?.resourceVersion !== object?.metadata?.resourceVersion
      entry.object = object
      if (differs) for (const uid of entry.users) changed(uid)
    }
    const read = async (): Promise<string | undefined> => {
      const list = await resource.list({ fieldSelector: `metadata.name=${name}`, signal: ends })
      put(list.items[0])
      return list.metadata?.resourceVersion
    }
    const follow = async (first: string | undefined): Promise<void> => {
      let version = first
      while (!ends.aborted) {
        try {
          version ??= await read()
          const watch = resource.watch({
            fieldSelector: `metadata.name=${name}`,
            allowWatchBookmarks: true,
            signal: ends,
            ...(version === undefined ? {} : { resourceVersion: version }),
          })
          for await (const event of watch) {
            version = event.object.metadata?.resourceVersion ?? version
            if (event.type === 'ADDED' || event.type === 'MODIFIED') put(event.object)
            if (event.type === 'DELETED') put(undefined)
          }
        } catch (error) {
          if (ends.aborted) return
          // Too old to go on from: read it again.
          version = undefined
          if (!isReason(error, 'Expired', 'Gone'))
            log.debug(`watch of ${ref.plural} ${namespace}/${name}: ${errorText(error)}`)
        }
        await clock.sleep(1000, ends)
      }
    }
    entry.ready = read().then((version) => void follow(version))
    entry.ready.catch(() => {
      if (entries.get(key) === entry) entries.delete(key)
    })
    return entry
  }

  const get = async <T extends KubeObject>(ref: ResourceRef<T>, request: ObjectRequest): Promise<T | undefined> => {
    const key = `${ref.plural}/${request.namespace}/${request.name}`
    let entry = entries.get(key)
    if (entry === undefined) {
      entry = begin(ref, key, request)
      entries.set(key, entry)
    }
    await entry.ready
    entry.users.add(request.uid)
    return entry.object as T | undefined
  }

  return {
    configMap: (request) => get(configMaps, request),
    secret: (request) => get(secrets, request),
    release: (uid) => {
      for (const [key, entry] of entries) {
        if (!entry.users.delete(uid) || entry.users.size > 0) continue
        entries.delete(key)
        entry.stop.abort()
      }
    },
  }
}
