import { isNamespaceTerminating } from '@kapell/controllers/machinery/namespace-terminating'
import {
  defineController,
  type ControllerContext,
  type ReconcileResult,
} from '@kapell/controllers/machinery/controller'
import { createExpectations, type Expectations } from '@kapell/controllers/machinery/expectations'
import { controllerOf } from '@kapell/controllers/machinery/owner-refs'
import { keyOf, splitKey, type Lister } from '@kapell/controllers/machinery/store'
import { selectorFromLabelSelector } from '@kapell/openapi/meta/labels'
import type { OwnerReference } from '@kapell/openapi/meta/object'
import { jobs, pods } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1Job, V1JobStatus, V1Pod } from '@kapell/openapi/types'
import { claimPods } from '../shared/claim-pods.ts'
import { sameMeaning } from '../shared/equal.ts'
import { createPodControl, type PodControl } from '../shared/pod-control.ts'
import { podsByController } from '../shared/pod-index.ts'
import { isDeleting } from '../shared/pods.ts'
import { forEachAtOnce, slowStart } from '../shared/slow-start.ts'
import { wakeOwnersOfOrphans } from '../shared/wake-owners.ts'
import { createJobBackoff, type JobBackoff } from './backoff.ts'
import { jobMetrics, type JobMetrics, type SyncAction } from './metrics.ts'
import { planJob, type JobPlan } from './plan.ts'
import { isTracked, newJobPod, trackingFinalizer } from './pods.ts'
import { jobState, judgeJob, type JobEnd, type JobState } from './state.ts'
import { endedStatus, isDone, observedStatus, withSuspension } from './status.ts'
import { countReleased, hasUncounted, listEnded } from './tracking.ts'

interface Dependencies {
  context: ControllerContext
  jobs: Lister<V1Job>
  pods: Lister<V1Pod>
  control: PodControl
  expectations: Expectations
  backoff: JobBackoff
  /** Ended pods whose finalizer was taken away, until the cache shows it. */
  released: Map<string, Set<string>>
  measured: JobMetrics
  /** Failed pods that the back-off knows of. */
  told: Map<string, Set<string>>
}

const selectorOf = (job: V1Job) => selectorFromLabelSelector(job.spec?.selector)
const orphanPrefix = 'orphan//'
const manager = 'kubernetes.io/job-controller'

/** Runs pods to completion. Source: concepts page "Jobs". */
export const jobController = defineController<Dependencies, V1Job>({
  name: 'job-controller',
  queue: 'job',
  primary: jobs,
  owns: [pods],
  // Source: the original's requests for a Job whose pods nobody admits.
  retry: { firstMs: 1000, maxMs: 60_000 },
  workers: 5,
  setup,
  reconcile: (key, d) =>
    key.startsWith(orphanPrefix) ? freeOrphan(key.slice(orphanPrefix.length), d) : reconcile(key, d),
})

