import { maxNodeScore, type Plugin } from '../framework/plugin.ts'
import { amount, cpuAndMemory, type WeighedResource } from './resource-scoring.ts'

/** Prefers nodes on which resources would be used in like proportion, so that none strands the others. */
export function balancedAllocation({
  resources = cpuAndMemory,
}: { resources?: readonly WeighedResource[] } = {}): Plugin {
  return {
    name: 'NodeResourcesBalancedAllocation',
    local: true,
    score: (_state, pod, node) => {
      const shares: number[] = []
      for (const { name } of resources) {
        const capacity = amount(node.allocatable, name)
        if (capacity > 0)
          shares.push(Math.min(1, (amount(node.requested, name) + amount(pod.requests, name)) / capacity))
      }
      return Math.floor((1 - deviation(shares)) * maxNodeScore)
    },
  }
}

function deviation(shares: readonly number[]): number {
  if (shares.length < 2) return 0
  const [a = 0, b = 0] = shares
  if (shares.length === 2) return Math.abs(a - b) / 2
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
  return Math.sqrt(shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length)
}
