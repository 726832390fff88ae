import { stateKey, type CycleState } from '../../framework/cycle-state.ts'
import type { NodeInfo } from '../../framework/node-info.ts'
import { unresolvable, unschedulable, type Verdict } from '../../framework/plugin.ts'
import type { PodInfo } from '../../framework/pod-info.ts'
import { smallest } from '../../framework/scoring.ts'
import type { Snapshot } from '../../framework/snapshot.ts'
import { countByDomain } from './count.ts'
import type { Constraints } from './constraints.ts'

const name = 'PodTopologySpread'
const refusal = "node(s) didn't match pod topology spread constraints"

interface Counted {
  ids: Int32Array
  /** Matching pods by domain; -1 for domains without a node that counts. */
  sums: Float64Array
  /** The most that a domain may hold before the pod joins it. */
  limit: number
}

const countedKey = stateKey<readonly Counted[]>('PodTopologySpread/filter')

/** Counts, for each hard constraint, what every domain holds now. */
export function countDomains(parts: {
  state: CycleState
  pod: PodInfo
  snapshot: Snapshot
  constraints: Constraints
}): 'skip' | undefined {
  const { state, pod, snapshot } = parts
  const constraints = parts.constraints.of(pod.pod, 'DoNotSchedule')
  if (constraints.length === 0) return 'skip'
  const counted = countByDomain(constraints, pod, snapshot, {
    domainsOf: snapshot.nodes,
    onlyCounted: true,
    mustHave: constraints.map((c) => c.topologyKey),
  })
  state.write(
    countedKey,
    constraints.map((constraint, i): Counted => {
      const { ids, sums } = counted[i] ?? { ids: new Int32Array(), sums: new Float64Array() }
      const present = sums.filter((sum) => sum >= 0)
      const fewest = present.length === 0 || present.length < constraint.minDomains ? 0 : smallest(present)
      const self = constraint.matches(pod.pod.metadata?.labels ?? {}) ? 1 : 0
      return { ids, sums, limit: constraint.maxSkew + fewest - self }
    }),
  )
  return undefined
}

/** Refuses a node when the pod would make its domain exceed the emptiest by more than maxSkew. */
export function filterSpread(state: CycleState, _pod: PodInfo, { slot }: NodeInfo): Verdict | undefined {
  for (const { ids, sums, limit } of state.read(countedKey)) {
    const id = ids[slot] ?? -1
    if (id < 0) return unresolvable(name, `${refusal} (missing required label)`)
    if (Math.max(0, sums[id] ?? 0) > limit) return unschedulable(name, refusal)
  }
  return undefined
}
