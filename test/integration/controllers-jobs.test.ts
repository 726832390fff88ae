import { jest } from '@jest/globals'
import { events, jobs, namespaces, pods } from '@kapell/openapi/meta/refs'
import type { V1Job, V1Pod } from '@kapell/openapi/types'
import { startControlPlane, type ControlPlane } from './controllers-support.ts'

const ns = 'jobs'
const image = (pod: V1Pod): string => pod.spec?.containers[0]?.image ?? ''

// Conditions come within milliseconds; a busy machine may take longer.
jest.setTimeout(30_000)

describe('jobs on a real API server', () => {
  let plane: ControlPlane
  beforeAll(async () => {
    plane = await startControlPlane({
      node: {
        phase: (pod) =>
          image(pod) === 'ok'
            ? 'Succeeded'
            : image(pod) === 'bad'
              ? 'Failed'
              : image(pod) === 'odd'
                ? Number(pod.metadata?.labels?.['batch.kubernetes.io/job-completion-index']) % 2 === 1
                  ? 'Failed'
                  : 'Succeeded'
                : 'Running',
        exitCode: (pod) => (image(pod) === 'ok' ? 0 : pod.status?.phase === 'Succeeded' ? 0 : 42),
      },
    })
    await plane.client.resource(namespaces).create({ metadata: { name: ns } })
  })
  afterAll(() => plane.close())

  const create = (name: string, what: string, more: Partial<NonNullable<V1Job['spec']>> = {}) =>
    plane.client.resource(jobs, ns).create({
      metadata: { name },
      spec: {
        template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: what }] } },
        ...more,
      },
    })
  const ended = (name: string, type: 'Complete' | 'Failed') =>
    plane.until([jobs], async () => {
      const job = await plane.client.resource(jobs, ns).get(name)
      return job.status?.conditions?.some((c) => c.type === type && c.status === 'True') === true ? job : undefined
    })
  const podsOf = async (name: string) =>
    (await plane.client.resource(pods, ns).list({ labelSelector: `batch.kubernetes.io/job-name=${name}` })).items

  it('runs to completion, counts each pod once, lets the pods go', async () => {
    await create('count', 'ok', { completions: 5, parallelism: 2 })
    const job = await ended('count', 'Complete')
    expect(job.status).toMatchObject({ succeeded: 5, uncountedTerminatedPods: {}, ready: 0, terminating: 0 })
    expect(job.status?.completionTime).toBeDefined()
    expect(job.status?.conditions?.map(({ type, reason }) => `${type} ${reason}`).sort()).toEqual([
      'Complete CompletionsReached',
      'SuccessCriteriaMet CompletionsReached',
    ])
    const own = await podsOf('count')
    expect(own).toHaveLength(5)
    expect(own.every((p) => (p.metadata?.finalizers ?? []).length === 0)).toBe(true)
    await plane.until([events], async () =>
      (await plane.client.resource(events, ns).list()).items.find(
        (e) => e.reason === 'Completed' && e.message === 'Job completed',
      ),
    )
  })

  it('fails past its limit', async () => {
    await create('fails', 'bad', { backoffLimit: 0 })
    const job = await ended('fails', 'Failed')
    expect(job.status).toMatchObject({ failed: 1 })
    expect(job.status?.conditions).toContainEqual(
      expect.objectContaining({
        type: 'Failed',
        reason: 'BackoffLimitExceeded',
        message: 'Job has reached the specified backoff limit',
      }),
    )
  })

  it('indexed: every index runs once and knows its number', async () => {
    await create('indexed', 'ok', { completions: 4, parallelism: 4, completionMode: 'Indexed' })
    const job = await ended('indexed', 'Complete')
    expect(job.status).toMatchObject({ succeeded: 4, completedIndexes: '0-3' })
    const own = await podsOf('indexed')
    expect(own.map((p) => p.metadata?.annotations?.['batch.kubernetes.io/job-completion-index']).sort()).toEqual([
      '0',
      '1',
      '2',
      '3',
    ])
    expect(own[0]?.spec?.containers[0]?.env?.[0]).toMatchObject({ name: 'JOB_COMPLETION_INDEX' })
  })

  it('indexed with a limit for each index: the others go on, then the Job fails', async () => {
    await create('perindex', 'odd', {
      completions: 4,
      parallelism: 4,
      completionMode: 'Indexed',
      backoffLimitPerIndex: 0,
    })
    const job = await ended('perindex', 'Failed')
    expect(job.status).toMatchObject({ completedIndexes: '0,2', failedIndexes: '1,3', succeeded: 2, failed: 2 })
    expect(job.status?.conditions).toContainEqual(expect.objectContaining({ type: 'Failed', reason: 'FailedIndexes' }))
  })

  it('a pod failure policy ends it at once', async () => {
    await create('policy', 'bad', {
      backoffLimit: 6,
      podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } }] },
    })
    const job = await ended('policy', 'Failed')
    const condition = job.status?.conditions?.find(({ type }) => type === 'Failed')
    expect(condition?.reason).toBe('PodFailurePolicy')
    expect(condition?.message).toMatch(
      /^Container c for pod jobs\/policy-.* failed with exit code 42 matching FailJob rule at index 0$/,
    )
  })

  it('suspends and resumes', async () => {
    await create('paused', 'stays', { parallelism: 2, completions: 2 })
    await plane.until([pods], async () =>
      (await podsOf('paused')).filter((p) => p.status?.phase === 'Running').length === 2 ? true : undefined,
    )
    await plane.client.resource(jobs, ns).patch('paused', 'merge', { spec: { suspend: true } })
    await plane.until([pods, jobs], async () => {
      const job = await plane.client.resource(jobs, ns).get('paused')
      return (await podsOf('paused')).length === 0 &&
        job.status?.conditions?.some((c) => c.type === 'Suspended' && c.status === 'True') === true &&
        job.status.startTime === undefined
        ? true
        : undefined
    })
    await plane.client.resource(jobs, ns).patch('paused', 'merge', { spec: { suspend: false } })
    await plane.until([pods], async () => ((await podsOf('paused')).length === 2 ? true : undefined))
  })

  it('a deadline ends what runs', async () => {
    await create('late', 'stays', { activeDeadlineSeconds: 1 })
    const job = await ended('late', 'Failed')
    expect(job.status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Failed', reason: 'DeadlineExceeded' }),
    )
    expect((await podsOf('late')).filter((p) => p.metadata?.deletionTimestamp === undefined)).toEqual([])
  })

  it('a deleted Job does not hold its pods', async () => {
    await create('gone', 'stays')
    await plane.until([pods], async () => ((await podsOf('gone')).length === 1 ? true : undefined))
    await plane.client.resource(jobs, ns).delete('gone', { propagationPolicy: 'Background' })
    await plane.until([pods], async () => ((await podsOf('gone')).length === 0 ? true : undefined))
  })

  it("is measured by upstream's names", () => {
    const text = plane.metrics()
    for (const series of [
      'job_controller_jobs_finished_total{completion_mode="NonIndexed",reason="CompletionsReached",result="succeeded"}',
      'job_controller_jobs_finished_total{completion_mode="NonIndexed",reason="BackoffLimitExceeded",result="failed"}',
      'job_controller_jobs_finished_total{completion_mode="Indexed",reason="CompletionsReached",result="succeeded"}',
      'job_controller_job_pods_finished_total{completion_mode="Indexed",result="succeeded"}',
      'job_controller_job_syncs_total{action="pods_created",completion_mode="NonIndexed",result="success"}',
      'job_controller_job_sync_duration_seconds_count{action="pods_created",completion_mode="NonIndexed",result="success"}',
      'job_controller_pod_failures_handled_by_failure_policy_total{action="FailJob"}',
      'job_controller_terminated_pods_tracking_finalizer_total{event="add"}',
      'job_controller_terminated_pods_tracking_finalizer_total{event="delete"}',
      'job_controller_job_pods_creation_total{reason="new",status="succeeded"}',
      'job_controller_job_finished_indexes_total{backoffLimit="perIndex",status="failed"}',
      'running_managed_controllers{manager="kube-controller-manager",name="job-controller"}',
      'informer_queued_items{group="batch",name="kube-controller-manager",resource="jobs",version="v1"}',
      'root_ca_cert_publisher_sync_total{code="200"}',
    ])
      expect(text).toContain(`${series} `)
    const tracked = (event: string) =>
      Number(new RegExp(`tracking_finalizer_total{event="${event}"} (\\d+)`).exec(text)?.[1])
    // Every ended pod lost the finalizer that it had.
    expect(tracked('delete')).toBe(tracked('add'))
  })

  it('had nothing to complain of', () => expect(plane.warnings).toEqual([]))
})
