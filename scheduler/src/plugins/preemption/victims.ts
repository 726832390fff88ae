import type { V1PodDisruptionBudget } from '@kapell/openapi/types'
import { selectorFromLabelSelector } from '@kapell/openapi/meta/labels'
import { unresolvable, type Verdict } from '../../framework/plugin.ts'
import type { PodInfo } from '../../framework/pod-info.ts'
import type { Trial } from '../../framework/snapshot.ts'

/** Whom to remove from a node so that a pod fits, and how much that hurts. */
export interface Victims {
  /** The most important first. */
  pods: readonly PodInfo[]
  /** How many of them a disruption budget would have kept. */
  violations: number
  highestPriority: number
  /** Shifted to be positive, so that many negative priorities do not look like few. */
  sumOfPriorities: number
  /** When the first of those of the highest priority started. */
  earliestStart: string
}

const nobodyToRemove = unresolvable('DefaultPreemption', 'No preemption victims found for incoming pod')

/**
 * The fewest and least important pods whose removal makes room: takes all of lower priority away, then puts back,
 * from the most important down, every one that the pod can live with; those that budgets protect are tried first.
 * A verdict when there are none, or when even without them all the pod would not fit: then that of the filters.
 * The trial is left as it comes out.
 */
export function selectVictims(options: {
  pod: PodInfo
  trial: Trial
  budgets: readonly V1PodDisruptionBudget[]
  verdict: () => Verdict | undefined
}): Victims | Verdict {
  const { pod, trial, budgets, verdict } = options
  const lower = [...trial.node.pods.values()].filter((other) => other.priority < pod.priority).sort(moreImportantFirst)
  if (lower.length === 0) return nobodyToRemove
  for (const other of lower) trial.remove(other.uid)
  const refusal = verdict()
  if (refusal !== undefined) return refusal
  const { protectedPods, others } = splitByBudget(lower, budgets)
  const victims: PodInfo[] = []
  let violations = 0
  const tryToKeep = (other: PodInfo): boolean => {
    trial.add(other)
    if (verdict() === undefined) return true
    trial.remove(other.uid)
    victims.push(other)
    return false
  }
  for (const other of protectedPods) if (!tryToKeep(other)) violations++
  for (const other of others) tryToKeep(other)
  return victims.length === 0 ? nobodyToRemove : measured(victims.sort(moreImportantFirst), violations)
}

/** How much it hurts to remove these, the most important first. */
export function measured(pods: readonly PodInfo[], violations: number): Victims {
  const highestPriority = pods[0]?.priority ?? 0
  const starts = pods.filter((pod) => pod.priority === highestPriority).map(startedAt)
  return {
    pods,
    violations,
    highestPriority,
    sumOfPriorities: pods.reduce((sum, pod) => sum + pod.priority + 2 ** 31, 0),
    earliestStart: starts.sort()[0] ?? '',
  }
}

/** Higher priority first; of equal ones, whoever has run longer. */
function moreImportantFirst(a: PodInfo, b: PodInfo): number {
  return b.priority - a.priority || compare(startedAt(a), startedAt(b)) || compare(a.uid, b.uid)
}

/** Who has not started counts as starting now. */
function startedAt({ pod }: PodInfo): string {
  return pod.status?.startTime ?? '9'
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Each budget covers as many disruptions as its status allows; the rest of the pods it selects are protected. */
function splitByBudget(
  pods: readonly PodInfo[],
  budgets: readonly V1PodDisruptionBudget[],
): { protectedPods: PodInfo[]; others: PodInfo[] } {
  if (budgets.length === 0) return { protectedPods: [], others: [...pods] }
  const left = budgets.map((budget) => ({
    namespace: budget.metadata?.namespace,
    selector: selectorFromLabelSelector(budget.spec?.selector),
    allowed: budget.status?.disruptionsAllowed ?? 0,
    disrupted: budget.status?.disruptedPods ?? {},
  }))
  const protectedPods: PodInfo[] = []
  const others: PodInfo[] = []
  for (const info of pods) {
    const { namespace, labels = {}, name = '' } = info.pod.metadata ?? {}
    let violates = false
    for (const budget of left) {
      if (budget.namespace !== namespace || budget.selector.empty || !budget.selector.matches(labels)) continue
      if (Object.hasOwn(budget.disrupted, name)) continue
      budget.allowed--
      if (budget.allowed < 0) violates = true
    }
    ;(violates ? protectedPods : others).push(info)
  }
  return { protectedPods, others }
}
