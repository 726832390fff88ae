import type { V1Pod, V1StatefulSet } from '@kapell/openapi/types'
import { isAvailable, isDeleting, isFinished, isReady } from '../shared/pods.ts'
import { ordinalOf, revisionOfPod, startOrdinal, wantedReplicas } from './pods.ts'

/** What to do now; in the order given. A monotonic set never has more than one step in flight. */
export type Step =
  | { do: 'create'; ordinal: number; revision: 'current' | 'update' }
  | { do: 'delete'; pod: V1Pod; why: 'failed' | 'succeeded' | 'scaled' | 'updated' }

export interface SetPlan {
  steps: Step[]
  /** Pods in place, lowest ordinal first, and those beyond the wanted number, highest first. */
  replicas: (V1Pod | undefined)[]
  condemned: V1Pod[]
}

interface PlanInput {
  set: V1StatefulSet
  pods: readonly V1Pod[]
  currentRevision: string
  updateRevision: string
  nowMs: number
}

/**
 * One round of a StatefulSet. Ordered: each pod waits for all before it to be ready, each deletion for all after it
 * to be gone; parallel: all at once. Updates go from the highest ordinal down to the partition, one at a time.
 * Source: concepts page "StatefulSets".
 */
export function planSet({ set, pods, currentRevision, updateRevision, nowMs }: PlanInput): SetPlan {
  const start = startOrdinal(set)
  const replicas: (V1Pod | undefined)[] = Array.from({ length: wantedReplicas(set) }, () => undefined)
  const condemned: V1Pod[] = []
  for (const pod of pods) {
    const ordinal = ordinalOf(set, pod)
    if (ordinal === undefined) continue
    if (ordinal >= start && ordinal < start + replicas.length) replicas[ordinal - start] = pod
    else condemned.push(pod)
  }
  condemned.sort((a, b) => (ordinalOf(set, b) ?? 0) - (ordinalOf(set, a) ?? 0))
  const plan: SetPlan = { steps: [], replicas, condemned }
  if (isDeleting(set)) return plan

  const ordered = set.spec?.podManagementPolicy !== 'Parallel'
  const healthy = (pod: V1Pod): boolean =>
    !isDeleting(pod) && isRunningAndReady(pod) && isAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs)

  for (const [i, pod] of replicas.entries()) {
    const ordinal = start + i
    if (pod === undefined) {
      const revision =
        currentRevision !== updateRevision && needsCurrent(set, ordinal) ? ('current' as const) : ('update' as const)
      plan.steps.push({ do: 'create', ordinal, revision })
      if (ordered) return plan
    } else if (isDeleting(pod)) {
      // Its successor has the same name: it must be gone first.
      if (ordered) return plan
    } else if (isFinished(pod)) {
      plan.steps.push({ do: 'delete', pod, why: pod.status?.phase === 'Failed' ? 'failed' : 'succeeded' })
      if (ordered) return plan
    } else if (ordered && !healthy(pod)) return plan
  }

  const firstUnhealthy = [...replicas, ...[...condemned].reverse()].find((pod) => pod !== undefined && !healthy(pod))
  for (const pod of condemned) {
    if (isDeleting(pod)) {
      if (ordered) return plan
      continue
    }
    // An unhealthy one among those after it could be what holds its data: only the first such may go.
    if (ordered && !healthy(pod) && pod !== firstUnhealthy) return plan
    plan.steps.push({ do: 'delete', pod, why: 'scaled' })
    if (ordered) return plan
  }

  if (set.spec?.updateStrategy?.type === 'OnDelete') return plan
  const partition = set.spec?.updateStrategy?.rollingUpdate?.partition ?? 0
  for (let i = replicas.length - 1; i >= Math.max(partition - start, 0); i--) {
    const pod = replicas[i]
    if (pod === undefined) return plan
    if (revisionOfPod(pod) !== updateRevision && !isDeleting(pod)) {
      if (!plan.steps.some((step) => step.do === 'delete' && step.pod === pod))
        plan.steps.push({ do: 'delete', pod, why: 'updated' })
      return plan
    }
    if (!healthy(pod)) return plan
  }
  return plan
}

/** Below the partition a lost pod comes back as it was. */
function needsCurrent(set: V1StatefulSet, ordinal: number): boolean {
  if (set.spec?.updateStrategy?.type === 'OnDelete') return false
  const partition = set.spec?.updateStrategy?.rollingUpdate?.partition
  const below = partition ?? set.status?.currentReplicas ?? 0
  return ordinal < startOrdinal(set) + below
}

export const isRunningAndReady = (pod: V1Pod): boolean => pod.status?.phase === 'Running' && isReady(pod)
