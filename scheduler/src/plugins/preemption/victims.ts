import type { V1PodDisruptionBudget } from '@kapell/openapi/types'
import { selectorFromLabelSelector } from '@kapell/openapi/meta/labels'
import { addPod, copyNodeInfo, removePod, type MutableNodeInfo, type NodeInfo } from '../../framework/node-info.ts'
import type { PodInfo } from '../../framework/pod-info.ts'

/** Whom to remove from a node so that a pod fits, the most important first. */
export interface Victims {
  pods: readonly PodInfo[]
  /** How many of them a disruption budget would have kept. */
  violations: number
}

/**
 * The fewest and least important pods whose removal makes room: takes all of lower priority away, then puts back,
 * from the most important down, every one that the pod can live with; those that budgets protect are tried first.
 * Undefined when even an empty node would not do.
 */
export function selectVictims(options: {
  pod: PodInfo
  node: NodeInfo
  budgets: readonly V1PodDisruptionBudget[]
  fits: (node: NodeInfo) => boolean
}): Victims | undefined {
  const { pod, budgets, fits } = options
  const node: MutableNodeInfo = copyNodeInfo(options.node)
  const lower = [...node.pods.values()].filter((other) => other.priority < pod.priority).sort(moreImportantFirst)
  if (lower.length === 0) return undefined
  for (const other of lower) removePod(node, other.uid)
  if (!fits(node)) return undefined
  const { protectedPods, others } = splitByBudget(lower, budgets)
  const victims: PodInfo[] = []
  let violations = 0
  const tryToKeep = (other: PodInfo): boolean => {
    addPod(node, other)
    if (fits(node)) return true
    removePod(node, other.uid)
    victims.push(other)
    return false
  }
  for (const other of protectedPods) if (!tryToKeep(other)) violations++
  for (const other of others) tryToKeep(other)
  return victims.length === 0 ? undefined : { pods: victims.sort(moreImportantFirst), violations }
}

/** Higher priority first; of equal ones, whoever has run longer. */
export function moreImportantFirst(a: PodInfo, b: PodInfo): number {
  return b.priority - a.priority || startedAt(a).localeCompare(startedAt(b))
}

export function startedAt({ pod }: PodInfo): string {
  return pod.status?.startTime ?? pod.metadata?.creationTimestamp ?? '9'
}

/** Each budget covers as many disruptions as its status allows; the rest of the pods it selects are protected. */
function splitByBudget(
  pods: readonly PodInfo[],
  budgets: readonly V1PodDisruptionBudget[],
): { protectedPods: PodInfo[]; others: PodInfo[] } {
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
