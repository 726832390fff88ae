import { CycleState } from './cycle-state.ts'
import type { NodeInfo } from './node-info.ts'
import { isVerdict, type Plugin, type Verdict } from './plugin.ts'
import type { PodInfo } from './pod-info.ts'
import type { Snapshot } from './snapshot.ts'

/** What every plug-in says of a pod: of the pod itself, and of each node. */
export interface Explanation {
  /** Plug-ins that keep the pod from being looked at at all. */
  barredBy: readonly Verdict[]
  nodes: readonly NodeExplanation[]
}

export interface Refusal extends Verdict {
  /** What exactly is in the way. */
  details: readonly string[]
}

export interface NodeExplanation {
  name: string
  /** Every plug-in that refuses the node, not only the first; empty where the pod fits. */
  refusals: readonly Refusal[]
  /** Weighed, by plug-in; of nodes that fit. */
  scores: Readonly<Record<string, number>>
  total: number
}

/**
 * Asks all plug-ins about all nodes, without stopping at the first refusal: for people who want to know why.
 * Changes nothing and keeps nothing.
 */
export function explain(
  plugins: readonly { plugin: Plugin; weight: number }[],
  pod: PodInfo,
  snapshot: Snapshot,
): Explanation {
  const state = new CycleState()
  const barredBy: Verdict[] = []
  const filters: Plugin[] = []
  const only: { plugin: string; names: ReadonlySet<string> }[] = []
  for (const { plugin } of plugins) {
    const early = plugin.preEnqueue?.(pod.pod)
    if (early !== undefined) barredBy.push(early)
    const result = plugin.preFilter?.(state, pod, snapshot)
    if (isVerdict(result)) barredBy.push(result)
    else if (result !== 'skip') {
      filters.push(plugin)
      if (result !== undefined) only.push({ plugin: plugin.name, names: result.nodeNames })
    }
  }
  const refusalsOf = (node: NodeInfo): Refusal[] => [
    ...only
      .filter(({ names }) => !names.has(node.name))
      .map(({ plugin }): Refusal => ({
        code: 'unresolvable',
        plugin,
        reasons: ['the pod names other nodes'],
        details: [],
      })),
    ...filters.flatMap((plugin): Refusal[] => {
      const verdict = plugin.filter?.(state, pod, node)
      return verdict === undefined ? [] : [{ ...verdict, details: plugin.details?.(pod, node) ?? [] }]
    }),
  ]
  const refusals = new Map(snapshot.nodes.map((node) => [node, refusalsOf(node)]))
  const feasible = snapshot.nodes.filter((node) => refusals.get(node)?.length === 0)
  const scores = scoresOf(plugins, { state, pod, feasible, snapshot })
  return {
    barredBy,
    nodes: snapshot.nodes.map((node) => {
      const mine = scores.get(node) ?? {}
      const total = Object.values(mine).reduce((sum, score) => sum + score, 0)
      return { name: node.name, refusals: refusals.get(node) ?? [], scores: mine, total }
    }),
  }
}

function scoresOf(
  plugins: readonly { plugin: Plugin; weight: number }[],
  cycle: { state: CycleState; pod: PodInfo; feasible: readonly NodeInfo[]; snapshot: Snapshot },
): Map<NodeInfo, Record<string, number>> {
  const { state, pod, feasible, snapshot } = cycle
  const all = new Map(feasible.map((node): [NodeInfo, Record<string, number>] => [node, {}]))
  for (const { plugin, weight } of plugins) {
    if (plugin.score === undefined || weight === 0 || feasible.length === 0) continue
    if (plugin.preScore?.(state, pod, feasible, snapshot) === 'skip') continue
    const scores = feasible.map((node) => plugin.score?.(state, pod, node) ?? 0)
    plugin.normalize?.(state, pod, scores, feasible)
    feasible.forEach((node, i) => Object.assign(all.get(node) ?? {}, { [plugin.name]: (scores[i] ?? 0) * weight }))
  }
  return all
}
