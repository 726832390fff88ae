import { podRequests } from '@kapell/controllers/machinery/placement/resources'
import type { V1Pod } from '@kapell/openapi/types'
import { isMirror, isStatic } from '../static-pods/annotations.ts'
import type { Starved } from './decide.ts'

/** What a pod uses of what can run out. */
export interface PodUsage {
  memoryBytes: number
  diskBytes: number
  inodes: number
  processes: number
  containers: { name: string; memoryBytes: number; diskBytes: number }[]
}

export const noUsage: PodUsage = { memoryBytes: 0, diskBytes: 0, inodes: 0, processes: 0, containers: [] }

/** Of pods that the system cannot do without: none of these is ever evicted. */
const systemCriticalPriority = 2_000_000_000

export const isCritical = (pod: V1Pod): boolean =>
  isStatic(pod) || isMirror(pod) || (pod.spec?.priority ?? 0) >= systemCriticalPriority

/**
 * Whom to end first: those that use more than they asked for, then those of low priority, then those that use most
 * above what they asked for. Process ids cannot be asked for. Critical pods are left out. Pure. Source: docs, "Pod
 * selection for kubelet eviction".
 */
export function rankPods(pods: readonly V1Pod[], starved: Starved, usageOf: (pod: V1Pod) => PodUsage): V1Pod[] {
  const rows = pods
    .filter((pod) => !isCritical(pod))
    .map((pod) => {
      const usage = usageOf(pod)
      const requests = podRequests(pod)
      const [used, asked] = {
        memory: [usage.memoryBytes, requests.memoryBytes],
        'ephemeral-storage': [usage.diskBytes, requests.ephemeralStorageBytes],
        inodes: [usage.inodes, 0],
        pids: [usage.processes, 0],
      }[starved] as [number, number]
      const exceeds = (starved === 'memory' || starved === 'ephemeral-storage') && used > asked
      return { pod, exceeds, priority: pod.spec?.priority ?? 0, above: used - asked }
    })
  return rows
    .sort((a, b) => Number(b.exceeds) - Number(a.exceeds) || a.priority - b.priority || b.above - a.above)
    .map(({ pod }) => pod)
}
