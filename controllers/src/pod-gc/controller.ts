import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Clock } from '@kapell/controllers/machinery/clock'
import { defineController } from '@kapell/controllers/machinery/controller'
import type { Lister } from '@kapell/controllers/machinery/store'
import { nodes, pods } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import { rfc3339 } from '@kapell/openapi/meta/time'
import type { V1Node, V1Pod } from '@kapell/openapi/types'
import { choosePods, hasEnded, type Collected } from './choose.ts'

interface Dependencies {
  client: ApiClient
  clock: Clock
  nodes: Lister<V1Node>
  pods: Lister<V1Pod>
  /** When each missing node was first missed, in milliseconds. */
  missedAtMs: Map<string, number>
  count: (what: 'pods' | 'pod_errors', pod: V1Pod, reason: string) => void
}

const everyMs = 20_000
/** A node that is missing may only be late in the cache: its pods are safe this long. */
const quarantineMs = 40_000
/** Source: kube-controller-manager's --terminated-pod-gc-threshold. */
const threshold = 12_500
const key = 'all'

/** Removes pods that nobody else will. */
export const podGarbageCollector = defineController<Dependencies, V1Node>({
  name: 'pod-garbage-collector',
  queue: 'orphaned_pods_nodes',
  setup: ({ client, clock, lister, queue, metrics }) => {
    queue.add(key)
    const count: Dependencies['count'] = (what, { metadata }, reason) => {
      const help = what === 'pods' ? '[ALPHA] Pods deleted.' : '[ALPHA] Pods that could not be deleted.'
      const labels = { namespace: metadata?.namespace ?? '', reason }
      metrics.counter(`pod_gc_collector_force_delete_${what}_total`, help, labels).inc()
    }
    return { count, client, clock, nodes: lister(nodes), pods: lister(pods), missedAtMs: new Map<string, number>() }
  },
  reconcile: async (_key, dependencies) => {
    const { nodes: nodeLister, pods: podLister } = dependencies
    const all = podLister.list()
    const known = new Map(nodeLister.list().map((node) => [node.metadata?.name ?? '', node]))
    const gone = await goneNodes(all, known, dependencies)
    for (const collected of choosePods({ pods: all, nodes: known, gone, threshold }))
      await collect(collected, dependencies)
    return { afterMs: everyMs }
  },
})

/** Nodes that pods name, that have been missing for a while, and that the API server does not know either. */
async function goneNodes(
  all: readonly V1Pod[],
  known: ReadonlyMap<string, V1Node>,
  { client, clock, missedAtMs }: Dependencies,
): Promise<Set<string>> {
  const nowMs = clock.now().getTime()
  const named = new Set(all.map((pod) => pod.spec?.nodeName ?? '').filter((name) => name !== '' && !known.has(name)))
  for (const name of missedAtMs.keys()) if (!named.has(name)) missedAtMs.delete(name)
  const gone = new Set<string>()
  for (const name of named) {
    const sinceMs = missedAtMs.get(name) ?? nowMs
    missedAtMs.set(name, sinceMs)
    if (nowMs - sinceMs < quarantineMs) continue
    const exists = await client
      .resource(nodes)
      .get(name)
      .then(
        () => true,
        (error: unknown) => {
          if (isReason(error, 'NotFound')) return false
          throw error
        },
      )
    if (!exists) gone.add(name)
  }
  return gone
}

async function collect({ pod, reason }: Collected, { client, clock, count }: Dependencies): Promise<void> {
  const { namespace = '', name = '', uid, generation } = pod.metadata ?? {}
  const resource = client.resource(pods, namespace)
  try {
    if (reason !== 'terminated' && !hasEnded(pod)) {
      const observed = generation === undefined ? {} : { observedGeneration: generation }
      const condition = {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'DeletionByPodGC',
        message: 'PodGC: node no longer exists',
        lastTransitionTime: rfc3339(clock.now()),
        ...observed,
      }
      const status = { phase: 'Failed', ...observed, ...(reason === 'orphaned' ? { conditions: [condition] } : {}) }
      await resource.patch(name, 'strategic', { metadata: { uid }, status }, { subresource: 'status' })
    }
    await resource.delete(name, { gracePeriodSeconds: 0, ...(uid === undefined ? {} : { preconditions: { uid } }) })
    count('pods', pod, reason)
  } catch (error) {
    if (!isReason(error, 'NotFound')) count('pod_errors', pod, reason)
    if (!isReason(error, 'NotFound', 'Conflict')) throw error
  }
}
