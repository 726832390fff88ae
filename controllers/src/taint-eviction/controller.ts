import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Clock } from '@kapell/controllers/machinery/clock'
import { defineController } from '@kapell/controllers/machinery/controller'
import type { EventRecorder } from '@kapell/controllers/machinery/event-recorder'
import { keyOf, splitKey, type Lister } from '@kapell/controllers/machinery/store'
import { nodes, pods } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import { rfc3339 } from '@kapell/openapi/meta/time'
import type { V1Node, V1Pod, V1Taint } from '@kapell/openapi/types'
import { evictionMetrics } from '../shared/eviction-metrics.ts'
import { staySeconds } from './tolerations.ts'

interface Dependencies {
  client: ApiClient
  clock: Clock
  events: EventRecorder
  nodes: Lister<V1Node>
  pods: Lister<V1Pod>
  /** Pods whose stay is limited, by key, and when it began: for taints that do not say when they were added. */
  since: Map<string, { uid: string; beganMs: number }>
  evicted: (seconds: number) => void
}

const byNode = 'spec.nodeName'

/** Deletes pods from nodes whose NoExecute taints they do not tolerate, or no longer. */
export const taintEvictionController = defineController<Dependencies, V1Pod>({
  name: 'taint-eviction-controller',
  serviceAccount: 'node-controller',
  queue: 'noexec_taint_pod',
  primary: pods,
  workers: 4,
  setup: ({ client, clock, events, informer, queue, metrics }) => {
    const podInformer = informer(pods, { indexers: { [byNode]: (pod) => [pod.spec?.nodeName ?? ''] } })
    const nodeInformer = informer(nodes)
    const wakePods = (node: V1Node): void => {
      for (const pod of podInformer.lister.byIndex(byNode, node.metadata?.name ?? '')) queue.add(keyOf(pod))
    }
    nodeInformer.onChange({
      add: wakePods,
      update: (before, node) => {
        if (JSON.stringify(evicting(before)) !== JSON.stringify(evicting(node))) wakePods(node)
      },
    })
    return {
      evicted: evictionMetrics(metrics, 'taint_eviction_controller'),
      client,
      clock,
      events,
      nodes: nodeInformer.lister,
      pods: podInformer.lister,
      since: new Map<string, { uid: string; beganMs: number }>(),
    }
  },
  reconcile: async (key, { client, clock, events, nodes: nodeLister, pods: podLister, since, evicted }) => {
    const pod = podLister.get(key)
    const uid = pod?.metadata?.uid ?? ''
    const node = nodeLister.get(pod?.spec?.nodeName ?? '')
    const taints = node === undefined ? [] : evicting(node)
    const leaving = pod?.metadata?.deletionTimestamp !== undefined
    const seconds =
      pod === undefined || leaving || taints.length === 0 ? undefined : staySeconds(taints, pod.spec?.tolerations ?? [])
    if (pod === undefined || seconds === undefined) {
      if (since.delete(key) && !leaving) tell(events, key, `Cancelling deletion of Pod ${key}`)
      return
    }
    const nowMs = clock.now().getTime()
    const known = since.get(key)
    const beganMs = known?.uid === uid ? known.beganMs : (startOf(taints) ?? nowMs)
    since.set(key, { uid, beganMs })
    const leftMs = beganMs + seconds * 1000 - nowMs
    if (leftMs > 0) return { afterMs: leftMs }
    await evict(pod, client, clock)
    evicted((clock.now().getTime() - nowMs - leftMs) / 1000)
    since.delete(key)
    tell(events, key, `Marking for deletion Pod ${key}`)
  },
})

/** The pod is named and no more: it may be another of that name by now. */
function tell(events: EventRecorder, key: string, message: string): void {
  const reference = { apiVersion: 'v1', kind: 'Pod', ...splitKey(key) }
  events.event({ reference }, 'Normal', 'TaintManagerEviction', message)
}

function evicting(node: V1Node): V1Taint[] {
  return (node.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute')
}

function startOf(taints: readonly V1Taint[]): number | undefined {
  const times = taints.map(({ timeAdded }) => Date.parse(timeAdded ?? '')).filter((time) => !Number.isNaN(time))
  return times.length === 0 ? undefined : Math.max(...times)
}

async function evict(pod: V1Pod, client: ApiClient, clock: Clock): Promise<void> {
  const { namespace = '', name = '', uid, generation } = pod.metadata ?? {}
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'DeletionByTaintManager',
    message: 'Taint manager: deleting due to NoExecute taint',
    lastTransitionTime: rfc3339(clock.now()),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  }
  const resource = client.resource(pods, namespace)
  try {
    await resource.patch(
      name,
      'strategic',
      { metadata: { uid }, status: { conditions: [condition] } },
      { subresource: 'status' },
    )
    await resource.delete(name, uid === undefined ? {} : { preconditions: { uid } })
  } catch (error) {
    if (!isReason(error, 'NotFound', 'Conflict')) throw error
  }
}