function setup(context: ControllerContext): Dependencies {
  const { informer, queue, clock, client, events } = context
  const measured = jobMetrics(context.metrics)
  const known = informer(jobs)
  const expectations = createExpectations(clock)
  const backoff = createJobBackoff()
  const released = new Map<string, Set<string>>()
  const told = new Map<string, Set<string>>()
  wakeOwnersOfOrphans(context, jobs, selectorOf)
  const jobKey = (pod: V1Pod): string | undefined => {
    const ref = controllerOf(pod)
    return ref?.kind === 'Job' ? `${pod.metadata?.namespace}/${ref.name}` : undefined
  }
  const gone = (pod: V1Pod): void => {
    const key = jobKey(pod)
    if (key !== undefined) expectations.deletionObserved(key, keyOf(pod))
  }
  /** A pod whose Job is gone must not be held by it. */
  const lookForOrphan = (pod: V1Pod): void => {
    if (!isTracked(pod)) return
    const ref = controllerOf(pod)
    const job = known.lister.get(jobKey(pod) ?? '')
    if (ref === undefined || job === undefined || job.metadata?.uid !== ref.uid || isDone(job))
      queue.add(orphanPrefix + keyOf(pod))
  }
  const podInformer = informer(pods, { indexers: podsByController })
  podInformer.onChange({
    add: (pod) => {
      const key = jobKey(pod)
      if (isDeleting(pod)) gone(pod)
      else if (key !== undefined) expectations.creationObserved(key)
      if (known.hasSynced) lookForOrphan(pod)
      measured.podChanged(undefined, pod)
    },
    update: (old, pod) => {
      measured.podChanged(old, pod)
      if (isDeleting(pod)) gone(pod)
      lookForOrphan(pod)
    },
    delete: gone,
  })
  known.onChange({
    add: ({ spec }) => {
      if (spec?.managedBy !== undefined && spec.managedBy !== manager) measured.external(spec.managedBy)
    },
    delete: (job) => {
      const key = keyOf(job)
      expectations.forget(key)
      backoff.forget(key)
      released.delete(key)
      told.delete(key)
      for (const pod of podInformer.lister.byIndex('controller', job.metadata?.uid ?? '')) lookForOrphan(pod)
    },
  })
  return {
    context,
    jobs: known.lister,
    pods: podInformer.lister,
    control: createPodControl(client, events),
    expectations,
    backoff,
    released,
    told,
    measured,
  }
}

async function reconcile(key: string, d: Dependencies): Promise<ReconcileResult | undefined> {
  const job = d.jobs.get(key)
  if (job === undefined) {
    d.expectations.forget(key)
    return undefined
  }
  if (isDone(job) || isDeleting(job) || (job.spec?.managedBy ?? manager) !== manager) return undefined
  const start = performance.now()
  const did: { action: SyncAction } = { action: 'reconciling' }
  let failure: unknown
  try {
    return await sync(key, job, d, did)
  } catch (error) {
    failure = error
    throw error
  } finally {
    d.measured.synced(job, did.action, failure, (performance.now() - start) / 1000)
  }
}

async function sync(
  key: string,
  job: V1Job,
  d: Dependencies,
  did: { action: SyncAction },
): Promise<ReconcileResult | undefined> {
  const { client, clock, events } = d.context
  const mayAct = d.expectations.satisfied(key)
  const cached = await claimPods({
    owner: job,
    ref: jobs,
    selector: selectorOf(job),
    pods: d.pods,
    client,
    control: { ...d.control, adopt: (pod, reference) => adopt(d, pod, reference) },
  })
  const owned = withoutReleased(d, key, cached)
  const now = clock.now()
  const nowMs = now.getTime()

  const state = jobState(job, owned)
  d.backoff.record(key, { succeeded: state.newSucceeded, failed: unrecorded(d, key, state) }, nowMs)
  const end = judgeJob(job, state, nowMs)
  const { active, retryMs, errors } = await act(d, key, job, state, end, mayAct, nowMs, did)

  const suspension =
    end === undefined
      ? withSuspension(job, observedStatus(job, state, active, end, now), now)
      : { status: observedStatus(job, state, active, end, now) }
  const stored = await track(d, key, job, suspension.status, owned, state, end)
  if ('event' in suspension && suspension.event !== undefined)
    events.event(job, 'Normal', suspension.event.reason, suspension.event.message)
  if (errors.length > 0) throw errors[0]
  return comeBack(stored, retryMs, nowMs)
}

/** Failed pods that stay for their successor's sake are told of once only. */
function unrecorded(d: Dependencies, key: string, state: JobState): V1Pod[] {
  const seen = d.told.get(key) ?? new Set<string>()
  const fresh = state.newFailed.map(({ pod }) => pod).filter((pod) => !seen.has(pod.metadata?.uid ?? ''))
  d.told.set(key, new Set(state.newFailed.map(({ pod }) => pod.metadata?.uid ?? '')))
  return fresh
}
function comeBack(job: V1Job, retryMs: number | undefined, nowMs: number): ReconcileResult | undefined {
  const { activeDeadlineSeconds, suspend } = job.spec ?? {}
  const waits: number[] = retryMs === undefined ? [] : [retryMs]
  if (activeDeadlineSeconds !== undefined && job.status?.startTime !== undefined && suspend !== true && !isDone(job))
    waits.push(Math.max(Date.parse(job.status.startTime) + activeDeadlineSeconds * 1000 - nowMs, 0) + 1)
  return waits.length === 0 ? undefined : { afterMs: Math.min(...waits) }
}

