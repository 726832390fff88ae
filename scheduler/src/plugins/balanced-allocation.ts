import type { NodeInfo } from '../framework/node-info.ts'
import type { PodInfo } from '../framework/pod-info.ts'
import { maxNodeScore, type Plugin } from '../framework/plugin.ts'
import { amount, cpuAndMemory, type WeighedResource } from './resource-scoring.ts'

/**
 * Prefers nodes on which the pod brings the shares of resources that are used closer together, so that none strands the
 * others: three quarters where nothing changes, all where it cannot get better. Who asks for none of them is not scored.
 */
export function balancedAllocation({
  resources = cpuAndMemory,
}: { resources?: readonly WeighedResource[] } = {}): Plugin {
  const deviationWith = (node: NodeInfo, pod: PodInfo | undefined): number => {
    const shares: number[] = []
    for (const { name } of resources) {
      const capacity = amount(node.allocatable, name)
      const used = amount(node.requested, name) + (pod === undefined ? 0 : amount(pod.requests, name))
      if (capacity > 0) shares.push(Math.min(1, used / capacity))
    }
    return deviation(shares)
  }
  return {
    name: 'NodeResourcesBalancedAllocation',
    local: true,
    score: (_state, pod, node) => {
      if (resources.every(({ name }) => amount(pod.requests, name) === 0)) return 0
      const better = balance(deviationWith(node, pod)) - balance(deviationWith(node, undefined))
      return Math.floor((1.5 * maxNodeScore + better) / 2)
    },
  }
}

/** Whole numbers, as upstream's. */
const balance = (deviated: number): number => Math.floor((1 - deviated) * maxNodeScore)

function deviation(shares: readonly number[]): number {
  if (shares.length < 2) return 0
  const [a = 0, b = 0] = shares
  if (shares.length === 2) return Math.abs(a - b) / 2
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
  return Math.sqrt(shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length)
}
