/**
 * How long agents may keep Secrets and ConfigMaps before asking again, by the size of the cluster. The sizes overlap, so
 * that a cluster at the edge of two steps does not swing between them. Source: recorded from kube-controller-manager.
 */
const steps = [
  { fromNodes: 0, toNodes: 100, ttlSeconds: 0 },
  { fromNodes: 90, toNodes: 500, ttlSeconds: 15 },
  { fromNodes: 450, toNodes: 1000, ttlSeconds: 30 },
  { fromNodes: 900, toNodes: 2000, ttlSeconds: 60 },
  { fromNodes: 1800, toNodes: Infinity, ttlSeconds: 300 },
] as const

/** The step for so many nodes, coming from another. */
export function nextStep(step: number, nodes: number): number {
  let next = step
  while (nodes > steps[next]!.toNodes) next++
  while (nodes < steps[next]!.fromNodes) next--
  return next
}

export const ttlSecondsOf = (step: number): number => steps[step]!.ttlSeconds
