import { rfc3339 } from '@kapell/openapi/meta/time'
import type { V1Condition, V1Pod, V1PodDisruptionBudget, V1PodDisruptionBudgetStatus } from '@kapell/openapi/types'
import { withCondition } from '../shared/conditions.ts'
import { isDeleting, isReady, timeMs } from '../shared/pods.ts'
import type { Expected } from './expected.ts'

/** An eviction that was granted and did not lead to a deletion within this time is taken back. */
const evictionTimeoutMs = 2 * 60_000

/** The status by which evictions are granted, and when it changes without an event. */
export function budgetStatus(
  budget: V1PodDisruptionBudget,
  pods: readonly V1Pod[],
  { expected, desired }: Expected,
  now: Date,
): { status: V1PodDisruptionBudgetStatus; recheckMs: number | undefined } {
  const { disruptedPods, recheckMs } = pendingDisruptions(budget, pods, now)
  const healthy = pods.filter(
    (pod) => !isDeleting(pod) && isReady(pod) && disruptedPods[pod.metadata?.name ?? ''] === undefined,
  ).length
  const allowed = expected > 0 ? Math.max(healthy - desired, 0) : 0
  const condition: V1Condition =
    allowed > 0
      ? conditionOf(budget, 'True', 'SufficientPods', '', now)
      : conditionOf(budget, 'False', 'InsufficientPods', '', now)
  const { generation } = budget.metadata ?? {}
  return {
    recheckMs,
    status: {
      currentHealthy: healthy,
      desiredHealthy: desired,
      disruptionsAllowed: allowed,
      expectedPods: expected,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      ...(Object.keys(disruptedPods).length === 0 ? {} : { disruptedPods }),
      conditions: withCondition(budget.status?.conditions, condition),
    },
  }
}

/** When it cannot be told, nothing may be evicted. */
export function failedStatus(budget: V1PodDisruptionBudget, message: string, now: Date): V1PodDisruptionBudgetStatus {
  const { currentHealthy = 0, desiredHealthy = 0, expectedPods = 0, ...rest } = budget.status ?? {}
  // Of the generation that was judged last, if any.
  const { observedGeneration: _, ...condition } = conditionOf(budget, 'False', 'SyncFailed', message, now)
  const { observedGeneration } = rest
  const failed = { ...condition, ...(observedGeneration === undefined ? {} : { observedGeneration }) }
  return {
    ...rest,
    currentHealthy,
    desiredHealthy,
    expectedPods,
    disruptionsAllowed: 0,
    conditions: withCondition(budget.status?.conditions, failed),
  }
}

function conditionOf(
  budget: V1PodDisruptionBudget,
  status: 'True' | 'False',
  reason: string,
  message: string,
  now: Date,
): V1Condition {
  const { generation } = budget.metadata ?? {}
  return {
    type: 'DisruptionAllowed',
    status,
    reason,
    message,
    lastTransitionTime: rfc3339(now),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  }
}

function pendingDisruptions(
  budget: V1PodDisruptionBudget,
  pods: readonly V1Pod[],
  now: Date,
): { disruptedPods: Record<string, string>; recheckMs: number | undefined } {
  const present = new Map(pods.map((pod) => [pod.metadata?.name ?? '', pod]))
  const disruptedPods: Record<string, string> = {}
  let recheckMs: number | undefined
  for (const [name, at] of Object.entries(budget.status?.disruptedPods ?? {})) {
    const pod = present.get(name)
    const leftMs = timeMs(at) + evictionTimeoutMs - now.getTime()
    if (pod === undefined || isDeleting(pod) || leftMs <= 0) continue
    disruptedPods[name] = at
    recheckMs = Math.min(recheckMs ?? Infinity, leftMs)
  }
  return { disruptedPods, recheckMs }
}
