import { rfc3339 } from '@kapell/openapi/meta/time'
import type { V1Deployment, V1DeploymentCondition, V1DeploymentStatus, V1ReplicaSet } from '@kapell/openapi/types'
import { findCondition, withCondition, withoutCondition } from '../shared/conditions.ts'
import { timeMs } from '../shared/pods.ts'
import { maxUnavailable, totalAvailable, totalSize, wanted } from './sizing.ts'

/** Without a deadline clients store this number: progress is not watched then. */
const noDeadline = 2 ** 31 - 1

export interface StatusInput {
  deployment: V1Deployment
  newSet: V1ReplicaSet | undefined
  /** All ReplicaSets, the new one included. */
  all: readonly V1ReplicaSet[]
  now: Date
}

export function condition(
  type: string,
  status: 'True' | 'False' | 'Unknown',
  reason: string,
  message: string,
  now: Date,
): V1DeploymentCondition {
  return { type, status, reason, message, lastUpdateTime: rfc3339(now), lastTransitionTime: rfc3339(now) }
}

/** Sets a condition, as the last of them, unless it says the same already. The order is what `kubectl describe` shows. */
export function setCondition(
  conditions: readonly V1DeploymentCondition[] | undefined,
  next: V1DeploymentCondition,
): V1DeploymentCondition[] {
  const before = findCondition(conditions, next.type)
  if (before?.status === next.status && before.reason === next.reason) return [...(conditions ?? [])]
  const [kept] = withCondition(before === undefined ? [] : [before], next)
  return [...withoutCondition(conditions, next.type), kept ?? next]
}

export function hasDeadline(deployment: V1Deployment): boolean {
  const deadline = deployment.spec?.progressDeadlineSeconds
  return deadline !== undefined && deadline !== noDeadline
}

/** Counts and the Available condition; what the status says of progress is kept as it was. */
export function countedStatus({ deployment, newSet, all, now }: StatusInput): V1DeploymentStatus {
  const sum = (read: (set: V1ReplicaSet) => number | undefined): number =>
    all.reduce((total, set) => total + (read(set) ?? 0), 0)
  const available = totalAvailable(all)
  const enough = available >= wanted(deployment) - maxUnavailable(deployment)
  const counts = {
    replicas: sum((set) => set.status?.replicas),
    updatedReplicas: newSet?.status?.replicas ?? 0,
    readyReplicas: sum((set) => set.status?.readyReplicas),
    availableReplicas: available,
    unavailableReplicas: Math.max(totalSize(all) - available, 0),
  }
  const { generation } = deployment.metadata ?? {}
  const { collisionCount, conditions } = deployment.status ?? {}
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    // Zero is how these fields look when they are absent: the server drops it.
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    ...terminating(all),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: setCondition(
      conditions,
      enough
        ? condition('Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.', now)
        : condition(
            'Available',
            'False',
            'MinimumReplicasUnavailable',
            'Deployment does not have minimum availability.',
            now,
          ),
    ),
  }
}

/** Known once every ReplicaSet tells. */
function terminating(all: readonly V1ReplicaSet[]): { terminatingReplicas?: number } {
  let total = 0
  for (const set of all) {
    if (set.status?.terminatingReplicas === undefined) return {}
    total += set.status.terminatingReplicas
  }
  return { terminatingReplicas: total }
}

export function isComplete(deployment: V1Deployment, status: V1DeploymentStatus): boolean {
  const replicas = wanted(deployment)
  return (
    (status.updatedReplicas ?? 0) === replicas &&
    (status.replicas ?? 0) === replicas &&
    (status.availableReplicas ?? 0) === replicas &&
    (status.observedGeneration ?? 0) >= (deployment.metadata?.generation ?? 0)
  )
}

function hasProgressed(before: V1DeploymentStatus, after: V1DeploymentStatus): boolean {
  const old = (status: V1DeploymentStatus): number => (status.replicas ?? 0) - (status.updatedReplicas ?? 0)
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  )
}

function hasTimedOut(deployment: V1Deployment, status: V1DeploymentStatus, now: Date): boolean {
  const progressing = findCondition(status.conditions, 'Progressing')
  if (progressing === undefined || progressing.reason === 'NewReplicaSetAvailable') return false
  if (progressing.reason === 'ProgressDeadlineExceeded') return true
  return now.getTime() > timeMs(progressing.lastUpdateTime) + (deployment.spec?.progressDeadlineSeconds ?? 0) * 1000
}

/** The status during a rollout: counts, Progressing, and ReplicaFailure taken over from the ReplicaSets. */
export function rolloutStatus(input: StatusInput): V1DeploymentStatus {
  const { deployment, newSet, all, now } = input
  const status = countedStatus(input)
  const about =
    newSet === undefined
      ? `Deployment ${JSON.stringify(deployment.metadata?.name)}`
      : `ReplicaSet ${JSON.stringify(newSet.metadata?.name)}`
  const progressing = findCondition(deployment.status?.conditions, 'Progressing')
  let conditions = status.conditions
  if (!hasDeadline(deployment)) conditions = withoutCondition(conditions, 'Progressing')
  const wasComplete =
    (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && progressing?.reason === 'NewReplicaSetAvailable'
  if (hasDeadline(deployment) && !wasComplete) {
    if (isComplete(deployment, status))
      conditions = setCondition(
        conditions,
        condition('Progressing', 'True', 'NewReplicaSetAvailable', `${about} has successfully progressed.`, now),
      )
    else if (hasProgressed(deployment.status ?? {}, status)) {
      const next = condition('Progressing', 'True', 'ReplicaSetUpdated', `${about} is progressing.`, now)
      if (progressing?.status === 'True' && progressing.lastTransitionTime !== undefined)
        next.lastTransitionTime = progressing.lastTransitionTime
      // Told anew each time: the deadline counts from the last progress.
      conditions = [...withoutCondition(conditions, 'Progressing'), next]
    } else if (hasTimedOut(deployment, status, now))
      conditions = setCondition(
        conditions,
        condition('Progressing', 'False', 'ProgressDeadlineExceeded', `${about} has timed out progressing.`, now),
      )
  }
  const failure = replicaFailure(all, newSet)
  conditions =
    failure === undefined ? withoutCondition(conditions, 'ReplicaFailure') : setCondition(conditions, failure)
  return { ...status, conditions }
}

function replicaFailure(
  all: readonly V1ReplicaSet[],
  newSet: V1ReplicaSet | undefined,
): V1DeploymentCondition | undefined {
  const sets = newSet === undefined ? all : [newSet, ...all]
  for (const set of sets) {
    const found = findCondition(set.status?.conditions, 'ReplicaFailure')
    if (found !== undefined) {
      const time = found.lastTransitionTime
      return { ...found, ...(time === undefined ? {} : { lastUpdateTime: time }) }
    }
  }
  return undefined
}

/** When to look whether the deadline has passed; undefined when nothing is to be watched. */
export function deadlineCheckMs(deployment: V1Deployment, status: V1DeploymentStatus, now: Date): number | undefined {
  const progressing = findCondition(deployment.status?.conditions, 'Progressing')
  if (!hasDeadline(deployment) || progressing === undefined) return undefined
  if (isComplete(deployment, status) || progressing.reason === 'ProgressDeadlineExceeded') return undefined
  const due = timeMs(progressing.lastUpdateTime) + (deployment.spec?.progressDeadlineSeconds ?? 0) * 1000
  return Math.max(due - now.getTime(), 0) + 1000
}