interface ActResult {
  active: number
  retryMs?: number
  errors: unknown[]
}

/** Makes and ends pods as planned, or ends all when the Job is over. */
async function act(
  d: Dependencies,
  key: string,
  job: V1Job,
  state: JobState,
  end: JobEnd | undefined,
  mayAct: boolean,
  nowMs: number,
  did: { action: SyncAction },
): Promise<ActResult> {
  const active = state.active.length
  if (end !== undefined) {
    const errors = await deletePods(d, key, job, state.active)
    return { active: errors.length > 0 ? active : 0, errors }
  }
  did.action = 'tracking'
  if (!mayAct) return { active, errors: [] }
  const plan = planJob(job, state)
  if (plan.delete.length > 0) {
    did.action = 'pods_deleted'
    // Not failures of theirs: nobody needs to count them.
    const freed = await Promise.all(plan.delete.filter(isTracked).map((pod) => freePod(d, pod)))
    remember(d, key, new Set(freed))
    const errors = await deletePods(d, key, job, plan.delete)
    return { active: errors.length > 0 ? active : active - plan.delete.length, errors }
  }
  if (plan.create.length === 0) return { active, errors: [] }
  const waitMs = d.backoff.remainingMs(key, nowMs)
  if (waitMs > 0) return { active, retryMs: waitMs, errors: [] }
  did.action = 'pods_created'
  const { made, errors } = await createPods(d, key, job, plan.create, state)
  return { active: active + made, errors }
}

async function createPods(
  d: Dependencies,
  key: string,
  job: V1Job,
  wanted: JobPlan['create'],
  state: JobState,
): Promise<{ made: number; errors: unknown[] }> {
  d.expectations.expectCreations(key, wanted.length)
  let made = 0
  const { tried, errors } = await slowStart(wanted.length, async (i) => {
    const { index, failures } = wanted[i]!
    try {
      await d.control.create(newJobPod(job, index, failures), job)
      made++
      d.measured.podMade(job, state, 'succeeded')
    } catch (error) {
      d.measured.podMade(job, state, 'failed')
      d.expectations.creationObserved(key)
      if (!isNamespaceTerminating(error)) throw error
    }
  })
  for (let i = tried; i < wanted.length; i++) d.expectations.creationObserved(key)
  return { made, errors }
}

async function deletePods(d: Dependencies, key: string, job: V1Job, victims: readonly V1Pod[]): Promise<unknown[]> {
  if (victims.length === 0) return []
  d.expectations.expectDeletions(key, victims.map(keyOf))
  const failed = await forEachAtOnce(victims, async (pod) => {
    try {
      await d.control.delete(pod, job)
    } catch (error) {
      d.expectations.deletionObserved(key, keyOf(pod))
      if (!isReason(error, 'NotFound', 'Conflict')) throw error
    }
  })
  return failed
}

