import type { V1Pod, V1StatefulSet, V1StatefulSetStatus } from '@kapell/openapi/types'
import { isAvailable, isDeleting } from '../shared/pods.ts'
import { revisionOfPod, wantedReplicas } from './pods.ts'
import { isRunningAndReady } from './reconcile.ts'

/** The status as the pods show it. A finished rolling update makes the new revision the current one. */
export function setStatus(options: {
  set: V1StatefulSet
  pods: readonly V1Pod[]
  currentRevision: string
  updateRevision: string
  collisionCount: number
  nowMs: number
}): V1StatefulSetStatus {
  const { set, pods, updateRevision, collisionCount, nowMs } = options
  let { currentRevision } = options
  const count = (test: (pod: V1Pod) => boolean): number => pods.filter(test).length
  const ready = count(isRunningAndReady)
  const updated = count((pod) => !isDeleting(pod) && revisionOfPod(pod) === updateRevision)
  let current = count((pod) => !isDeleting(pod) && revisionOfPod(pod) === currentRevision)
  const rolling = set.spec?.updateStrategy?.type !== 'OnDelete'
  if (rolling && updated === pods.length && ready === pods.length && pods.length === wantedReplicas(set)) {
    current = updated
    currentRevision = updateRevision
  }
  const positive = (name: string, value: number): Record<string, number> => (value > 0 ? { [name]: value } : {})
  const { generation } = set.metadata ?? {}
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    replicas: pods.length,
    ...positive('readyReplicas', ready),
    ...positive('currentReplicas', current),
    ...positive('updatedReplicas', updated),
    availableReplicas: count(
      (pod) => isRunningAndReady(pod) && isAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs),
    ),
    currentRevision,
    updateRevision,
    collisionCount,
    ...(set.status?.conditions === undefined ? {} : { conditions: set.status.conditions }),
  }
}
