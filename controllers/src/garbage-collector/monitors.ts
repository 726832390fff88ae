import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Clock } from '@kapell/controllers/machinery/clock'
import { can, discover, type DiscoveredResource } from '@kapell/controllers/machinery/discovery'
import type { Logger } from '@kapell/controllers/machinery/log'
import { runReflector } from '@kapell/controllers/machinery/reflector'
import { keyOf } from '@kapell/controllers/machinery/store'
import type { KubeObject } from '@kapell/openapi/meta/object'
import { parseApiVersion } from '@kapell/openapi/meta/object'
import { groupResource, type ResourceRef } from '@kapell/openapi/meta/resource-ref'
import type { Graph } from './graph.ts'

/** Short-lived and owned by nobody: not worth a watch. */
const ignored = new Set(['events', 'events.events.k8s.io'])

/** The watches that feed the graph: one for each kind that can be deleted, of metadata only. */
export interface Monitors {
  /** Discovers anew, starts and stops watches. */
  refresh(): Promise<void>
  /** Once every kind known now has its first state in the graph. */
  synced(): Promise<void>
  /** How to address a kind that a reference names; undefined when nothing of it is served. */
  refOf(apiVersion: string, kind: string): ResourceRef | undefined
}

export function createMonitors(options: {
  client: ApiClient
  metadataClient: ApiClient
  graph: Graph
  clock: Clock
  log: Logger
  signal: AbortSignal
}): Monitors {
  const { client, metadataClient, graph, clock, log, signal } = options
  const running = new Map<string, { ref: DiscoveredResource; stop: AbortController; synced: Promise<void> }>()
  const kinds = new Map<string, ResourceRef>()

  const start = (
    ref: DiscoveredResource,
  ): { ref: DiscoveredResource; stop: AbortController; synced: Promise<void> } => {
    const stop = new AbortController()
    const first = Promise.withResolvers<void>()
    const uids = new Map<string, string>()
    const forget = (key: string): void => {
      const uid = uids.get(key)
      uids.delete(key)
      if (uid !== undefined) graph.remove(uid)
    }
    const put = (object: KubeObject): void => {
      const key = keyOf(object)
      const uid = object.metadata?.uid ?? ''
      // Deleted and made again between two looks.
      if (uids.has(key) && uids.get(key) !== uid) forget(key)
      uids.set(key, uid)
      graph.put(ref, object)
    }
    signal.addEventListener('abort', () => stop.abort(), { once: true })
    stop.signal.addEventListener('abort', () => first.resolve(), { once: true })
    void runReflector<KubeObject>({
      name: `garbage collector: ${groupResource(ref)}`,
      resource: metadataClient.resource<KubeObject>(ref),
      clock,
      log,
      signal: stop.signal,
      sink: {
        replace: (objects) => {
          const present = new Set(objects.map(keyOf))
          for (const key of [...uids.keys()]) if (!present.has(key)) forget(key)
          for (const object of objects) put(object)
          first.resolve()
        },
        change: (type, object) => (type === 'DELETED' ? forget(keyOf(object)) : put(object)),
      },
    }).then(() => {
      // The kind itself is gone, and with it all its objects.
      if (!signal.aborted) for (const key of [...uids.keys()]) forget(key)
    })
    return { ref, stop, synced: first.promise }
  }

  return {
    refresh: async () => {
      const { resources, failures } = await discover(client, signal)
      if (signal.aborted) return
      const failed = new Set(failures.map(({ groupVersion }) => parseApiVersion(groupVersion).group))
      const seen = new Set<string>()
      for (const resource of resources) {
        kinds.set(kindId(resource.group, resource.kind), resource)
        const id = groupResource(resource)
        if (ignored.has(id) || !can(resource, 'list', 'watch', 'delete')) continue
        seen.add(id)
        const known = running.get(id)
        if (known !== undefined && known.ref.version === resource.version) continue
        known?.stop.abort()
        running.set(id, start(resource))
      }
      for (const [id, { ref, stop }] of running) {
        // A group that does not answer is not gone.
        if (seen.has(id) || failed.has(ref.group)) continue
        stop.abort()
        running.delete(id)
        kinds.delete(kindId(ref.group, ref.kind))
      }
    },
    synced: async () => {
      await Promise.all([...running.values()].map(({ synced }) => synced))
    },
    refOf: (apiVersion, kind) => kinds.get(kindId(parseApiVersion(apiVersion).group, kind)),
  }
}

const kindId = (group: string, kind: string): string => `${kind}.${group}`
