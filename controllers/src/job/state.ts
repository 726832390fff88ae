import type { V1Job, V1Pod } from '@kapell/openapi/types'
import { isActive, isReady, isTerminating, mostRestarts } from '../shared/pods.ts'
import { matchFailurePolicy, type FailureMatch } from './failure-policy.ts'
import { parseIndexes } from './indexes.ts'
import { countsForJob, failureCount, hasFailed, indexOf, isIndexed, isTracked } from './pods.ts'

/** A Job's pods, sorted by what they mean to it. */
export interface JobState {
  active: V1Pod[]
  ready: number
  terminating: number
  /** Ended, still with the finalizer, and in no list of the status yet. */
  newSucceeded: V1Pod[]
  newFailed: { pod: V1Pod; match: FailureMatch }[]
  /** Counted and uncounted together. */
  succeeded: number
  failed: number
  /** Indexed Jobs only. */
  succeededIndexes: Set<number>
  failedIndexes: Set<number>
  /** Failed pods whose count of failures their successor must take over: they stay until it is there. */
  delayed: Map<number, V1Pod>
}

export function jobState(job: V1Job, pods: readonly V1Pod[]): JobState {
  const { uncountedTerminatedPods: uncounted, completedIndexes, failedIndexes: knownFailed } = job.status ?? {}
  const listed = new Set([...(uncounted?.succeeded ?? []), ...(uncounted?.failed ?? [])])
  const completions = job.spec?.completions ?? 0
  const indexed = isIndexed(job)
  const fresh = pods.filter((pod) => isTracked(pod) && !listed.has(pod.metadata?.uid ?? ''))
  const newSucceeded = fresh.filter((pod) => pod.status?.phase === 'Succeeded')
  const newFailed = fresh
    .filter((pod) => hasFailed(job, pod))
    .map((pod) => ({ pod, match: matchFailurePolicy(job, pod) }))
  const succeededIndexes = indexed ? parseIndexes(completedIndexes, completions) : new Set<number>()
  const failedIndexes = indexed ? parseIndexes(knownFailed, completions) : new Set<number>()
  if (indexed)
    for (const pod of pods) {
      const index = indexOf(pod)
      if (index !== undefined && index < completions && pod.status?.phase === 'Succeeded' && isTracked(pod))
        succeededIndexes.add(index)
    }
  const perIndex = job.spec?.backoffLimitPerIndex
  const delayed = new Map<number, V1Pod>()
  if (indexed && perIndex !== undefined)
    for (const { pod, match } of newFailed) {
      const index = indexOf(pod)
      if (index === undefined || succeededIndexes.has(index)) continue
      if (match.action === 'FailIndex' || (match.action !== 'Ignore' && failureCount(pod) >= perIndex))
        failedIndexes.add(index)
      const before = delayed.get(index)
      if (before === undefined || failureCount(before) < failureCount(pod)) delayed.set(index, pod)
    }
  const active = pods.filter(isActive)
  for (const pod of active) delayed.delete(indexOf(pod) ?? -1)
  for (const index of [...succeededIndexes, ...failedIndexes]) delayed.delete(index)
  const counted = newFailed.filter(({ pod, match }) => match.action !== 'Ignore' && countsForJob(job, pod))
  return {
    active,
    ready: active.filter(isReady).length,
    terminating: pods.filter((pod) => isTerminating(pod)).length,
    newSucceeded,
    newFailed,
    succeeded: indexed
      ? succeededIndexes.size
      : (job.status?.succeeded ?? 0) + newSucceeded.length + (uncounted?.succeeded ?? []).length,
    failed: (job.status?.failed ?? 0) + counted.length + (uncounted?.failed ?? []).length,
    succeededIndexes,
    failedIndexes,
    delayed,
  }
}

/** How a Job ends. `target` is set first; the last condition follows when all pods are gone. */
export interface JobEnd {
  target: 'SuccessCriteriaMet' | 'FailureTarget'
  reason: string
  message: string
}

/** Whether the Job is to end now, and how. Source: concepts page "Jobs", "Job termination and cleanup". */
export function judgeJob(job: V1Job, state: JobState, nowMs: number): JobEnd | undefined {
  const known = job.status?.conditions?.find(
    ({ type, status }) => status === 'True' && (type === 'SuccessCriteriaMet' || type === 'FailureTarget'),
  )
  if (known !== undefined)
    return { target: known.type as JobEnd['target'], reason: known.reason ?? '', message: known.message ?? '' }
  return failureOf(job, state, nowMs) ?? successOf(job, state)
}

function failureOf(job: V1Job, state: JobState, nowMs: number): JobEnd | undefined {
  const fail = (reason: string, message: string): JobEnd => ({ target: 'FailureTarget', reason, message })
  const policy = state.newFailed.find(({ match }) => match.action === 'FailJob')
  if (policy !== undefined) return fail('PodFailurePolicy', policy.match.message)
  const { backoffLimit = 6, activeDeadlineSeconds, maxFailedIndexes, completions = 0, suspend } = job.spec ?? {}
  if (state.failed > backoffLimit || restartedTooOften(job, state.active, backoffLimit))
    return fail('BackoffLimitExceeded', 'Job has reached the specified backoff limit')
  if (activeDeadlineSeconds !== undefined && job.status?.startTime !== undefined && suspend !== true)
    if (nowMs - Date.parse(job.status.startTime) >= activeDeadlineSeconds * 1000)
      return fail('DeadlineExceeded', 'Job was active longer than specified deadline')
  if (!isIndexed(job) || job.spec?.backoffLimitPerIndex === undefined) return undefined
  if (maxFailedIndexes !== undefined && state.failedIndexes.size > maxFailedIndexes)
    return fail('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes')
  if (state.failedIndexes.size > 0 && state.failedIndexes.size + state.succeededIndexes.size >= completions)
    return fail('FailedIndexes', 'Job has failed indexes')
  return undefined
}

/** Containers restarted in place count as tries too. */
function restartedTooOften(job: V1Job, active: readonly V1Pod[], limit: number): boolean {
  if (job.spec?.template.spec?.restartPolicy !== 'OnFailure') return false
  const restarts = active
    .filter((pod) => pod.status?.phase === 'Running' || pod.status?.phase === 'Pending')
    .reduce((sum, pod) => sum + mostRestarts(pod), 0)
  return limit === 0 ? restarts > 0 : restarts >= limit
}

function successOf(job: V1Job, state: JobState): JobEnd | undefined {
  const met = (reason: string, message: string): JobEnd => ({ target: 'SuccessCriteriaMet', reason, message })
  const { completions, successPolicy } = job.spec ?? {}
  for (const [i, rule] of (successPolicy?.rules ?? []).entries()) {
    const wanted =
      rule.succeededIndexes === undefined ? undefined : parseIndexes(rule.succeededIndexes, completions ?? 0)
    const hits =
      wanted === undefined
        ? state.succeededIndexes.size
        : [...wanted].filter((x) => state.succeededIndexes.has(x)).length
    const needed = rule.succeededCount ?? wanted?.size ?? completions ?? 0
    if (hits >= needed && needed > 0) return met('SuccessPolicy', `Matched rules at index ${i}`)
  }
  const done =
    completions === undefined
      ? // A queue of work: one success says that it is empty, the rest may finish.
        state.succeeded > 0 && state.active.length === 0
      : state.succeeded >= completions
  return done ? met('CompletionsReached', 'Reached expected number of succeeded pods') : undefined
}
