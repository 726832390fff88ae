import { jobs as jobsRef, cronJobs } from '@kapell/openapi/meta/refs'
import { controllerReference } from '@kapell/controllers/machinery/owner-refs'
import type { V1CronJob, V1Job } from '@kapell/openapi/types'
import { timeMs } from '../shared/pods.ts'
import { latestTime, type Schedule } from './schedule.ts'

const scheduledAnnotation = 'batch.kubernetes.io/cronjob-scheduled-timestamp'
/** More missed times than this are told of: the clock may be wrong. */
const manyMissed = 100

export const isDone = (job: V1Job): 'Complete' | 'Failed' | undefined =>
  job.status?.conditions?.find(({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed'))
    ?.type as 'Complete' | 'Failed' | undefined

export type CronDecision =
  | { do: 'wait'; afterMs?: number; tooMany?: boolean }
  /** The time has passed for too long. */
  | { do: 'missed'; afterMs?: number; tooMany?: boolean }
  /** One runs and may not run beside another. */
  | { do: 'skip'; afterMs?: number; tooMany?: boolean }
  | { do: 'start'; at: Date; replace: boolean; afterMs?: number; tooMany?: boolean }

/** Whether a Job is due now. Source: concepts page "CronJob", its limitations included. */
export function decide(cronJob: V1CronJob, schedule: Schedule, active: number, now: Date): CronDecision {
  const next = schedule.next(now)
  const after = next === undefined ? {} : { afterMs: next.getTime() - now.getTime() + 100 }
  const { startingDeadlineSeconds: deadline, suspend, concurrencyPolicy } = cronJob.spec ?? {}
  if (suspend === true) return { do: 'wait' }
  const since = Math.max(
    timeMs(cronJob.status?.lastScheduleTime) || timeMs(cronJob.metadata?.creationTimestamp),
    deadline === undefined ? 0 : now.getTime() - deadline * 1000,
  )
  const due = latestTime(schedule, new Date(since), now)
  if (due === undefined) return { do: 'wait', ...after }
  const more = { ...after, ...(due.missed > manyMissed ? { tooMany: true } : {}) }
  if (due.time.getTime() === timeMs(cronJob.status?.lastScheduleTime)) return { do: 'wait', ...after }
  if (deadline !== undefined && due.time.getTime() + deadline * 1000 < now.getTime()) return { do: 'missed', ...more }
  // Made already, whatever the status says of when.
  if (cronJob.status?.active?.some(({ name }) => name === jobName(cronJob, due.time)) === true)
    return { do: 'wait', ...more }
  if (concurrencyPolicy === 'Forbid' && active > 0) return { do: 'skip', ...more }
  return { do: 'start', at: due.time, replace: concurrencyPolicy === 'Replace' && active > 0, ...more }
}

const jobName = (cronJob: V1CronJob, at: Date): string =>
  `${(cronJob.metadata?.name ?? '').slice(0, 52)}-${Math.floor(at.getTime() / 60_000)}`

/** The Job of a scheduled time: its name says which, so that it can be made only once. */
export function jobFor(cronJob: V1CronJob, at: Date, timeZone: string | undefined): V1Job {
  const { namespace } = cronJob.metadata ?? {}
  const { metadata, spec } = cronJob.spec?.jobTemplate ?? {}
  return {
    apiVersion: 'batch/v1',
    kind: jobsRef.kind,
    metadata: {
      name: jobName(cronJob, at),
      ...(namespace === undefined ? {} : { namespace }),
      ...(metadata?.labels === undefined ? {} : { labels: { ...metadata.labels } }),
      annotations: { ...metadata?.annotations, [scheduledAnnotation]: zoned(at, timeZone) },
      ownerReferences: [controllerReference(cronJob, cronJobs)],
    },
    ...(spec === undefined ? {} : { spec: structuredClone(spec) }),
  }
}

/** RFC 3339 with the zone's offset. */
function zoned(at: Date, timeZone = 'UTC'): string {
  const parts: Record<string, string> = {}
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
  for (const { type, value } of format.formatToParts(at)) parts[type] = value
  const local = `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}:${parts.second}`
  const minutes = Math.round((Date.parse(`${local}Z`) - Math.floor(at.getTime() / 1000) * 1000) / 60_000)
  if (minutes === 0) return `${local}Z`
  const two = (n: number): string => String(n).padStart(2, '0')
  const abs = Math.abs(minutes)
  return `${local}${minutes < 0 ? '-' : '+'}${two(Math.floor(abs / 60))}:${two(abs % 60)}`
}

/** Ended Jobs beyond the history limits, oldest first. */
export function beyondHistory(cronJob: V1CronJob, owned: readonly V1Job[]): V1Job[] {
  const { successfulJobsHistoryLimit: good = 3, failedJobsHistoryLimit: bad = 1 } = cronJob.spec ?? {}
  const oldest = (a: V1Job, b: V1Job): number => timeMs(a.status?.startTime) - timeMs(b.status?.startTime)
  const extra = (type: 'Complete' | 'Failed', limit: number): V1Job[] => {
    const ended = owned.filter((job) => isDone(job) === type).sort(oldest)
    return ended.slice(0, Math.max(ended.length - limit, 0))
  }
  return [...extra('Complete', good), ...extra('Failed', bad)]
}
