import type { V1PodDisruptionBudget } from '@kapell/openapi/types'
import { fitErrorMessage } from '../../framework/fit-error.ts'
import type { NodeInfo } from '../../framework/node-info.ts'
import { unresolvable, type Plugin, type PostFilterResult, type Verdict } from '../../framework/plugin.ts'
import type { PodInfo } from '../../framework/pod-info.ts'
import type { Snapshot } from '../../framework/snapshot.ts'
import { pickNode, type Candidate } from './pick-node.ts'
import { selectVictims } from './victims.ts'

const name = 'DefaultPreemption'

export interface PreemptionHandle {
  /** Whether the pod passes every filter on `node`, the other nodes being as in the snapshot. */
  fitsOn: (pod: PodInfo, node: NodeInfo, snapshot: Snapshot) => boolean
  budgets: () => readonly V1PodDisruptionBudget[]
  /** Begins the graceful deletion of `victim` in favour of `pod`. */
  evict: (victim: PodInfo, pod: PodInfo, nodeName: string) => Promise<void>
}

/** How many nodes are tried: a tenth of them, and no fewer than this. */
const minCandidates = 100

/** Makes room for a pod by removing pods of lower priority. Source: "Pod Priority and Preemption". */
export function defaultPreemption(handle: PreemptionHandle): Plugin {
  return {
    name,
    postFilter: async (_state, pod, snapshot, rejected) => {
      const barred = whyNotEligible(pod, snapshot)
      if (barred !== undefined) return { message: `preemption: ${barred}.` }
      const { candidates, verdicts } = findCandidates(pod, snapshot, rejected, handle)
      const best = pickNode(candidates)
      if (best === undefined) {
        return { message: `preemption: ${fitErrorMessage(snapshot.nodes.length, verdicts)}` }
      }
      await Promise.all(best.victims.pods.map((victim) => handle.evict(victim, pod, best.nodeName)))
      return { nominatedNodeName: best.nodeName, message: '' } satisfies PostFilterResult
    },
  }
}

function whyNotEligible({ pod, priority }: PodInfo, snapshot: Snapshot): string | undefined {
  if (pod.spec?.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never'
  const nominated = snapshot.get(pod.status?.nominatedNodeName ?? '')
  for (const other of nominated?.pods.values() ?? [])
    if (other.priority < priority && other.pod.metadata?.deletionTimestamp !== undefined)
      return 'not eligible due to a terminating pod on the nominated node'
  return undefined
}

function findCandidates(
  pod: PodInfo,
  snapshot: Snapshot,
  rejected: ReadonlyMap<string, Verdict>,
  handle: PreemptionHandle,
): { candidates: Candidate[]; verdicts: Map<string, Verdict> } {
  const wanted = Math.max(minCandidates, Math.ceil(snapshot.nodes.length / 10))
  const budgets = handle.budgets()
  const candidates: Candidate[] = []
  const verdicts = new Map<string, Verdict>()
  for (const node of snapshot.nodes) {
    if (rejected.get(node.name)?.code !== 'unschedulable') {
      verdicts.set(node.name, unresolvable(name, 'Preemption is not helpful for scheduling'))
      continue
    }
    if (candidates.length >= wanted) continue
    const victims = selectVictims({ pod, node, budgets, fits: (copy) => handle.fitsOn(pod, copy, snapshot) })
    if (victims === undefined)
      verdicts.set(node.name, unresolvable(name, 'No preemption victims found for incoming pod'))
    else candidates.push({ nodeName: node.name, victims })
  }
  return { candidates, verdicts }
}
