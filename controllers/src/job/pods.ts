import { controllerReference } from '@kapell/controllers/machinery/owner-refs'
import { jobs } from '@kapell/openapi/meta/refs'
import type { V1Container, V1Job, V1Pod } from '@kapell/openapi/types'
import { podFromTemplate } from '../shared/pod-from-template.ts'
import { isDeleting, isFinished, timeMs } from '../shared/pods.ts'

/** Names by which a Job and its pods know one another. Source: concepts page "Jobs". */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking'
export const indexLabel = 'batch.kubernetes.io/job-completion-index'
export const failureCountAnnotation = 'batch.kubernetes.io/job-index-failure-count'
const ignoredCountAnnotation = 'batch.kubernetes.io/job-index-ignored-failure-count'
const indexVariable = 'JOB_COMPLETION_INDEX'

export const isIndexed = (job: V1Job): boolean => job.spec?.completionMode === 'Indexed'
export const isTracked = (pod: V1Pod): boolean => (pod.metadata?.finalizers ?? []).includes(trackingFinalizer)
export const parallelism = (job: V1Job): number => job.spec?.parallelism ?? 1

export function indexOf(pod: V1Pod): number | undefined {
  const text = pod.metadata?.annotations?.[indexLabel] ?? pod.metadata?.labels?.[indexLabel]
  return text !== undefined && /^(0|[1-9][0-9]*)$/.test(text) ? Number(text) : undefined
}

/** Pods of an Indexed Job whose index is none of its own (any more) do not count. */
export function countsForJob(job: V1Job, pod: V1Pod): boolean {
  if (!isIndexed(job)) return true
  const index = indexOf(pod)
  return index !== undefined && index < (job.spec?.completions ?? 0)
}

/** Pods of its index that failed before this one. */
export function failureCount(pod: V1Pod): number {
  const count = Number(pod.metadata?.annotations?.[failureCountAnnotation] ?? 0)
  return Number.isSafeInteger(count) && count >= 0 ? count : 0
}

/** Counts as failed: ended so, or, when leaving pods are replaced at once, on its way out. */
export function hasFailed(job: V1Job, pod: V1Pod): boolean {
  if (pod.status?.phase === 'Failed') return true
  return job.spec?.podReplacementPolicy !== 'Failed' && isDeleting(pod) && pod.status?.phase !== 'Succeeded'
}

/** When its last container ended; else when it was deleted or changed last. */
export function finishedMs(pod: V1Pod, nowMs: number): number {
  const ends = (pod.status?.containerStatuses ?? []).map(({ state }) => timeMs(state?.terminated?.finishedAt))
  const last = Math.max(0, ...ends)
  if (last > 0) return last
  return isFinished(pod) || !isDeleting(pod) ? nowMs : Math.min(timeMs(pod.metadata?.deletionTimestamp), nowMs)
}

/** Pods of its index that the policy ignored before this one. */
export function ignoredCount(pod: V1Pod): number {
  const count = Number(pod.metadata?.annotations?.[ignoredCountAnnotation] ?? 0)
  return Number.isSafeInteger(count) && count >= 0 ? count : 0
}

/** What the forerunners of an index have come to. */
export interface IndexFailures {
  count: number
  ignored: number
}

export function newJobPod(job: V1Job, index: number | undefined, failures: IndexFailures | undefined): V1Pod {
  const owner = controllerReference(job, jobs)
  const pod = podFromTemplate({ template: job.spec?.template ?? {}, namespace: job.metadata?.namespace ?? '', owner })
  const finalizers = [...new Set([...(pod.metadata?.finalizers ?? []), trackingFinalizer])]
  if (index === undefined) return { ...pod, metadata: { ...pod.metadata, finalizers } }
  const text = String(index)
  const withIndex = (containers: readonly V1Container[]): V1Container[] =>
    containers.map((container) =>
      container.env?.some(({ name }) => name === indexVariable) === true
        ? container
        : {
            ...container,
            env: [
              ...(container.env ?? []),
              { name: indexVariable, valueFrom: { fieldRef: { fieldPath: `metadata.labels['${indexLabel}']` } } },
            ],
          },
    )
  const { initContainers } = pod.spec ?? {}
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      generateName: `${(job.metadata?.name ?? '').slice(0, 246 - text.length)}-${text}-`,
      finalizers,
      labels: { ...pod.metadata?.labels, [indexLabel]: text },
      annotations: {
        ...pod.metadata?.annotations,
        [indexLabel]: text,
        ...(failures === undefined ? {} : { [failureCountAnnotation]: String(failures.count) }),
        ...(failures === undefined || failures.ignored === 0
          ? {}
          : { [ignoredCountAnnotation]: String(failures.ignored) }),
      },
    },
    spec: {
      ...pod.spec,
      hostname: `${job.metadata?.name}-${text}`,
      containers: withIndex(pod.spec?.containers ?? []),
      ...(initContainers === undefined ? {} : { initContainers: withIndex(initContainers) }),
    },
  }
}
