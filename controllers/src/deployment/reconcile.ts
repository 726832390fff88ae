import type { V1Deployment, V1DeploymentStatus, V1Pod, V1ReplicaSet } from '@kapell/openapi/types'
import { findCondition } from '../shared/conditions.ts'
import { sameMeaning } from '../shared/equal.ts'
import { isDeleting, isFinished } from '../shared/pods.ts'
import type { Rollout } from './rollout.ts'
import { desiredAnnotation, numberAnnotation, revisionOf } from './revisions.ts'
import {
  activeOrLatest,
  isRolling,
  isSaturated,
  newReplicaSetSize,
  proportionalSizes,
  shrinkOld,
  size,
  totalSize,
  wanted,
} from './sizing.ts'
import {
  condition,
  countedStatus,
  deadlineCheckMs,
  hasDeadline,
  isComplete,
  rolloutStatus,
  setCondition,
} from './status.ts'

/** What a reconcile may ask of the world besides the ReplicaSets of its {@link Rollout}. */
export interface Inputs {
  /** Pods managed by a ReplicaSet. */
  podsOf: (replicaSet: V1ReplicaSet) => V1Pod[]
  now: Date
}

/** One round of a Deployment: at most one kind of step, then the status. Answers when to look again, in ms. */
export async function reconcileDeployment(rollout: Rollout, inputs: Inputs): Promise<number | undefined> {
  if (isDeleting(rollout.deployment)) return writeStatus(rollout, countedStatus(statusInput(rollout, inputs)), inputs)
  await tellOfPause(rollout, inputs)
  if (rollout.deployment.spec?.paused === true || needsScaling(rollout)) {
    await rollout.syncNewSet({ create: false, now: inputs.now })
    await scale(rollout)
    if (rollout.deployment.spec?.paused === true) await cleanUp(rollout)
    return writeStatus(rollout, countedStatus(statusInput(rollout, inputs)), inputs)
  }
  if (isRolling(rollout.deployment)) await rollingUpdate(rollout, inputs)
  else await recreate(rollout, inputs)
  return writeStatus(rollout, rolloutStatus(statusInput(rollout, inputs)), inputs)
}

const statusInput = (rollout: Rollout, { now }: Inputs) => ({
  deployment: rollout.deployment,
  newSet: rollout.newSet,
  all: rollout.all,
  now,
})

async function writeStatus(rollout: Rollout, status: V1DeploymentStatus, inputs: Inputs): Promise<number | undefined> {
  if (!sameMeaning(status, rollout.deployment.status)) await rollout.updateStatus(status)
  return deadlineCheckMs(rollout.deployment, status, inputs.now)
}

/** A pause stops the clock of the progress deadline, and says so. */
async function tellOfPause(rollout: Rollout, { now }: Inputs): Promise<void> {
  const { deployment } = rollout
  if (!hasDeadline(deployment)) return
  const progressing = findCondition(deployment.status?.conditions, 'Progressing')
  if (progressing?.reason === 'ProgressDeadlineExceeded') return
  const paused = deployment.spec?.paused === true
  const told = progressing?.reason === 'DeploymentPaused'
  if (paused === told) return
  const next = paused
    ? condition('Progressing', 'Unknown', 'DeploymentPaused', 'Deployment is paused', now)
    : condition('Progressing', 'Unknown', 'DeploymentResumed', 'Deployment is resumed', now)
  await rollout.updateStatus({
    ...deployment.status,
    conditions: setCondition(deployment.status?.conditions, next),
  })
}

/** True when `spec.replicas` changed since the active ReplicaSets were sized. */
function needsScaling({ deployment, all }: Rollout): boolean {
  return all
    .filter((set) => size(set) > 0)
    .some((set) => {
      const desired = numberAnnotation(set, desiredAnnotation)
      return desired !== undefined && desired !== wanted(deployment)
    })
}

async function scale(rollout: Rollout): Promise<void> {
  const { deployment } = rollout
  const only = activeOrLatest(rollout.newSet, rollout.old)
  if (only !== undefined) {
    if (size(only) !== wanted(deployment)) await rollout.resize(only, wanted(deployment))
    else await rollout.markSize(only)
    return
  }
  if (isSaturated(deployment, rollout.newSet)) {
    for (const set of rollout.old.filter((one) => size(one) > 0)) await rollout.resize(set, 0)
    return
  }
  if (!isRolling(deployment)) return
  const active = rollout.all.filter((set) => size(set) > 0)
  for (const [name, replicas] of proportionalSizes(deployment, active)) {
    const set = active.find((one) => one.metadata?.name === name)
    if (set !== undefined) await rollout.resize(set, replicas)
  }
}

async function rollingUpdate(rollout: Rollout, inputs: Inputs): Promise<void> {
  await rollout.syncNewSet({ create: true, now: inputs.now })
  const { deployment, newSet } = rollout
  if (newSet !== undefined && size(newSet) !== wanted(deployment)) {
    const replicas =
      size(newSet) > wanted(deployment) ? wanted(deployment) : newReplicaSetSize(deployment, rollout.all, newSet)
    if (await rollout.resize(newSet, replicas)) return
  }
  const sizes = shrinkOld(deployment, rollout.newSet, rollout.old)
  for (const [name, replicas] of sizes) {
    const set = rollout.old.find((one) => one.metadata?.name === name)
    if (set !== undefined) await rollout.resize(set, replicas)
  }
  if (sizes.size === 0 && isComplete(deployment, countedStatus(statusInput(rollout, inputs)))) await cleanUp(rollout)
}

async function recreate(rollout: Rollout, inputs: Inputs): Promise<void> {
  await rollout.syncNewSet({ create: false, now: inputs.now })
  const active = rollout.old.filter((set) => size(set) > 0)
  if (active.length > 0) {
    for (const set of active) await rollout.resize(set, 0)
    return
  }
  // Old and new never run side by side: that is what the strategy is for.
  if (rollout.old.some((set) => inputs.podsOf(set).some((pod) => !isFinished(pod)))) return
  await rollout.syncNewSet({ create: true, now: inputs.now })
  if (rollout.newSet !== undefined) await rollout.resize(rollout.newSet, wanted(rollout.deployment))
  if (isComplete(rollout.deployment, countedStatus(statusInput(rollout, inputs)))) await cleanUp(rollout)
}

/** Deletes the oldest ReplicaSets beyond the history limit; those that still have pods stay. */
async function cleanUp(rollout: Rollout): Promise<void> {
  for (const set of beyondHistory(rollout.deployment, rollout.old)) await rollout.deleteSet(set)
}

export function beyondHistory(deployment: V1Deployment, old: readonly V1ReplicaSet[]): V1ReplicaSet[] {
  const limit = deployment.spec?.revisionHistoryLimit
  const alive = old.filter((set) => !isDeleting(set))
  if (limit === undefined || alive.length <= limit) return []
  return [...alive]
    .sort((a, b) => Number(revisionOf(a) - revisionOf(b)))
    .slice(0, alive.length - limit)
    .filter(
      (set) =>
        (set.status?.replicas ?? 0) === 0 &&
        totalSize([set]) === 0 &&
        (set.metadata?.generation ?? 0) <= (set.status?.observedGeneration ?? 0),
    )
}
