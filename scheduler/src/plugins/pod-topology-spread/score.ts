import { stateKey, type CycleState } from '../../framework/cycle-state.ts'
import type { Handle } from '../../framework/handle.ts'
import type { NodeInfo } from '../../framework/node-info.ts'
import { maxNodeScore } from '../../framework/plugin.ts'
import type { PodInfo } from '../../framework/pod-info.ts'
import type { Snapshot } from '../../framework/snapshot.ts'
import {
  countMatching,
  countsNode,
  defaultConstraints,
  hostnameLabel,
  statedConstraints,
  type Constraint,
} from './constraints.ts'

interface Weighed {
  constraint: Constraint
  /** Few large domains weigh less than many small ones: log(domains + 2). */
  weight: number
  /** Unused for the host name: there each node counts its own. */
  byDomain: Map<string, number>
}

interface ScoreState {
  weighed: Weighed[]
  /** Nodes without one of the stated topology keys: they score nothing. */
  ignored: Set<string>
}

const scoreKey = stateKey<ScoreState>('PodTopologySpread/score')

export function prepareScore(
  state: CycleState,
  pod: PodInfo,
  nodes: readonly NodeInfo[],
  snapshot: Snapshot,
  handle: Handle,
): 'skip' | undefined {
  const stated = statedConstraints(pod.pod, 'ScheduleAnyway')
  const constraints = stated.length > 0 ? stated : defaultConstraints(pod.pod, handle)
  if (constraints.length === 0) return 'skip'
  const mustHaveAll = stated.length > 0
  const ignored = new Set<string>()
  const domains = constraints.map(() => new Map<string, number>())
  for (const { name, node } of nodes) {
    const labels = node.metadata?.labels ?? {}
    if (mustHaveAll && !constraints.every((c) => Object.hasOwn(labels, c.topologyKey))) {
      ignored.add(name)
      continue
    }
    constraints.forEach((c, i) => {
      if (c.topologyKey !== hostnameLabel && Object.hasOwn(labels, c.topologyKey))
        domains[i]?.set(labels[c.topologyKey] ?? '', 0)
    })
  }
  const weighed = constraints.map((constraint, i): Weighed => {
    const byDomain = domains[i] ?? new Map<string, number>()
    const size = constraint.topologyKey === hostnameLabel ? nodes.length - ignored.size : byDomain.size
    return { constraint, weight: Math.log(size + 2), byDomain }
  })
  countAll(weighed, pod, snapshot, mustHaveAll ? constraints : [])
  state.write(scoreKey, { weighed, ignored })
  return undefined
}

/** The fuller the node's domains, the higher the number: {@link normalizeSpread} turns it round. */
export function scoreSpread(state: CycleState, pod: PodInfo, node: NodeInfo): number {
  const { weighed, ignored } = state.read(scoreKey)
  if (ignored.has(node.name)) return 0
  const labels = node.node.metadata?.labels ?? {}
  let score = 0
  for (const { constraint, weight, byDomain } of weighed) {
    if (!Object.hasOwn(labels, constraint.topologyKey)) continue
    const count =
      constraint.topologyKey === hostnameLabel
        ? countMatching(constraint, pod.pod.metadata?.namespace ?? '', node)
        : (byDomain.get(labels[constraint.topologyKey] ?? '') ?? 0)
    score += count * weight + (constraint.maxSkew - 1)
  }
  return Math.round(score)
}

export function normalizeSpread(state: CycleState, _pod: PodInfo, scores: number[], nodes: readonly NodeInfo[]): void {
  const { ignored } = state.read(scoreKey)
  const counted = scores.filter((_, i) => !ignored.has(nodes[i]?.name ?? ''))
  const lowest = Math.min(...counted)
  const highest = Math.max(...counted)
  scores.forEach((score, i) => {
    if (ignored.has(nodes[i]?.name ?? '')) scores[i] = 0
    else scores[i] = highest === 0 ? maxNodeScore : Math.floor((maxNodeScore * (highest + lowest - score)) / highest)
  })
}

function countAll(
  weighed: readonly Weighed[],
  pod: PodInfo,
  snapshot: Snapshot,
  mustHave: readonly Constraint[],
): void {
  const counting = weighed.filter(({ constraint }) => constraint.topologyKey !== hostnameLabel)
  if (counting.every(({ byDomain }) => byDomain.size === 0)) return
  const namespace = pod.pod.metadata?.namespace ?? ''
  for (const node of snapshot.nodes) {
    const labels = node.node.metadata?.labels ?? {}
    if (!mustHave.every((c) => Object.hasOwn(labels, c.topologyKey))) continue
    for (const { constraint, byDomain } of counting) {
      const known = byDomain.get(labels[constraint.topologyKey] ?? '')
      if (known === undefined || !countsNode(constraint, pod, node)) continue
      byDomain.set(labels[constraint.topologyKey] ?? '', known + countMatching(constraint, namespace, node))
    }
  }
}
