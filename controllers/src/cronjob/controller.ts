import { BoundedMap } from '@kapell/controllers/machinery/bounded-map'
import {
  defineController,
  type ControllerContext,
  type ReconcileResult,
} from '@kapell/controllers/machinery/controller'
import { errorText } from '@kapell/controllers/machinery/log'
import { isNamespaceTerminating } from '@kapell/controllers/machinery/namespace-terminating'
import { controllerOf } from '@kapell/controllers/machinery/owner-refs'
import type { Lister } from '@kapell/controllers/machinery/store'
import { cronJobs, jobs } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import { rfc3339 } from '@kapell/openapi/meta/time'
import type { V1CronJob, V1CronJobStatus, V1Job, V1ObjectReference } from '@kapell/openapi/types'
import { sameMeaning } from '../shared/equal.ts'
import { isDeleting } from '../shared/pods.ts'
import { beyondHistory, decide, isDone, jobFor } from './reconcile.ts'
import { CronError, parseSchedule, type Schedule } from './schedule.ts'

interface Dependencies {
  context: ControllerContext
  cronJobs: Lister<V1CronJob>
  jobs: Lister<V1Job>
  /** Jobs deleted here, for the time that the caches may still show them. */
  deleted: BoundedMap<string, true>
}

const skewHelp = '[STABLE] Time from when a Job was due to when it was made.'
const skewBuckets = Array.from({ length: 10 }, (_, i) => 2 ** i)

/** Makes Jobs by the clock. Source: concepts page "CronJob". */
export const cronJobController = defineController<Dependencies, V1CronJob>({
  name: 'cronjob-controller',
  queue: 'cronjob',
  primary: cronJobs,
  owns: [jobs],
  workers: 5,
  setup: (context) => ({
    context,
    cronJobs: context.lister(cronJobs),
    deleted: new BoundedMap(1000),
    jobs: context.lister(jobs, { indexers: { controller: (job) => [controllerOf(job)?.uid ?? ''] } }),
  }),
  reconcile,
})

async function reconcile(key: string, d: Dependencies): Promise<ReconcileResult | undefined> {
  const cronJob = d.cronJobs.get(key)
  if (cronJob === undefined) return undefined
  const { client, clock, events } = d.context
  const now = clock.now()
  const owned = d.jobs.byIndex('controller', cronJob.metadata?.uid ?? '')
  let status = await settleActive(d, cronJob, owned)
  for (const job of beyondHistory(cronJob, owned)) await deleteJob(d, cronJob, job)

  let result: ReconcileResult | undefined
  let failure: unknown
  const schedule = isDeleting(cronJob) ? undefined : readSchedule(d, cronJob)
  if (schedule !== undefined) {
    // What was started and recorded here counts, though the cache does not show it yet.
    const decision = decide({ ...cronJob, status }, schedule, (status.active ?? []).length, now)
    if (decision.tooMany === true)
      events.event(
        cronJob,
        'Warning',
        'TooManyMissedTimes',
        'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew',
      )
    if (decision.do === 'missed')
      events.event(cronJob, 'Warning', 'MissSchedule', 'Missed scheduled time to start a job')
    if (decision.do === 'skip')
      events.event(
        cronJob,
        'Normal',
        'JobAlreadyActive',
        'Not starting job because prior execution is running and concurrency policy is Forbid',
      )
    if (decision.do === 'start') {
      try {
        status = await start(d, cronJob, status, owned, decision)
      } catch (error) {
        failure = error
      }
    }
    if (decision.afterMs !== undefined) result = { afterMs: decision.afterMs }
  }
  if (!sameMeaning(status, cronJob.status))
    await client.resource(cronJobs, cronJob.metadata?.namespace).updateStatus({ ...cronJob, status })
  if (failure !== undefined) throw failure
  return result
}

function readSchedule(d: Dependencies, cronJob: V1CronJob): Schedule | undefined {
  const { schedule = '', timeZone } = cronJob.spec ?? {}
  try {
    return parseSchedule(schedule, timeZone ?? 'UTC')
  } catch (error) {
    if (!(error instanceof CronError)) throw error
    const zone = error.message.startsWith('unknown time zone')
    d.context.events.event(
      cronJob,
      'Warning',
      zone ? 'UnknownTimeZone' : 'UnparseableSchedule',
      zone
        ? `invalid timeZone: ${JSON.stringify(timeZone)}: ${error.message}`
        : `unparseable schedule: ${JSON.stringify(schedule)} : ${error.message}`,
    )
    return undefined
  }
}

