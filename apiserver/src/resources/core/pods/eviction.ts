import type { V1Eviction, V1Pod, V1PodDisruptionBudget } from '@kapell/openapi/types'
import { invalid } from '@kapell/openapi/meta/field-errors'
import { selectorFromLabelSelector } from '@kapell/openapi/meta/labels'
import type { KubeObject } from '@kapell/openapi/meta/object'
import {
  ApiError,
  badRequest,
  internalError,
  invalidObject,
  isReason,
  notFound,
  success,
} from '@kapell/openapi/meta/status'
import { checkDeleteOptions } from '../../../endpoints/query-options.ts'
import type { ActionRequest } from '../../../registry/definition.ts'

const pods = { group: '', plural: 'pods' }
const budgets = { group: 'policy', plural: 'poddisruptionbudgets' }
/** An entry older than this never led to a deletion; the controller clears it. */
const maxDisruptedPods = 2000

/**
 * Deletes a pod if its disruption budget allows. Source: "API-initiated Eviction".
 * @throws ApiError 429 while the budget forbids it
 */
export async function evictPod(request: ActionRequest): Promise<KubeObject> {
  const { namespace, name, services } = request
  const eviction = request.body as V1Eviction
  if (eviction.metadata?.name !== name) throw badRequest('name in URL does not match name in Eviction object')
  const pod = await services.objects.getLatest<V1Pod>(pods, { namespace, name })
  if (pod === undefined) throw notFound(pods, name)
  const options = checkDeleteOptions(eviction.deleteOptions ?? {})
  refuseUnreadable(eviction)
  const dryRun = request.dryRun || options.dryRun
  if (needsBudget(pod)) await takeFromBudget(request, pod, dryRun)
  if (!dryRun) await sayWhy(request)
  await services.objects.delete(
    pods,
    { namespace, name },
    {
      dryRun,
      ...(options.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: options.gracePeriodSeconds }),
      ...(options.propagationPolicy === undefined ? {} : { propagationPolicy: options.propagationPolicy }),
      preconditions: { ...options.preconditions, uid: options.preconditions?.uid ?? pod.metadata?.uid ?? '' },
    },
  )
  return success(201)
}

/** What removes objects that cannot be read is no way to evict a pod. */
function refuseUnreadable({ metadata, deleteOptions }: V1Eviction): void {
  if (deleteOptions?.ignoreStoreReadErrorWithClusterBreakingPotential !== true) return
  const field = 'deleteOptions.ignoreStoreReadErrorWithClusterBreakingPotential'
  throw invalidObject({ group: 'policy', kind: 'Eviction' }, metadata?.name, [
    invalid(field, true, 'can not be set for pod eviction, try after removing the option'),
  ])
}

/** Tells in the pod's status that it goes because of an eviction. Source: "Disruptions", "Pod disruption conditions". */
async function sayWhy({ namespace, name, services, now }: ActionRequest): Promise<void> {
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
    lastProbeTime: null as unknown as string,
    lastTransitionTime: `${now.toISOString().slice(0, 19)}Z`,
  }
  await services.objects.update<V1Pod>(
    pods,
    { namespace, name },
    (pod) => {
      const others = (pod.status?.conditions ?? []).filter((c) => c.type !== condition.type)
      pod.status = { ...pod.status, conditions: [...others, condition] }
    },
    { raw: true },
  )
}

/** Pods that finished, have not started or are going anyway do not count. */
function needsBudget(pod: V1Pod): boolean {
  const phase = pod.status?.phase
  return (
    phase !== 'Succeeded' && phase !== 'Failed' && phase !== 'Pending' && pod.metadata?.deletionTimestamp === undefined
  )
}

const isReady = (pod: V1Pod): boolean =>
  (pod.status?.conditions ?? []).some((c) => c.type === 'Ready' && c.status === 'True')

function refuse(message: string, retryAfterSeconds?: number): ApiError {
  return new ApiError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: "Cannot evict pod as it would violate the pod's disruption budget.",
    reason: 'TooManyRequests',
    details: {
      causes: [{ reason: 'DisruptionBudget', message }],
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    },
    code: 429,
  })
}

async function takeFromBudget(request: ActionRequest, pod: V1Pod, dryRun: boolean): Promise<void> {
  const { namespace, services } = request
  const matching = services.objects
    .list<V1PodDisruptionBudget>(budgets, { namespace })
    .filter((b) => selectorFromLabelSelector(b.spec?.selector).matches(pod.metadata?.labels ?? {}))
  if (matching.length > 1) {
    throw internalError(
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    )
  }
  const budget = matching[0]
  if (budget === undefined) return
  if (!isReady(pod) && unhealthyMayGo(budget)) return
  try {
    await services.objects.update<V1PodDisruptionBudget>(
      budgets,
      { namespace, name: budget.metadata?.name ?? '', subresource: 'status' },
      (latest) => charge(latest, pod, request.now),
      { dryRun },
    )
  } catch (error) {
    if (isReason(error, 'NotFound')) return
    throw error
  }
}

/** A pod that is not ready is no loss when the budget says so, or while enough others are healthy. */
function unhealthyMayGo(budget: V1PodDisruptionBudget): boolean {
  if (budget.spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true
  const { currentHealthy = 0, desiredHealthy = 0 } = budget.status ?? {}
  return desiredHealthy > 0 && currentHealthy >= desiredHealthy
}

function charge(budget: V1PodDisruptionBudget, pod: V1Pod, now: Date): void {
  const name = budget.metadata?.name ?? ''
  const status = budget.status
  if (status === undefined || (status.observedGeneration ?? 0) < (budget.metadata?.generation ?? 0)) {
    throw refuse(`The disruption budget ${name} is still being processed by the server.`, 10)
  }
  if (Object.keys(status.disruptedPods ?? {}).length > maxDisruptedPods) {
    throw refuse(`The disruption budget ${name} has too many pods that are being disrupted.`)
  }
  const allowed = status.disruptionsAllowed ?? 0
  if (allowed <= 0) {
    throw refuse(
      `The disruption budget ${name} needs ${status.desiredHealthy} healthy pods and has ${status.currentHealthy} currently`,
    )
  }
  const time = `${now.toISOString().slice(0, 19)}Z`
  status.disruptionsAllowed = allowed - 1
  status.disruptedPods = { ...status.disruptedPods, [pod.metadata?.name ?? '']: time }
  if (status.disruptionsAllowed === 0) {
    status.conditions = [
      ...(status.conditions ?? []).filter((c) => c.type !== 'DisruptionAllowed'),
      {
        type: 'DisruptionAllowed',
        status: 'False',
        reason: 'InsufficientPods',
        message: '',
        lastTransitionTime: time,
        ...(budget.metadata?.generation === undefined ? {} : { observedGeneration: budget.metadata.generation }),
      },
    ]
  }
}
