import type { ObjectMeta } from '@kapell/openapi/meta/object'
import type { V1Pod, V1PodTemplateSpec } from '@kapell/openapi/types'
import { availableInMs, isActive, isDeleting, isFinished, isReady, isTerminating } from './pods.ts'

/** What ReplicaSets and ReplicationControllers have in common. */
export interface ReplicasCondition {
  type: string
  status: string
  reason?: string
  message?: string
  lastTransitionTime?: string
}

export interface ReplicasStatus {
  replicas: number
  fullyLabeledReplicas?: number
  readyReplicas?: number
  availableReplicas?: number
  terminatingReplicas?: number
  observedGeneration?: number
  conditions?: ReplicasCondition[]
}

export interface ReplicasObject {
  apiVersion?: string
  kind?: string
  metadata?: ObjectMeta
  spec?: { replicas?: number; minReadySeconds?: number; template?: V1PodTemplateSpec }
  status?: ReplicasStatus
}

/** At most so many pods are made or deleted in one go. */
const burst = 500

export type ReplicasPlan = { create: number } | { delete: number } | undefined

/** How the number of pods must change. */
export function planReplicas(owner: ReplicasObject, active: number): ReplicasPlan {
  const diff = (owner.spec?.replicas ?? 1) - active
  if (diff > 0) return { create: Math.min(diff, burst) }
  if (diff < 0) return { delete: Math.min(-diff, burst) }
  return undefined
}

/** What went wrong with carrying out a plan. */
export interface ReplicasFailure {
  reason: 'FailedCreate' | 'FailedDelete'
  message: string
}

/** The status as the owner's pods show it; the same object when nothing changed. */
export function replicasStatus(options: {
  owner: ReplicasObject
  pods: readonly V1Pod[]
  failure: ReplicasFailure | undefined
  /** ReplicationControllers do not tell of terminating pods. */
  countTerminating: boolean
  now: Date
}): ReplicasStatus {
  const { owner, pods, failure, now } = options
  const minReadySeconds = owner.spec?.minReadySeconds ?? 0
  const labels = Object.entries(owner.spec?.template?.metadata?.labels ?? {})
  const active = pods.filter(isActive)
  const ready = active.filter(isReady)
  const available = ready.filter((pod) => availableInMs(pod, minReadySeconds, now.getTime()) === 0)
  const fullyLabeled = active.filter((pod) => labels.every(([key, value]) => pod.metadata?.labels?.[key] === value))
  const conditions = failureCondition(owner.status?.conditions ?? [], failure, now)
  return {
    replicas: active.length,
    ...positive('fullyLabeledReplicas', fullyLabeled.length),
    ...positive('readyReplicas', ready.length),
    ...positive('availableReplicas', available.length),
    ...(options.countTerminating ? { terminatingReplicas: pods.filter(isTerminating).length } : {}),
    ...(owner.metadata?.generation === undefined ? {} : { observedGeneration: owner.metadata.generation }),
    ...(conditions.length === 0 ? {} : { conditions }),
  }
}

const positive = (name: string, count: number): Record<string, number> => (count > 0 ? { [name]: count } : {})

function failureCondition(
  conditions: ReplicasCondition[],
  failure: ReplicasFailure | undefined,
  now: Date,
): ReplicasCondition[] {
  const known = conditions.some(({ type }) => type === 'ReplicaFailure')
  if (failure === undefined) return conditions.filter(({ type }) => type !== 'ReplicaFailure')
  if (known) return conditions
  const lastTransitionTime = `${now.toISOString().slice(0, 19)}Z`
  return [...conditions, { type: 'ReplicaFailure', status: 'True', ...failure, lastTransitionTime }]
}

/**
 * The status, and after how long it will be another with no event telling so. Both are as of one moment: a pod that
 * became available between two would be waited for by nobody.
 */
export function replicasSeen(options: Parameters<typeof replicasStatus>[0]): {
  status: ReplicasStatus
  afterMs: number | undefined
} {
  const { owner, pods, now } = options
  return { status: replicasStatus(options), afterMs: nextAvailabilityMs(pods, owner.spec?.minReadySeconds ?? 0, now) }
}

/** When the next ready pod becomes available with no event telling so; undefined when none will. */
export function nextAvailabilityMs(pods: readonly V1Pod[], minReadySeconds: number, now: Date): number | undefined {
  const waits = pods
    .filter((pod) => !isFinished(pod) && !isDeleting(pod))
    .map((pod) => availableInMs(pod, minReadySeconds, now.getTime()))
    .filter((wait) => wait !== undefined && wait > 0)
  return waits.length === 0 ? undefined : Math.min(...(waits as number[]))
}
