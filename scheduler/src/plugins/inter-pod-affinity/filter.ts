import type { V1Pod } from '@kapell/openapi/types'
import { stateKey, type CycleState } from '../../framework/cycle-state.ts'
import type { NodeInfo } from '../../framework/node-info.ts'
import { unresolvable, unschedulable, type Verdict } from '../../framework/plugin.ts'
import type { PodInfo } from '../../framework/pod-info.ts'
import type { Snapshot } from '../../framework/snapshot.ts'
import type { PodTerms, Term } from './terms.ts'

const name = 'InterPodAffinity'

/** How many pods there are by topology key and value. */
class DomainCounts {
  readonly #counts = new Map<string, number>()

  get empty(): boolean {
    return this.#counts.size === 0
  }

  add(key: string, node: NodeInfo, by = 1): void {
    const labels = node.node.metadata?.labels ?? {}
    if (!Object.hasOwn(labels, key)) return
    const pair = `${key}=${labels[key]}`
    this.#counts.set(pair, (this.#counts.get(pair) ?? 0) + by)
  }

  has(key: string, node: NodeInfo): boolean {
    const labels = node.node.metadata?.labels ?? {}
    return Object.hasOwn(labels, key) && (this.#counts.get(`${key}=${labels[key]}`) ?? 0) > 0
  }
}

interface FilterState {
  terms: PodTerms
  /** Domains from which pods that are there keep this one away. */
  refusing: DomainCounts
  /** Topology keys by which anybody refuses at all. */
  refusingKeys: Set<string>
  wanted: DomainCounts
  unwanted: DomainCounts
}

const key = stateKey<FilterState>('InterPodAffinity/filter')

export function countTerms(
  state: CycleState,
  pod: PodInfo,
  snapshot: Snapshot,
  termsOf: (pod: V1Pod) => PodTerms,
): void {
  const terms = termsOf(pod.pod)
  const counted: FilterState = {
    terms,
    refusing: new DomainCounts(),
    refusingKeys: new Set(),
    wanted: new DomainCounts(),
    unwanted: new DomainCounts(),
  }
  for (const node of snapshot.nodes)
    for (const other of node.pods.values()) {
      for (const term of termsOf(other.pod).antiAffinity)
        if (term.matches(pod.pod)) {
          counted.refusing.add(term.topologyKey, node)
          counted.refusingKeys.add(term.topologyKey)
        }
      if (terms.affinity.length > 0 && terms.affinity.every((term) => term.matches(other.pod)))
        for (const term of terms.affinity) counted.wanted.add(term.topologyKey, node)
      for (const term of terms.antiAffinity) if (term.matches(other.pod)) counted.unwanted.add(term.topologyKey, node)
    }
  state.write(key, counted)
}

export function filterTerms(state: CycleState, pod: PodInfo, node: NodeInfo): Verdict | undefined {
  const counted = state.read(key)
  if (!satisfiesAffinity(counted, pod.pod, node)) return unresolvable(name, "node(s) didn't match pod affinity rules")
  if (counted.terms.antiAffinity.some((term) => counted.unwanted.has(term.topologyKey, node)))
    return unschedulable(name, "node(s) didn't match pod anti-affinity rules")
  for (const topologyKey of counted.refusingKeys)
    if (counted.refusing.has(topologyKey, node))
      return unschedulable(name, "node(s) didn't satisfy existing pods anti-affinity rules")
  return undefined
}

/** The first of a group that wants to be together has nobody to join: it fits where it satisfies itself. */
function satisfiesAffinity({ terms, wanted }: FilterState, pod: V1Pod, node: NodeInfo): boolean {
  const labels = node.node.metadata?.labels ?? {}
  if (!terms.affinity.every((term) => Object.hasOwn(labels, term.topologyKey))) return false
  if (terms.affinity.every((term) => wanted.has(term.topologyKey, node))) return true
  return wanted.empty && terms.affinity.every((term: Term) => term.matches(pod))
}
