import type { Metrics } from '@kapell/controllers/machinery/metrics'
import type { V1Job, V1Pod } from '@kapell/openapi/types'
import { isFinished } from '../shared/pods.ts'
import { parseIndexes } from './indexes.ts'
import { isIndexed, isTracked } from './pods.ts'
import type { JobState } from './state.ts'

/** What a sync did. */
export type SyncAction = 'reconciling' | 'tracking' | 'pods_created' | 'pods_deleted'

/** Source of names, labels and buckets: "Kubernetes Metrics Reference", job_controller_*. */
export interface JobMetrics {
  synced(job: V1Job, action: SyncAction, error: unknown, seconds: number): void
  ended(job: V1Job, result: 'succeeded' | 'failed', reason: string): void
  /** The status before and after pods were counted. */
  counted(before: V1Job, after: V1Job): void
  policyApplied(action: string): void
  podMade(job: V1Job, state: JobState, result: 'succeeded' | 'failed'): void
  podChanged(old: V1Pod | undefined, pod: V1Pod): void
  external(manager: string): void
}

const syncBuckets = Array.from({ length: 15 }, (_, i) => 0.004 * 2 ** i)
const modeOf = (job: V1Job): string => (isIndexed(job) ? 'Indexed' : 'NonIndexed')

export function jobMetrics(metrics: Metrics): JobMetrics {
  const count = (name: string, help: string, labels: Record<string, string>, by = 1): void => {
    if (by > 0) metrics.counter(`job_controller_${name}`, help, labels).inc(by)
  }
  const podsFinished = (job: V1Job, result: string, by: number): void =>
    count(
      'job_pods_finished_total',
      '[STABLE] Ended pods that were counted.',
      { completion_mode: modeOf(job), result },
      by,
    )
  return {
    synced: (job, action, error, seconds) => {
      const result = error === undefined ? 'success' : 'error'
      const labels = { completion_mode: modeOf(job), result, action }
      count('job_syncs_total', '[STABLE] Syncs of Jobs.', labels)
      const help = '[STABLE] Time that syncs of Jobs took.'
      metrics.histogram('job_controller_job_sync_duration_seconds', help, labels, syncBuckets).observe(seconds)
    },
    ended: (job, result, reason) =>
      count('jobs_finished_total', '[STABLE] Jobs that ended.', { completion_mode: modeOf(job), result, reason }),
    counted: (before, after) => {
      const grown = (of: (job: V1Job) => number | undefined): number => (of(after) ?? 0) - (of(before) ?? 0)
      podsFinished(
        after,
        'succeeded',
        grown(({ status }) => status?.succeeded),
      )
      podsFinished(
        after,
        'failed',
        grown(({ status }) => status?.failed),
      )
      if (!isIndexed(after)) return
      const backoffLimit = after.spec?.backoffLimitPerIndex === undefined ? 'global' : 'perIndex'
      const indexes = (text: string | undefined): number => parseIndexes(text, after.spec?.completions ?? 0).size
      const help = '[ALPHA] Indexes that ended.'
      const [good, bad] = [
        grown(({ status }) => indexes(status?.completedIndexes)),
        grown(({ status }) => indexes(status?.failedIndexes)),
      ]
      count('job_finished_indexes_total', help, { status: 'succeeded', backoffLimit }, good)
      count('job_finished_indexes_total', help, { status: 'failed', backoffLimit }, bad)
    },
    policyApplied: (action) =>
      count('pod_failures_handled_by_failure_policy_total', '[BETA] Failed pods that a policy judged.', { action }),
    podMade: (job, state, result) => {
      const again = state.failed > 0 || state.terminating > 0
      const policy = job.spec?.podReplacementPolicy === 'Failed' ? 'recreate_failed' : 'recreate_terminating_or_failed'
      const labels = { reason: again ? policy : 'new', status: result }
      count('job_pods_creation_total', '[ALPHA] Pods that were made, or could not be.', labels)
    },
    podChanged: (old, pod) => {
      const help = '[BETA] Ended pods that got and lost the finalizer by which they are counted.'
      const held = (one: V1Pod | undefined): boolean => one !== undefined && isFinished(one) && isTracked(one)
      if (held(pod) && !held(old)) count('terminated_pods_tracking_finalizer_total', help, { event: 'add' })
      if (held(old) && !held(pod)) count('terminated_pods_tracking_finalizer_total', help, { event: 'delete' })
    },
    external: (manager) =>
      count('jobs_by_external_controller_total', '[ALPHA] Jobs that others manage.', { controller_name: manager }),
  }
}
