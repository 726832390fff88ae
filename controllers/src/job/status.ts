import { rfc3339 } from '@kapell/openapi/meta/time'
import type { V1Job, V1JobCondition, V1JobStatus } from '@kapell/openapi/types'
import { findCondition, withCondition } from '../shared/conditions.ts'
import { formatIndexes } from './indexes.ts'
import { isIndexed } from './pods.ts'
import type { JobEnd, JobState } from './state.ts'

export const isDone = (job: V1Job): boolean =>
  (job.status?.conditions ?? []).some(
    ({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed'),
  )

export function jobCondition(
  type: string,
  status: 'True' | 'False',
  reason: string,
  message: string,
  now: Date,
): V1JobCondition {
  const at = rfc3339(now)
  return { type, status, reason, message, lastProbeTime: at, lastTransitionTime: at }
}

/** The status with what the pods show, before any of them is counted. */
export function observedStatus(
  job: V1Job,
  state: JobState,
  active: number,
  end: JobEnd | undefined,
  now: Date,
): V1JobStatus {
  const { active: _, ready: __, terminating: ___, ...rest } = job.status ?? {}
  const indexed = isIndexed(job)
  const perIndex = indexed && job.spec?.backoffLimitPerIndex !== undefined
  let conditions = job.status?.conditions
  if (end !== undefined && findCondition(conditions, end.target)?.status !== 'True')
    conditions = withCondition(conditions, jobCondition(end.target, 'True', end.reason, end.message, now))
  return {
    ...rest,
    ...(active > 0 ? { active } : {}),
    // Those that are being deleted at this moment may have been counted as ready.
    ready: Math.min(state.ready, active),
    terminating: state.terminating,
    ...(indexed ? { completedIndexes: formatIndexes(state.succeededIndexes) } : {}),
    ...(perIndex ? { failedIndexes: formatIndexes(state.failedIndexes) } : {}),
    ...(conditions === undefined ? {} : { conditions }),
  }
}

export interface Suspension {
  status: V1JobStatus
  event?: { reason: string; message: string }
}

/** Start time and the Suspended condition, as `spec.suspend` has them. */
export function withSuspension(job: V1Job, status: V1JobStatus, now: Date): Suspension {
  const told = findCondition(status.conditions, 'Suspended')
  if (job.spec?.suspend === true) {
    const { startTime: _, ...rest } = status
    if (told?.status === 'True') return { status: rest }
    const conditions = withCondition(
      status.conditions,
      jobCondition('Suspended', 'True', 'JobSuspended', 'Job suspended', now),
    )
    return { status: { ...rest, conditions }, event: { reason: 'Suspended', message: 'Job suspended' } }
  }
  if (told?.status === 'True') {
    const conditions = withCondition(
      status.conditions,
      jobCondition('Suspended', 'False', 'JobResumed', 'Job resumed', now),
    )
    return {
      status: { ...status, startTime: rfc3339(now), conditions },
      event: { reason: 'Resumed', message: 'Job resumed' },
    }
  }
  return { status: status.startTime === undefined ? { ...status, startTime: rfc3339(now) } : status }
}

/** The last word: Complete or Failed. */
export function endedStatus(status: V1JobStatus, end: JobEnd, now: Date): V1JobStatus {
  const complete = end.target === 'SuccessCriteriaMet'
  const last = jobCondition(complete ? 'Complete' : 'Failed', 'True', end.reason, end.message, now)
  return {
    ...status,
    conditions: withCondition(status.conditions, last),
    ...(complete ? { completionTime: rfc3339(now) } : {}),
  }
}
