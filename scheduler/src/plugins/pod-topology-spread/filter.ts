import { stateKey, type CycleState } from '../../framework/cycle-state.ts'
import type { NodeInfo } from '../../framework/node-info.ts'
import { unresolvable, unschedulable, type Verdict } from '../../framework/plugin.ts'
import type { PodInfo } from '../../framework/pod-info.ts'
import type { Snapshot } from '../../framework/snapshot.ts'
import { countMatching, countsNode, statedConstraints, type Constraint } from './constraints.ts'

const name = 'PodTopologySpread'
const refusal = "node(s) didn't match pod topology spread constraints"

interface Counted {
  constraint: Constraint
  /** Matching pods by the value of the topology key. */
  byDomain: Map<string, number>
  /** The fewest in any domain; 0 while there are fewer domains than asked for. */
  fewest: number
  /** 1 when the pod itself would count. */
  self: number
}

const countedKey = stateKey<Counted[]>('PodTopologySpread/filter')

/** Counts, for each hard constraint, what every domain holds now. */
export function countDomains(state: CycleState, pod: PodInfo, snapshot: Snapshot): void {
  const constraints = statedConstraints(pod.pod, 'DoNotSchedule')
  const namespace = pod.pod.metadata?.namespace ?? ''
  const counted = constraints.map((constraint) => ({ constraint, byDomain: new Map<string, number>() }))
  for (const node of constraints.length === 0 ? [] : snapshot.nodes) {
    const labels = node.node.metadata?.labels ?? {}
    if (!constraints.every((c) => Object.hasOwn(labels, c.topologyKey))) continue
    for (const { constraint, byDomain } of counted) {
      if (!countsNode(constraint, pod, node)) continue
      const domain = labels[constraint.topologyKey] ?? ''
      byDomain.set(domain, (byDomain.get(domain) ?? 0) + countMatching(constraint, namespace, node))
    }
  }
  state.write(
    countedKey,
    counted.map(({ constraint, byDomain }): Counted => {
      const fewest = byDomain.size < constraint.minDomains ? 0 : Math.min(...byDomain.values())
      const self = constraint.matches(pod.pod.metadata?.labels ?? {}) ? 1 : 0
      return { constraint, byDomain, fewest: Number.isFinite(fewest) ? fewest : 0, self }
    }),
  )
}

/** Refuses a node when the pod would make its domain exceed the emptiest by more than maxSkew. */
export function filterSpread(state: CycleState, _pod: PodInfo, { node }: NodeInfo): Verdict | undefined {
  const labels = node.metadata?.labels ?? {}
  for (const { constraint, byDomain, fewest, self } of state.read(countedKey)) {
    if (!Object.hasOwn(labels, constraint.topologyKey)) return unresolvable(name, `${refusal} (missing required label)`)
    const here = byDomain.get(labels[constraint.topologyKey] ?? '') ?? 0
    if (here + self - fewest > constraint.maxSkew) return unschedulable(name, refusal)
  }
  return undefined
}
