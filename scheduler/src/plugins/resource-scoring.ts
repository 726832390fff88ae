import type { Resources } from '@kapell/controllers/machinery/placement/resources'
import type { NodeInfo } from '../framework/node-info.ts'
import { maxNodeScore } from '../framework/plugin.ts'
import type { PodInfo } from '../framework/pod-info.ts'

/** A resource that scoring looks at, and how much it weighs against the others. */
export interface WeighedResource {
  name: string
  weight: number
}

/** How full a node should be. Source: "Resource Bin Packing". */
export type ScoringStrategy =
  | { type: 'LeastAllocated' | 'MostAllocated'; resources: readonly WeighedResource[] }
  | { type: 'RequestedToCapacityRatio'; resources: readonly WeighedResource[]; shape: readonly ShapePoint[] }

/** At this utilization (0 to 100) a node is worth so much (0 to 10); between points it is a straight line. */
export interface ShapePoint {
  utilization: number
  score: number
}

export const cpuAndMemory: readonly WeighedResource[] = [
  { name: 'cpu', weight: 1 },
  { name: 'memory', weight: 1 },
]

export function scoreByStrategy(strategy: ScoringStrategy, pod: PodInfo, node: NodeInfo): number {
  let sum = 0
  let weights = 0
  for (const { name, weight } of strategy.resources) {
    const wanted = amount(pod.scoringRequests, name)
    if (wanted === 0 && !isBasic(name)) continue
    const capacity = amount(node.allocatable, name)
    if (capacity === 0) continue
    const score = scoreOf(strategy, amount(node.scoringRequested, name) + wanted, capacity)
    if (strategy.type === 'RequestedToCapacityRatio' && score <= 0) continue
    sum += score * weight
    weights += weight
  }
  if (weights === 0) return 0
  return strategy.type === 'RequestedToCapacityRatio' ? Math.round(sum / weights) : Math.floor(sum / weights)
}

function scoreOf(strategy: ScoringStrategy, used: number, capacity: number): number {
  switch (strategy.type) {
    case 'LeastAllocated':
      return used > capacity ? 0 : Math.floor(((capacity - used) * maxNodeScore) / capacity)
    case 'MostAllocated':
      return Math.floor((Math.min(used, capacity) * maxNodeScore) / capacity)
    case 'RequestedToCapacityRatio':
      return onShape(strategy.shape, used > capacity ? 100 : Math.floor((used * 100) / capacity))
  }
}

/** Scores of a shape go to 10, a node's to 100. */
function onShape(shape: readonly ShapePoint[], utilization: number): number {
  const next = shape.findIndex((point) => utilization <= point.utilization)
  const after = shape[next]
  if (after === undefined) return (shape.at(-1)?.score ?? 0) * 10
  const before = shape[next - 1]
  if (before === undefined) return after.score * 10
  const share = (utilization - before.utilization) / (after.utilization - before.utilization)
  return Math.trunc(before.score * 10 + (after.score - before.score) * 10 * share)
}

function isBasic(name: string): boolean {
  return name === 'cpu' || name === 'memory' || name === 'ephemeral-storage'
}

export function amount(of: Resources, name: string): number {
  if (name === 'cpu') return of.milliCpu
  if (name === 'memory') return of.memoryBytes
  if (name === 'ephemeral-storage') return of.ephemeralStorageBytes
  return of.scalar.get(name) ?? 0
}
