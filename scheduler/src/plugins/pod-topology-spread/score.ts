import { stateKey, type CycleState } from '../../framework/cycle-state.ts'
import type { NodeInfo } from '../../framework/node-info.ts'
import { maxNodeScore } from '../../framework/plugin.ts'
import type { PodInfo } from '../../framework/pod-info.ts'
import type { Snapshot } from '../../framework/snapshot.ts'
import { countMatching, hostnameLabel, type Constraints } from './constraints.ts'
import { countByDomain } from './count.ts'

interface Weighed {
  /** Few large domains weigh less than many small ones: log(domains + 2). */
  weight: number
  maxSkew: number
  /** The node's domain, or -1. */
  ids: Int32Array
  /** By domain; by slot for the host name, where each node counts its own. */
  counts: Float64Array | Int32Array
  byNode: boolean
}

interface ScoreState {
  weighed: readonly Weighed[]
  /** Slots of nodes without one of the stated topology keys: they score nothing. */
  ignored: ReadonlySet<number>
}

const scoreKey = stateKey<ScoreState>('PodTopologySpread/score')

export function prepareScore(parts: {
  state: CycleState
  pod: PodInfo
  nodes: readonly NodeInfo[]
  snapshot: Snapshot
  constraints: Constraints
}): 'skip' | undefined {
  const { state, pod, nodes, snapshot } = parts
  const constraints = parts.constraints.of(pod.pod, 'ScheduleAnyway')
  if (constraints.length === 0) return 'skip'
  const mustHaveAll = (pod.pod.spec?.topologySpreadConstraints ?? []).length > 0
  const ignored = new Set<number>()
  if (mustHaveAll)
    for (const { topologyKey } of constraints) {
      const { ids } = snapshot.domains(topologyKey)
      for (const { slot } of nodes) if ((ids[slot] ?? -1) < 0) ignored.add(slot)
    }
  const namespace = pod.pod.metadata?.namespace ?? ''
  const coarse = constraints.filter((c) => c.topologyKey !== hostnameLabel)
  const sums = countByDomain(coarse, pod, snapshot, {
    domainsOf: ignored.size === 0 ? nodes : nodes.filter(({ slot }) => !ignored.has(slot)),
    onlyCounted: false,
    mustHave: mustHaveAll ? constraints.map((c) => c.topologyKey) : [],
  })
  const weighed = constraints.map((constraint): Weighed => {
    const { maxSkew, topologyKey } = constraint
    const domains = sums[coarse.indexOf(constraint)]
    if (domains !== undefined)
      return { maxSkew, weight: Math.log(domains.domains + 2), ids: domains.ids, counts: domains.sums, byNode: false }
    return {
      maxSkew,
      weight: Math.log(nodes.length - ignored.size + 2),
      ids: snapshot.domains(topologyKey).ids,
      counts: countMatching(constraint, namespace, snapshot),
      byNode: true,
    }
  })
  state.write(scoreKey, { weighed, ignored })
  return undefined
}

/** The fuller the node's domains, the higher the number: {@link normalizeSpread} turns it round. */
export function scoreSpread(state: CycleState, _pod: PodInfo, { slot }: NodeInfo): number {
  const { weighed, ignored } = state.read(scoreKey)
  if (ignored.has(slot)) return 0
  let score = 0
  for (const { weight, maxSkew, ids, counts, byNode } of weighed) {
    const id = ids[slot] ?? -1
    if (id < 0) continue
    score += Math.max(0, counts[byNode ? slot : id] ?? 0) * weight + (maxSkew - 1)
  }
  return Math.round(score)
}

export function normalizeSpread(state: CycleState, _pod: PodInfo, scores: number[], nodes: readonly NodeInfo[]): void {
  const { ignored } = state.read(scoreKey)
  let lowest = Infinity
  let highest = -Infinity
  scores.forEach((score, i) => {
    if (ignored.has(nodes[i]?.slot ?? -1)) return
    lowest = Math.min(lowest, score)
    highest = Math.max(highest, score)
  })
  scores.forEach((score, i) => {
    if (ignored.has(nodes[i]?.slot ?? -1)) scores[i] = 0
    else scores[i] = highest === 0 ? maxNodeScore : Math.floor((maxNodeScore * (highest + lowest - score)) / highest)
  })
}
