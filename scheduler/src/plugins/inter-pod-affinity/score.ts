import type { V1Pod } from '@kapell/openapi/types'
import { stateKey, type CycleState } from '../../framework/cycle-state.ts'
import type { NodeInfo } from '../../framework/node-info.ts'
import { maxNodeScore } from '../../framework/plugin.ts'
import type { PodInfo } from '../../framework/pod-info.ts'
import type { Snapshot } from '../../framework/snapshot.ts'
import type { PodTerms } from './terms.ts'

/** What a required term of a pod that is already there counts as a preference for this one. */
const requiredTermWeight = 1

const key = stateKey<Map<string, Map<string, number>>>('InterPodAffinity/score')

/** Sums, by topology key and value, what this pod prefers and what those already there prefer of it. */
export function weighDomains(
  state: CycleState,
  pod: PodInfo,
  snapshot: Snapshot,
  termsOf: (pod: V1Pod) => PodTerms,
): 'skip' | undefined {
  const mine = termsOf(pod.pod)
  const sums = new Map<string, Map<string, number>>()
  const add = (topologyKey: string, node: NodeInfo, weight: number): void => {
    const labels = node.node.metadata?.labels ?? {}
    if (weight === 0 || !Object.hasOwn(labels, topologyKey)) return
    const byValue = sums.get(topologyKey) ?? new Map<string, number>()
    const value = labels[topologyKey] ?? ''
    byValue.set(value, (byValue.get(value) ?? 0) + weight)
    sums.set(topologyKey, byValue)
  }
  for (const node of snapshot.nodes)
    for (const { pod: other } of node.pods.values()) {
      for (const term of mine.preferred) if (term.matches(other)) add(term.topologyKey, node, term.weight)
      for (const term of mine.preferredAgainst) if (term.matches(other)) add(term.topologyKey, node, -term.weight)
      const theirs = termsOf(other)
      for (const term of theirs.affinity) if (term.matches(pod.pod)) add(term.topologyKey, node, requiredTermWeight)
      for (const term of theirs.preferred) if (term.matches(pod.pod)) add(term.topologyKey, node, term.weight)
      for (const term of theirs.preferredAgainst) if (term.matches(pod.pod)) add(term.topologyKey, node, -term.weight)
    }
  if (sums.size === 0) return 'skip'
  state.write(key, sums)
  return undefined
}

export function scoreDomains(state: CycleState, _pod: PodInfo, { node }: NodeInfo): number {
  const labels = node.metadata?.labels ?? {}
  let score = 0
  for (const [topologyKey, byValue] of state.read(key))
    if (Object.hasOwn(labels, topologyKey)) score += byValue.get(labels[topologyKey] ?? '') ?? 0
  return score
}

export function normalizeRange(scores: number[]): void {
  const lowest = Math.min(...scores)
  const span = Math.max(...scores) - lowest
  scores.forEach((score, i) => {
    scores[i] = span === 0 ? 0 : Math.floor((maxNodeScore * (score - lowest)) / span)
  })
}
