import { termMatches } from '../../framework/affinity-terms.ts'
import { stateKey, type CycleState } from '../../framework/cycle-state.ts'
import type { Handle } from '../../framework/handle.ts'
import type { NodeInfo } from '../../framework/node-info.ts'
import { maxNodeScore } from '../../framework/plugin.ts'
import type { PodInfo } from '../../framework/pod-info.ts'
import { largest, smallest } from '../../framework/scoring.ts'
import type { Snapshot } from '../../framework/snapshot.ts'
import type { TermGroup } from '../../framework/term-groups.ts'
import { countMatchingAll } from './count.ts'

export interface AffinityArgs {
  /** What a required term of a pod that is already there counts as a preference for this one: 0 to 100, default 1. */
  hardPodAffinityWeight?: number
  /** Pods that prefer nothing are not weighed by what others prefer of them. */
  ignorePreferredTermsOfExistingPods?: boolean
}

const key = stateKey<readonly { ids: Int32Array; sums: Float64Array }[]>('InterPodAffinity/score')

/** Sums, by topology key and domain, what this pod prefers and what those already there prefer of it. */
export function weighDomains(parts: {
  state: CycleState
  pod: PodInfo
  snapshot: Snapshot
  handle: Handle
  args: AffinityArgs
}): 'skip' | undefined {
  const { state, pod, snapshot, handle, args } = parts
  const byKey = new Map<string, { ids: Int32Array; sums: Float64Array }>()
  const add = (topologyKey: string, slot: number, by: number): void => {
    let weighed = byKey.get(topologyKey)
    if (weighed === undefined) {
      const { ids, count } = snapshot.domains(topologyKey)
      weighed = { ids, sums: new Float64Array(count) }
      byKey.set(topologyKey, weighed)
    }
    const id = weighed.ids[slot] ?? -1
    if (id >= 0) weighed.sums[id] = (weighed.sums[id] ?? 0) + by
  }
  const mine = [
    ...pod.terms.preferred.map((term) => ({ term, weight: term.weight })),
    ...pod.terms.preferredAgainst.map((term) => ({ term, weight: -term.weight })),
  ]
  for (const { term, weight } of mine) {
    const counts = countMatchingAll([term], snapshot, handle)
    for (let slot = 0; slot < counts.length; slot++) {
      const count = counts[slot] ?? 0
      if (count !== 0) add(term.topologyKey, slot, count * weight)
    }
  }
  if (mine.length === 0 && args.ignorePreferredTermsOfExistingPods === true) return 'skip'
  for (const group of snapshot.termGroups(pod.pod.metadata?.namespace ?? '')) {
    const weight = weightOf(group, args.hardPodAffinityWeight ?? 1)
    if (weight === 0 || !termMatches(group.term, pod.pod, handle.namespaceLabels)) continue
    for (const [slot, count] of group.counts) add(group.term.topologyKey, slot, count * weight)
  }
  if (byKey.size === 0) return 'skip'
  state.write(key, [...byKey.values()])
  return undefined
}

function weightOf({ kind, weight }: TermGroup, requiredTermWeight: number): number {
  switch (kind) {
    case 'affinity':
      return requiredTermWeight
    case 'preferred':
      return weight
    case 'preferredAgainst':
      return -weight
    case 'antiAffinity':
      return 0
  }
}

export function scoreDomains(state: CycleState, _pod: PodInfo, { slot }: NodeInfo): number {
  let score = 0
  for (const { ids, sums } of state.read(key)) {
    const id = ids[slot] ?? -1
    if (id >= 0) score += sums[id] ?? 0
  }
  return score
}

export function normalizeRange(scores: number[]): void {
  const lowest = smallest(scores)
  const span = largest(scores) - lowest
  scores.forEach((score, i) => {
    scores[i] = span === 0 ? 0 : Math.floor((maxNodeScore * (score - lowest)) / span)
  })
}