/** Writes the status in the order that counts no pod twice, and the last condition when all is counted. */
async function track(
  d: Dependencies,
  key: string,
  job: V1Job,
  observed: V1JobStatus,
  owned: readonly V1Pod[],
  state: JobState,
  end: JobEnd | undefined,
): Promise<V1Job> {
  const resource = d.context.client.resource(jobs, job.metadata?.namespace)
  let stored = job
  const write = async (status: V1JobStatus): Promise<void> => {
    if (!sameMeaning(status, stored.status)) stored = await resource.updateStatus({ ...stored, status })
  }
  const { status: listed, release } = listEnded(job, observed, owned, state, end)
  const lists = (status: V1JobStatus | undefined): unknown => [
    status?.uncountedTerminatedPods ?? {},
    status?.completedIndexes,
  ]
  // What is about to be released must be on record first.
  if (release.length > 0 && !sameMeaning(lists(listed), lists(job.status))) await write(listed)
  const base = stored === job ? listed : (stored.status ?? listed)

  const freed = new Set<string>()
  const results = await Promise.allSettled(
    release.map(async (pod) => {
      await removeFinalizer(d, pod)
      freed.add(pod.metadata?.uid ?? '')
    }),
  )
  remember(d, key, freed)
  let status = countReleased(job, base, owned, freed, state)
  const over =
    end !== undefined &&
    !hasUncounted(status) &&
    state.active.length === 0 &&
    state.terminating === 0 &&
    freed.size === release.length
  if (over) status = endedStatus(status, end, d.context.clock.now())
  await write(status)
  d.measured.counted(job, stored)
  for (const { pod, match } of state.newFailed)
    if (match.ruled && freed.has(pod.metadata?.uid ?? '')) d.measured.policyApplied(match.action)
  if (over) tellEnd(d, job, end)
  const failed = results.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return stored
}

function tellEnd(d: Dependencies, job: V1Job, end: JobEnd): void {
  const { events } = d.context
  d.measured.ended(job, end.target === 'SuccessCriteriaMet' ? 'succeeded' : 'failed', end.reason)
  if (end.target === 'SuccessCriteriaMet') events.event(job, 'Normal', 'Completed', 'Job completed')
  else events.event(job, 'Warning', end.reason, end.message)
}

/** An adopted pod is tracked as those are that were made for the Job. */
function adopt(d: Dependencies, pod: V1Pod, reference: OwnerReference): Promise<V1Pod> {
  const { name = '', namespace, uid, finalizers = [] } = pod.metadata ?? {}
  const metadata = { uid, ownerReferences: [reference], finalizers: [...new Set([...finalizers, trackingFinalizer])] }
  return d.context.client.resource(pods, namespace).patch(name, 'strategic', { metadata })
}

async function freePod(d: Dependencies, pod: V1Pod): Promise<string> {
  await removeFinalizer(d, pod)
  return pod.metadata?.uid ?? ''
}

async function removeFinalizer(d: Dependencies, pod: V1Pod): Promise<void> {
  const { name = '', namespace, uid } = pod.metadata ?? {}
  try {
    await d.context.client.resource(pods, namespace).patch(name, 'strategic', {
      metadata: { uid, [`$deleteFromPrimitiveList/finalizers`]: [trackingFinalizer] },
    })
  } catch (error) {
    if (!isReason(error, 'NotFound', 'Conflict', 'Invalid')) throw error
  }
}

/** The cache may still show finalizers that are gone: such pods are seen as they are. */
function withoutReleased(d: Dependencies, key: string, cached: readonly V1Pod[]): V1Pod[] {
  const freed = d.released.get(key)
  if (freed === undefined) return [...cached]
  const stale = new Set<string>()
  const seen = cached.map((pod) => {
    if (!isTracked(pod) || !freed.has(pod.metadata?.uid ?? '')) return pod
    stale.add(pod.metadata?.uid ?? '')
    return {
      ...pod,
      metadata: {
        ...pod.metadata,
        finalizers: (pod.metadata?.finalizers ?? []).filter((f) => f !== trackingFinalizer),
      },
    }
  })
  if (stale.size === 0) d.released.delete(key)
  else d.released.set(key, stale)
  return seen
}

function remember(d: Dependencies, key: string, freed: ReadonlySet<string>): void {
  if (freed.size === 0) return
  d.released.set(key, new Set([...(d.released.get(key) ?? []), ...freed]))
}

async function freeOrphan(podKey: string, d: Dependencies): Promise<undefined> {
  const pod = d.pods.get(podKey)
  if (pod === undefined || !isTracked(pod)) return
  const ref = controllerOf(pod)
  const { namespace } = splitKey(podKey)
  if (ref?.kind === 'Job') {
    const job = d.jobs.get(`${namespace}/${ref.name}`)
    if (job !== undefined && job.metadata?.uid === ref.uid && !isDone(job)) return
  }
  await removeFinalizer(d, pod)
}
