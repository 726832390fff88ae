import type { NodeInfo } from '../framework/node-info.ts'
import type { PodInfo } from '../framework/pod-info.ts'
import { maxNodeScore, type Plugin } from '../framework/plugin.ts'

interface Shortage {
  reason: string
  /** More than the node has in all: nobody could make room. */
  beyondNode: boolean
}

/** A node must have room for what the pod asks; among those that do, the emptier are better (LeastAllocated). */
export const nodeResourcesFit: Plugin = {
  name: 'NodeResourcesFit',
  local: true,
  filter: (_state, pod, node) => {
    const short = shortages(pod, node)
    if (short.length === 0) return undefined
    const code = short.some((s) => s.beyondNode) ? 'unresolvable' : 'unschedulable'
    return { code, plugin: 'NodeResourcesFit', reasons: short.map((s) => s.reason) }
  },
  score: (_state, pod, node) => leastAllocated(pod, node),
  queueingHints: [
    { event: 'NodeAdd' },
    { event: 'NodeUpdate' },
    { event: 'AssignedPodDelete' },
    { event: 'PodUpdate' },
  ],
}

export function shortages(pod: PodInfo, node: NodeInfo): Shortage[] {
  const { requests } = pod
  const { allocatable, requested } = node
  const short: Shortage[] = []
  if (node.pods.size + 1 > allocatable.pods) short.push({ reason: 'Too many pods', beyondNode: false })
  const check = (name: string, wanted: number, has: number, used: number): void => {
    if (wanted > 0 && wanted > has - used) short.push({ reason: `Insufficient ${name}`, beyondNode: wanted > has })
  }
  check('cpu', requests.milliCpu, allocatable.milliCpu, requested.milliCpu)
  check('memory', requests.memoryBytes, allocatable.memoryBytes, requested.memoryBytes)
  check(
    'ephemeral-storage',
    requests.ephemeralStorageBytes,
    allocatable.ephemeralStorageBytes,
    requested.ephemeralStorageBytes,
  )
  for (const [name, wanted] of requests.scalar)
    check(name, wanted, allocatable.scalar.get(name) ?? 0, requested.scalar.get(name) ?? 0)
  return short
}

/** The free share of cpu and memory after placing the pod, 0 to 100, the two weighing the same. */
function leastAllocated(pod: PodInfo, node: NodeInfo): number {
  const free = (capacity: number, used: number): number =>
    used > capacity ? 0 : Math.floor(((capacity - used) * maxNodeScore) / capacity)
  const pairs: [number, number][] = [
    [node.allocatable.milliCpu, node.scoringRequested.milliCpu + pod.scoringRequests.milliCpu],
    [node.allocatable.memoryBytes, node.scoringRequested.memoryBytes + pod.scoringRequests.memoryBytes],
  ]
  const known = pairs.filter(([capacity]) => capacity > 0)
  if (known.length === 0) return 0
  return Math.floor(known.reduce((sum, [capacity, used]) => sum + free(capacity, used), 0) / known.length)
}
