import type { V1Pod } from '@kapell/openapi/types'

/** Pods of this priority and above have so long to end when the machine goes down. */
export interface ShutdownGroup {
  priority: number
  seconds: number
}

/** From here on the system cannot do without a pod. */
const criticalPriority = 2_000_000_000

/** Two groups out of one time: its last part is for critical pods, which end last. Source: "Graceful node shutdown". */
export function shutdownGroups(seconds: number, criticalSeconds: number): ShutdownGroup[] {
  return [
    { priority: 0, seconds: seconds - criticalSeconds },
    { priority: criticalPriority, seconds: criticalSeconds },
  ]
}

export interface GroupOfPods {
  seconds: number
  pods: V1Pod[]
}

/** The pods in the order they end: those of low priority first; what is below every group belongs to the lowest. Pure. */
export function inOrder(groups: readonly ShutdownGroup[], pods: readonly V1Pod[]): GroupOfPods[] {
  const sorted = [...groups].sort((a, b) => a.priority - b.priority)
  const result = sorted.map(({ seconds }): GroupOfPods => ({ seconds, pods: [] }))
  for (const pod of pods) {
    const above = sorted.findIndex(({ priority }) => priority > (pod.spec?.priority ?? 0))
    const index = above === -1 ? sorted.length - 1 : Math.max(0, above - 1)
    result[index]?.pods.push(pod)
  }
  return result.filter((group) => group.pods.length > 0)
}
