import { maxNodeScore, type Plugin } from '../framework/plugin.ts'

/** Prefers nodes on which cpu and memory would be used in like proportion, so that neither strands the other. */
export const balancedAllocation: Plugin = {
  name: 'NodeResourcesBalancedAllocation',
  local: true,
  score: (_state, pod, node) => {
    const share = (used: number, capacity: number): number | undefined =>
      capacity === 0 ? undefined : Math.min(1, used / capacity)
    const cpu = share(node.requested.milliCpu + pod.requests.milliCpu, node.allocatable.milliCpu)
    const memory = share(node.requested.memoryBytes + pod.requests.memoryBytes, node.allocatable.memoryBytes)
    const deviation = cpu === undefined || memory === undefined ? 0 : Math.abs(cpu - memory) / 2
    return Math.floor((1 - deviation) * maxNodeScore)
  },
}
