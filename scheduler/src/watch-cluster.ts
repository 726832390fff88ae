import type { InformerFactory } from '@kapell/controllers/machinery/informer-factory'
import { nodes, pods } from '@kapell/openapi/meta/refs'
import type { V1Pod } from '@kapell/openapi/types'
import { nodeChange } from './cluster-events.ts'
import type { SchedulerCache } from './cache.ts'
import type { Nominations } from './framework/nominations.ts'
import { isTerminal, podInfo } from './framework/pod-info.ts'
import type { SchedulingQueue } from './queue/scheduling-queue.ts'

/** Pods that have ended hold nothing and wait for nothing. */
export const livePods = { fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed' }

/**
 * Feeds the cache and the queue from the API: assigned pods are counted on their node, unassigned ones of ours wait,
 * and every change that could let a waiting pod fit is told to the queue. Resolves when the first state is in.
 */
export async function watchCluster(parts: {
  informers: InformerFactory
  cache: SchedulerCache
  nominations: Nominations
  queue: SchedulingQueue
  /** Pods that name this scheduler are ours. */
  isOurs: (schedulerName: string) => boolean
  /** Told how long each change took to take in. */
  handled?: (event: string, seconds: number) => void
}): Promise<void> {
  const { informers, cache, nominations, queue, handled } = parts
  const timed = (event: string, take: () => void): void => {
    const beganMs = performance.now()
    take()
    handled?.(event, (performance.now() - beganMs) / 1000)
  }
  const isOurs = ({ spec }: V1Pod): boolean => parts.isOurs(spec?.schedulerName ?? 'default-scheduler')

  const nodeInformer = informers.informer(nodes)
  nodeInformer.onChange({
    add: (node) =>
      timed('NodeAdd', () => {
        cache.setNode(node)
        queue.onEvent('NodeAdd', undefined, node)
      }),
    update: (before, node) => {
      const change = nodeChange(before, node)
      timed(change ?? 'NodeUpdate', () => {
        cache.setNode(node)
        if (change !== undefined) queue.onEvent('NodeUpdate', before, node, change)
      })
    },
    delete: (node) =>
      timed('NodeDelete', () => {
        cache.removeNode(node.metadata?.name ?? '')
        queue.onEvent('NodeDelete', node)
      }),
  })

  const podInformer = informers.informer(pods, livePods)
  const forget = (pod: V1Pod): void => {
    const uid = pod.metadata?.uid ?? ''
    queue.delete(uid)
    nominations.delete(uid)
    cache.removePod(uid)
    queue.onEvent('AssignedPodDelete', pod)
  }
  const take = (pod: V1Pod, before: V1Pod | undefined): void => {
    const uid = pod.metadata?.uid ?? ''
    const nodeName = pod.spec?.nodeName ?? ''
    if (isTerminal(pod)) return forget(pod)
    if (nodeName !== '') {
      queue.delete(uid)
      nominations.delete(uid)
      cache.setPod(podInfo(pod), nodeName)
      queue.onEvent(before === undefined ? 'AssignedPodAdd' : 'AssignedPodUpdate', before, pod)
    } else if (isOurs(pod) && !cache.isAssumed(uid)) {
      const info = podInfo(pod)
      const nominated = pod.status?.nominatedNodeName ?? ''
      if (nominated !== '') nominations.set(info, nominated)
      if (before === undefined) queue.add(info)
      else queue.update(info, mayHelp(before, pod))
    }
  }
  podInformer.onChange({
    add: (pod) => timed(`${roomOf(pod)}PodAdd`, () => take(pod, undefined)),
    update: (before, pod) =>
      timed(`${roomOf(pod)}PodUpdate`, () => {
        if (before.metadata?.uid !== pod.metadata?.uid) forget(before)
        take(pod, before.metadata?.uid === pod.metadata?.uid ? before : undefined)
      }),
    delete: (pod) => timed(`${roomOf(pod)}PodDelete`, () => forget(pod)),
  })
  await Promise.all([nodeInformer.synced(), podInformer.synced()])
}

/** As upstream calls pods with and without a node. */
const roomOf = ({ spec }: V1Pod): string => ((spec?.nodeName ?? '') === '' ? 'Unschedulable' : 'Assigned')

/**
 * What of a pod that waits can make it fit, as upstream has it. Neither our own note that it is unschedulable nor its
 * deletion must bring it back.
 */
function mayHelp(before: V1Pod, after: V1Pod): boolean {
  const relevant = ({ metadata, spec, status }: V1Pod): string =>
    JSON.stringify([metadata?.labels, spec, status?.resourceClaimStatuses])
  return relevant(before) !== relevant(after)
}
