import type { NodeInfo } from '../../framework/node-info.ts'
import type { PodInfo } from '../../framework/pod-info.ts'
import type { Snapshot } from '../../framework/snapshot.ts'
import { countMatching, nodesCounted, type Constraint } from './constraints.ts'

export interface DomainSums {
  ids: Int32Array
  /** By domain; -1 for those that none of `domainsOf` is in. */
  sums: Float64Array
  /** How many are not -1. */
  domains: number
}

export interface CountOptions {
  /** A domain is one that any of these nodes is in; with `onlyCounted`, one that counts for the constraint. */
  domainsOf: readonly NodeInfo[]
  onlyCounted: boolean
  /** Nodes that lack any of these labels count for nothing. */
  mustHave: readonly string[]
}

/** For each constraint, the matching pods of each domain. */
export function countByDomain(
  constraints: readonly Constraint[],
  pod: PodInfo,
  snapshot: Snapshot,
  { domainsOf, onlyCounted, mustHave }: CountOptions,
): DomainSums[] {
  const namespace = pod.pod.metadata?.namespace ?? ''
  const keys = mustHave.map((key) => snapshot.domains(key).ids)
  const hasKeys = (slot: number): boolean => keys.every((ids) => (ids[slot] ?? -1) >= 0)
  return constraints.map((constraint) => {
    const { ids, count } = snapshot.domains(constraint.topologyKey)
    const pods = countMatching(constraint, namespace, snapshot)
    const counts = nodesCounted(constraint, pod)
    const sums = new Float64Array(count).fill(-1)
    let domains = 0
    for (const node of domainsOf) {
      const id = ids[node.slot] ?? -1
      if (id < 0 || sums[id] !== -1 || !hasKeys(node.slot)) continue
      if (onlyCounted && counts !== 'all' && !counts(node)) continue
      sums[id] = 0
      domains++
    }
    for (const node of snapshot.nodes) {
      const here = pods[node.slot] ?? 0
      const id = ids[node.slot] ?? -1
      if (here === 0 || id < 0 || sums[id] === -1) continue
      if (hasKeys(node.slot) && (counts === 'all' || counts(node))) sums[id] = (sums[id] ?? 0) + here
    }
    return { ids, sums, domains }
  })
}
