import { errorText } from '@kapell/controllers/machinery/log'
import type { V1PodDisruptionBudget } from '@kapell/openapi/types'
import { fitErrorMessage } from '../../framework/fit-error.ts'
import type { Nominations } from '../../framework/nominations.ts'
import type { NodeInfo } from '../../framework/node-info.ts'
import { unresolvable, type Plugin, type PostFilterResult, type Verdict } from '../../framework/plugin.ts'
import type { PodInfo } from '../../framework/pod-info.ts'
import type { Rejected } from '../../framework/rejections.ts'
import type { Snapshot } from '../../framework/snapshot.ts'
import { askExtenders, type PreemptingExtender } from './ask-extenders.ts'
import { DryRuns } from './dry-runs.ts'
import { hurtsLess } from './pick-node.ts'
import { selectVictims, type Victims } from './victims.ts'

const name = 'DefaultPreemption'

export interface PreemptionHandle {
  /** What the filters say of the pod on `node` as the snapshot has it now; undefined when it fits. */
  verdictOn: (pod: PodInfo, node: NodeInfo, snapshot: Snapshot) => Verdict | undefined
  /** Whether nothing but the pod's signature and the node itself decides. */
  isLocal: (pod: PodInfo, snapshot: Snapshot) => boolean
  /** Pods that wait for room which is being made on a node. */
  nominations: Nominations
  /** The generation changes with any of them. */
  budgets: () => { all: readonly V1PodDisruptionBudget[]; generation: number }
  /** Begins the graceful deletion of `victim` in favour of `pod`. */
  evict: (victim: PodInfo, pod: PodInfo, nodeName: string) => Promise<void>
  /** Those who have a say in who is removed for the pod. */
  extenders?: (pod: PodInfo) => readonly PreemptingExtender[]
}

/** Where dry runs are dear, a tenth of the nodes is tried, and no fewer than this. */
const minCandidates = 100

const notHelpful = unresolvable(name, 'Preemption is not helpful for scheduling')

/** Makes room for a pod by removing pods of lower priority. Source: "Pod Priority and Preemption". */
export function defaultPreemption(handle: PreemptionHandle): Plugin {
  const dryRuns = new DryRuns()
  return {
    name,
    postFilter: (_state, pod, snapshot, rejected) => {
      const barred = whyNotEligible(pod, snapshot)
      if (barred !== undefined) return { message: `preemption: ${barred}.` }
      const extenders = handle.extenders?.(pod) ?? []
      const { candidates, refused } = search({ pod, snapshot, rejected, handle, dryRuns, all: extenders.length > 0 })
      if (candidates.size === 0)
        return { message: `preemption: ${fitErrorMessage(snapshot.nodes.length, whyNot(snapshot, refused))}` }
      if (extenders.length === 0) return evict(pod, candidates, handle)
      return {
        message: '',
        later: askExtenders({ pod, snapshot, candidates, extenders }).then(
          (left) => (left.size === 0 ? noCandidate : evict(pod, left, handle)),
          (error: unknown) => ({ message: `preemption: ${errorText(error)}` }),
        ),
      }
    },
  }
}

const noCandidate = { message: 'preemption: no candidate node for preemption' }

/** Begins to make room where it hurts least. */
function evict(pod: PodInfo, candidates: ReadonlyMap<string, Victims>, handle: PreemptionHandle): PostFilterResult {
  let best: Candidate | undefined
  for (const [nodeName, victims] of candidates)
    if (best === undefined || hurtsLess(victims, best.victims)) best = { nodeName, victims }
  if (best === undefined) return noCandidate
  const { nodeName } = best
  const evictions = best.victims.pods.map((victim) => handle.evict(victim, pod, nodeName))
  return {
    nominatedNodeName: nodeName,
    makingRoom: Promise.all(evictions).then(() => undefined),
    victims: evictions.length,
    message: '',
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

interface Candidate {
  nodeName: string
  victims: Victims
}

interface Search {
  pod: PodInfo
  snapshot: Snapshot
  rejected: Rejected
  handle: PreemptionHandle
  dryRuns: DryRuns
  /** Whether all candidates are wanted, rather than only the best. */
  all: boolean
}

interface SearchResult {
  candidates: ReadonlyMap<string, Victims>
  /** By slot: why removing pods would not help where it was tried. */
  refused: readonly (Verdict | undefined)[]
}

function search(parts: Search): SearchResult {
  const { pod, snapshot, rejected, handle, dryRuns, all } = parts
  const found = new Map<string, Victims>()
  const refused: Verdict[] = []
  const budgets = handle.budgets()
  const kept = handle.isLocal(pod, snapshot) ? dryRuns.of(pod, budgets.generation, handle.nominations) : undefined
  let left = kept === undefined ? Math.max(minCandidates, Math.ceil(snapshot.nodes.length / 10)) : Infinity
  let best: Candidate | undefined
  const run = (node: NodeInfo): Victims | Verdict => dryRun(parts, node, handle.nominations.on(node.name), budgets.all)
  for (const node of snapshot.nodes) {
    if (rejected.of(node)?.code !== 'unschedulable') continue
    const victims = kept === undefined ? run(node) : kept(node, run)
    if ('code' in victims) {
      refused[node.slot] = victims
      continue
    }
    if (all) found.set(node.name, victims)
    else if (best === undefined || hurtsLess(victims, best.victims)) best = { nodeName: node.name, victims }
    if (--left <= 0) break
  }
  if (best !== undefined) found.set(best.nodeName, best.victims)
  return { candidates: found, refused }
}

/** Once no node would do: what came of trying, and where there was nothing to try. */
function whyNot({ nodes }: Snapshot, refused: readonly (Verdict | undefined)[]): Verdict[] {
  return nodes.map(({ slot }) => refused[slot] ?? notHelpful)
}

/** Those that wait for room on the node already, of at least this pod's priority, are counted as there. */
function dryRun(
  { pod, snapshot, handle }: Search,
  node: NodeInfo,
  waiting: readonly PodInfo[],
  budgets: readonly V1PodDisruptionBudget[],
): Victims | Verdict {
  const trial = snapshot.trial(node.name)
  if (trial === undefined) return notHelpful
  try {
    for (const other of waiting) if (other.uid !== pod.uid && other.priority >= pod.priority) trial.add(other)
    return selectVictims({ pod, trial, budgets, verdict: () => handle.verdictOn(pod, trial.node, snapshot) })
  } finally {
    trial.end()
  }
}
