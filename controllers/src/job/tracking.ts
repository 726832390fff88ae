import type { V1Job, V1JobStatus, V1Pod } from '@kapell/openapi/types'
import { countsForJob, isIndexed, isTracked } from './pods.ts'
import type { JobEnd, JobState } from './state.ts'

/**
 * Counting each ended pod once: its uid goes into the status, then its finalizer goes, then the count goes up and the
 * uid out, each written before the next. Whatever is interrupted is taken up where it was.
 * Source: concepts page "Jobs", "Job tracking with finalizers".
 */
export interface Tracking {
  status: V1JobStatus
  /** Pods whose finalizer may go once this status is written. */
  release: V1Pod[]
}

const maxPerRound = 500

/**
 * Lists the newly ended pods in the status. Pods of no more interest are released without being counted. Those that
 * run when the Job fails count as failures, at once; those that run when it has succeeded do not count at all.
 */
export function listEnded(
  job: V1Job,
  status: V1JobStatus,
  pods: readonly V1Pod[],
  state: JobState,
  end: JobEnd | undefined,
): Tracking {
  const succeeded = [...(status.uncountedTerminatedPods?.succeeded ?? [])]
  const failed = [...(status.uncountedTerminatedPods?.failed ?? [])]
  const release = pods.filter(
    (pod) => isTracked(pod) && (succeeded.includes(uidOf(pod)) || failed.includes(uidOf(pod))),
  )
  for (const pod of state.newSucceeded) {
    if (release.length >= maxPerRound) break
    release.push(pod)
    // Those of an index count by the index.
    if (!isIndexed(job)) succeeded.push(uidOf(pod))
  }
  const delayed = new Set(end !== undefined ? [] : state.delayed.values())
  for (const { pod, match } of state.newFailed) {
    if (release.length >= maxPerRound) break
    if (delayed.has(pod)) continue
    release.push(pod)
    if (match.action !== 'Ignore' && countsForJob(job, pod)) failed.push(uidOf(pod))
  }
  const seen = new Set([...release.map(uidOf), ...succeeded, ...failed])
  for (const pod of end === undefined ? [] : pods) {
    if (release.length >= maxPerRound) break
    if (!isTracked(pod) || seen.has(uidOf(pod)) || pod.status?.phase === 'Succeeded') continue
    release.push(pod)
    if (end?.target === 'FailureTarget' && countsForJob(job, pod)) failed.push(uidOf(pod))
  }
  return { status: withLists(status, succeeded, failed), release }
}

/** Counts those whose finalizer is gone: released now, or not there any more. */
export function countReleased(
  job: V1Job,
  status: V1JobStatus,
  pods: readonly V1Pod[],
  released: ReadonlySet<string>,
  state: JobState,
): V1JobStatus {
  const holds = new Set(pods.filter((pod) => isTracked(pod) && !released.has(uidOf(pod))).map(uidOf))
  const lists = status.uncountedTerminatedPods
  const [succeeded, failed] = [lists?.succeeded ?? [], lists?.failed ?? []]
  const succeededLeft = succeeded.filter((uid) => holds.has(uid))
  const failedLeft = failed.filter((uid) => holds.has(uid))
  const counts = {
    succeeded: isIndexed(job)
      ? state.succeededIndexes.size
      : (status.succeeded ?? 0) + succeeded.length - succeededLeft.length,
    failed: (status.failed ?? 0) + failed.length - failedLeft.length,
  }
  const { succeeded: _, failed: __, ...rest } = status
  return withLists(
    {
      ...rest,
      ...(counts.succeeded > 0 ? { succeeded: counts.succeeded } : {}),
      ...(counts.failed > 0 ? { failed: counts.failed } : {}),
    },
    succeededLeft,
    failedLeft,
  )
}

export const hasUncounted = ({ uncountedTerminatedPods: lists }: V1JobStatus): boolean =>
  (lists?.succeeded ?? []).length + (lists?.failed ?? []).length > 0

function withLists(status: V1JobStatus, succeeded: string[], failed: string[]): V1JobStatus {
  return {
    ...status,
    uncountedTerminatedPods: {
      ...(succeeded.length === 0 ? {} : { succeeded }),
      ...(failed.length === 0 ? {} : { failed }),
    },
  }
}

const uidOf = (pod: V1Pod): string => pod.metadata?.uid ?? ''
