import type { V1Pod } from '@kapell/openapi/types'
import { isReady, mostRestarts, podCondition, timeMs } from './pods.ts'

const costAnnotation = 'controller.kubernetes.io/pod-deletion-cost'

/**
 * Which pods go first when there are too many, first of all those nobody would miss: not assigned, pending, not
 * ready, cheap, crowded on a node with their like, young. Ages are compared by magnitude only, so that not always the
 * newest go. Source: concepts page "ReplicaSet", "Scaling a ReplicaSet".
 */
export function podsToDelete(
  candidates: readonly V1Pod[],
  count: number,
  related: readonly V1Pod[],
  nowMs: number,
): V1Pod[] {
  if (count >= candidates.length) return [...candidates]
  const perNode = new Map<string, number>()
  for (const pod of related) {
    const node = pod.spec?.nodeName ?? ''
    if (node !== '') perNode.set(node, (perNode.get(node) ?? 0) + 1)
  }
  const ranks = candidates.map((pod) => ({ pod, rank: rankOf(pod, perNode, nowMs) }))
  ranks.sort((a, b) => compare(a.rank, b.rank))
  return ranks.slice(0, count).map(({ pod }) => pod)
}

const phases: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 }

/** Compared left to right; the smaller goes first. */
function rankOf(pod: V1Pod, perNode: ReadonlyMap<string, number>, nowMs: number): (number | string)[] {
  const node = pod.spec?.nodeName ?? ''
  const ready = isReady(pod)
  const readyMs = ready ? timeMs(podCondition(pod, 'Ready')?.lastTransitionTime) : 0
  return [
    node === '' ? 0 : 1,
    phases[pod.status?.phase ?? ''] ?? 0,
    ready ? 1 : 0,
    deletionCost(pod),
    -(perNode.get(node) ?? 0),
    ready ? magnitude(nowMs - readyMs) : 0,
    -mostRestarts(pod),
    magnitude(nowMs - timeMs(pod.metadata?.creationTimestamp)),
    pod.metadata?.uid ?? '',
  ]
}

const magnitude = (ms: number): number => Math.floor(Math.log2(Math.max(ms / 1000, 1)))

function deletionCost(pod: V1Pod): number {
  const text = pod.metadata?.annotations?.[costAnnotation]
  return text !== undefined && /^(0|-?[1-9][0-9]*)$/.test(text) ? Number(text) : 0
}

function compare(a: readonly (number | string)[], b: readonly (number | string)[]): number {
  for (const [i, left] of a.entries()) {
    const right = b[i]!
    if (left !== right) return left < right ? -1 : 1
  }
  return 0
}