/** Takes ended and lost Jobs off the list of active ones. */
async function settleActive(d: Dependencies, cronJob: V1CronJob, owned: readonly V1Job[]): Promise<V1CronJobStatus> {
  const { client, events } = d.context
  const wasDeleted = (uid: string | undefined): boolean => d.deleted.get(uid ?? '') === true
  const refs = (cronJob.status?.active ?? []).filter(({ uid }) => !wasDeleted(uid))
  const listed = new Map(refs.map((ref) => [ref.uid, ref]))
  const byUid = new Map(owned.map((job) => [job.metadata?.uid, job]))
  let lastSuccessfulTime = cronJob.status?.lastSuccessfulTime
  for (const job of owned) {
    const uid = job.metadata?.uid
    const how = isDone(job)
    const name = job.metadata?.name
    if (how === undefined && !listed.has(uid) && !wasDeleted(uid) && !(await listsNow(d, cronJob, uid)))
      events.event(
        cronJob,
        'Warning',
        'UnexpectedJob',
        `Saw a job that the controller did not create or forgot: ${name}`,
      )
    if (how !== undefined && listed.delete(uid))
      events.event(cronJob, 'Normal', 'SawCompletedJob', `Saw completed job: ${name}, condition: ${how}`)
    const { completionTime } = job.status ?? {}
    if (how === 'Complete' && completionTime !== undefined)
      if (lastSuccessfulTime === undefined || Date.parse(completionTime) > Date.parse(lastSuccessfulTime))
        lastSuccessfulTime = completionTime
  }
  for (const [uid, ref] of listed) {
    if (byUid.has(uid)) continue
    try {
      await client.resource(jobs, cronJob.metadata?.namespace).get(ref.name ?? '')
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
      listed.delete(uid)
      events.event(cronJob, 'Normal', 'MissingJob', `Active job went missing: ${ref.name}`)
    }
  }
  return withActive({ ...cronJob.status, ...(lastSuccessfulTime === undefined ? {} : { lastSuccessfulTime }) }, [
    ...listed.values(),
  ])
}

/** Whether the CronJob itself lists the Job: the cache may be behind. */
async function listsNow(d: Dependencies, cronJob: V1CronJob, uid: string | undefined): Promise<boolean> {
  const { name = '', namespace } = cronJob.metadata ?? {}
  const fresh = await d.context.client.resource(cronJobs, namespace).get(name)
  return fresh.status?.active?.some((ref) => ref.uid === uid) === true
}

function withActive({ active: _, ...status }: V1CronJobStatus, active: V1ObjectReference[]): V1CronJobStatus {
  return active.length === 0 ? status : { ...status, active }
}

async function start(
  d: Dependencies,
  cronJob: V1CronJob,
  status: V1CronJobStatus,
  owned: readonly V1Job[],
  { at, replace }: { at: Date; replace: boolean },
): Promise<V1CronJobStatus> {
  const { client, events } = d.context
  let active = status.active ?? []
  if (replace) {
    for (const { uid } of active) {
      const job = owned.find(({ metadata }) => metadata?.uid === uid)
      if (job !== undefined) await deleteJob(d, cronJob, job)
    }
    active = []
  }
  const resource = client.resource(jobs, cronJob.metadata?.namespace)
  const wanted = jobFor(cronJob, at, cronJob.spec?.timeZone)
  let job: V1Job
  try {
    job = await resource.create(wanted)
    events.event(cronJob, 'Normal', 'SuccessfulCreate', `Created job ${job.metadata?.name}`)
    d.context.metrics
      .histogram('cronjob_controller_job_creation_skew_duration_seconds', skewHelp, {}, skewBuckets)
      .observe(Math.max(d.context.clock.now().getTime() - at.getTime(), 0) / 1000)
  } catch (error) {
    if (isNamespaceTerminating(error)) return withActive(status, active)
    if (!isReason(error, 'AlreadyExists')) {
      events.event(cronJob, 'Warning', 'FailedCreate', `Error creating job: ${errorText(error)}`)
      throw error
    }
    // Made before a crash: recorded now.
    job = await resource.get(wanted.metadata?.name ?? '')
    if (controllerOf(job)?.uid !== cronJob.metadata?.uid) throw error
    if (isDone(job) !== undefined) return { ...withActive(status, active), lastScheduleTime: rfc3339(at) }
  }
  const { name, namespace, uid, resourceVersion } = job.metadata ?? {}
  const reference: V1ObjectReference = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  }
  return {
    ...withActive(status, [...active.filter((one) => one.uid !== uid), reference]),
    lastScheduleTime: rfc3339(at),
  }
}

async function deleteJob(d: Dependencies, cronJob: V1CronJob, job: V1Job): Promise<void> {
  const { client, events } = d.context
  const { name = '', namespace, uid } = job.metadata ?? {}
  try {
    await client
      .resource(jobs, namespace)
      .delete(name, { propagationPolicy: 'Background', ...(uid === undefined ? {} : { preconditions: { uid } }) })
    if (uid !== undefined) d.deleted.set(uid, true)
    events.event(cronJob, 'Normal', 'SuccessfulDelete', `Deleted job ${name}`)
  } catch (error) {
    if (isReason(error, 'NotFound')) return
    events.event(cronJob, 'Warning', 'FailedDelete', `Deleted job: ${errorText(error)}`)
    throw error
  }
}
