import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Clock } from '@kapell/controllers/machinery/clock'
import { defineController } from '@kapell/controllers/machinery/controller'
import type { Histogram } from '@kapell/controllers/machinery/metrics'
import { splitKey, type Lister } from '@kapell/controllers/machinery/store'
import { jobs } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1Job } from '@kapell/openapi/types'

interface Dependencies {
  client: ApiClient
  clock: Clock
  deletionTime: Histogram
  jobs: Lister<V1Job>
}

/** Deletes Jobs some time after they ended. Source: concepts page "Automatic Cleanup for Finished Jobs". */
export const ttlAfterFinishedController = defineController<Dependencies, V1Job>({
  name: 'ttl-after-finished-controller',
  queue: 'ttl_jobs_to_delete',
  primary: jobs,
  workers: 5,
  setup: ({ client, clock, lister, metrics }) => ({
    client,
    clock,
    jobs: lister(jobs),
    deletionTime: metrics.histogram(
      'ttl_after_finished_controller_job_deletion_duration_seconds',
      '[ALPHA] Time from when a Job was to go to when it was deleted.',
      {},
      Array.from({ length: 14 }, (_, i) => 0.1 * 2 ** i),
    ),
  }),
  reconcile: async (key, { client, clock, jobs: known, deletionTime }) => {
    const { namespace, name } = splitKey(key)
    const cached = known.get(key)
    const waitMs = cached === undefined ? undefined : leftMs(cached, clock.now())
    if (waitMs === undefined) return
    if (waitMs > 0) return { afterMs: waitMs }
    try {
      // Read anew: the time may have been prolonged.
      const job = await client.resource(jobs, namespace).get(name)
      const left = leftMs(job, clock.now())
      if (left === undefined) return
      if (left > 0) return { afterMs: left }
      const { uid, resourceVersion } = job.metadata ?? {}
      await client.resource(jobs, namespace).delete(name, {
        propagationPolicy: 'Foreground',
        preconditions: {
          ...(uid === undefined ? {} : { uid }),
          ...(resourceVersion === undefined ? {} : { resourceVersion }),
        },
      })
      deletionTime.observe(-left / 1000)
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
    return
  },
})

/** What is left of the Job's time; undefined when it has not ended, has no such time, or is being deleted. */
export function leftMs(job: V1Job, now: Date): number | undefined {
  const seconds = job.spec?.ttlSecondsAfterFinished
  const ended = job.status?.conditions?.find(
    ({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed'),
  )
  if (seconds === undefined || ended?.lastTransitionTime === undefined) return undefined
  if (job.metadata?.deletionTimestamp !== undefined) return undefined
  return Date.parse(ended.lastTransitionTime) + seconds * 1000 - now.getTime()
}
