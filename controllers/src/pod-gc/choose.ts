import type { V1Node, V1Pod } from '@kapell/openapi/types'

/** Why a pod is collected; its message goes into the DisruptionTarget condition. */
export interface Collected {
  pod: V1Pod
  reason: 'terminated' | 'orphaned' | 'unscheduled' | 'out-of-service'
}

const outOfService = 'node.kubernetes.io/out-of-service'

/**
 * Pods that nobody else will remove: the oldest ended ones above the threshold, those of nodes that are gone, those
 * deleted before they were ever placed, and deleted ones of nodes declared out of service. Source: "Pod garbage collection".
 */
export function choosePods(options: {
  pods: readonly V1Pod[]
  nodes: ReadonlyMap<string, V1Node>
  /** Nodes that have been missing long enough. */
  gone: ReadonlySet<string>
  threshold: number
}): Collected[] {
  const { pods, nodes, gone, threshold } = options
  const chosen: Collected[] = []
  const ended = pods.filter(hasEnded)
  const excess = ended
    .sort((a, b) => created(a).localeCompare(created(b)))
    .slice(0, Math.max(0, ended.length - threshold))
  for (const pod of excess) chosen.push({ pod, reason: 'terminated' })
  const isChosen = new Set(excess)
  for (const pod of pods) {
    if (isChosen.has(pod)) continue
    const nodeName = pod.spec?.nodeName ?? ''
    const deleting = pod.metadata?.deletionTimestamp !== undefined
    const node = nodes.get(nodeName)
    if (nodeName !== '' && gone.has(nodeName)) chosen.push({ pod, reason: 'orphaned' })
    else if (nodeName === '' && deleting) chosen.push({ pod, reason: 'unscheduled' })
    else if (deleting && node !== undefined && isOutOfService(node)) chosen.push({ pod, reason: 'out-of-service' })
  }
  return chosen
}

export function hasEnded(pod: V1Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
}

function created(pod: V1Pod): string {
  return pod.metadata?.creationTimestamp ?? ''
}

function isOutOfService(node: V1Node): boolean {
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True'
  return !ready && (node.spec?.taints?.some(({ key }) => key === outOfService) ?? false)
}
