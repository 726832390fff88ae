import { termMatches } from '../../framework/affinity-terms.ts'
import { stateKey, type CycleState } from '../../framework/cycle-state.ts'
import type { Handle } from '../../framework/handle.ts'
import type { NodeInfo } from '../../framework/node-info.ts'
import { unresolvable, unschedulable, type Verdict } from '../../framework/plugin.ts'
import type { PodInfo } from '../../framework/pod-info.ts'
import type { Domains, Snapshot } from '../../framework/snapshot.ts'
import { sumByDomain } from '../../framework/topology.ts'
import { countMatchingAll } from './count.ts'

const name = 'InterPodAffinity'

/** How many pods there are in each domain of one topology key. */
interface Counted {
  ids: Int32Array
  sums: Float64Array
}

interface FilterState {
  /** Domains from which pods that are there keep this one away. */
  refusing: readonly Counted[]
  /** One for each of the pod's affinity terms. */
  wanted: readonly Counted[]
  /** Nobody to join is anywhere, and the pod would be one to join: the first of a group fits where it satisfies itself. */
  isFirst: boolean
  unwanted: readonly Counted[]
}

const key = stateKey<FilterState>('InterPodAffinity/filter')

export function countTerms(state: CycleState, pod: PodInfo, snapshot: Snapshot, handle: Handle): 'skip' | undefined {
  const { affinity, antiAffinity } = pod.terms
  const refusing = refusals(pod, snapshot, handle)
  if (affinity.length === 0 && antiAffinity.length === 0 && refusing.length === 0) return 'skip'
  const count = (counts: Int32Array, domains: Domains): Counted => ({
    ids: domains.ids,
    sums: sumByDomain(counts, domains),
  })
  const joinable = affinity.length === 0 ? undefined : countMatchingAll(affinity, snapshot, handle)
  const wanted =
    joinable === undefined ? [] : affinity.map((term) => count(joinable, snapshot.domains(term.topologyKey)))
  state.write(key, {
    refusing,
    wanted,
    isFirst:
      wanted.every(({ sums }) => sums.every((sum) => sum === 0)) &&
      affinity.every((term) => termMatches(term, pod.pod, handle.namespaceLabels)),
    unwanted: antiAffinity.map((term) =>
      count(countMatchingAll([term], snapshot, handle), snapshot.domains(term.topologyKey)),
    ),
  })
  return undefined
}

export function filterTerms(state: CycleState, _pod: PodInfo, { slot }: NodeInfo): Verdict | undefined {
  const { wanted, isFirst, unwanted, refusing } = state.read(key)
  for (const { ids, sums } of wanted) {
    const id = ids[slot] ?? -1
    if (id < 0 || ((sums[id] ?? 0) === 0 && !isFirst))
      return unresolvable(name, "node(s) didn't match pod affinity rules")
  }
  if (unwanted.some((counted) => holds(counted, slot)))
    return unschedulable(name, "node(s) didn't match pod anti-affinity rules")
  if (refusing.some((counted) => holds(counted, slot)))
    return unschedulable(name, "node(s) didn't satisfy existing pods anti-affinity rules")
  return undefined
}

function holds({ ids, sums }: Counted, slot: number): boolean {
  const id = ids[slot] ?? -1
  return id >= 0 && (sums[id] ?? 0) > 0
}

/** Where pods that are there refuse this one, by topology key. */
function refusals({ pod }: PodInfo, snapshot: Snapshot, handle: Handle): Counted[] {
  const byKey = new Map<string, Counted>()
  for (const { kind, term, counts } of snapshot.termGroups(pod.metadata?.namespace ?? '')) {
    if (kind !== 'antiAffinity' || !termMatches(term, pod, handle.namespaceLabels)) continue
    const domains = snapshot.domains(term.topologyKey)
    const counted = byKey.get(term.topologyKey) ?? { ids: domains.ids, sums: new Float64Array(domains.count) }
    byKey.set(term.topologyKey, counted)
    for (const [slot, count] of counts) {
      const id = domains.ids[slot] ?? -1
      if (id >= 0) counted.sums[id] = (counted.sums[id] ?? 0) + count
    }
  }
  return [...byKey.values()]
}
