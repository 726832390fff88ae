import type { V1Deployment, V1ReplicaSet } from '@kapell/openapi/types'
import { intOrPercent } from '../shared/int-or-percent.ts'
import { timeMs } from '../shared/pods.ts'
import { desiredAnnotation, maxAnnotation, numberAnnotation, oldestFirst } from './revisions.ts'

/** How many pods each ReplicaSet may have. Pure. Source: concepts page "Deployments", "Strategy". */
export const wanted = (deployment: V1Deployment): number => deployment.spec?.replicas ?? 1
export const size = (replicaSet: V1ReplicaSet): number => replicaSet.spec?.replicas ?? 1
export const totalSize = (sets: readonly V1ReplicaSet[]): number => sets.reduce((sum, set) => sum + size(set), 0)
export const totalAvailable = (sets: readonly V1ReplicaSet[]): number =>
  sets.reduce((sum, set) => sum + (set.status?.availableReplicas ?? 0), 0)
export const isRolling = (deployment: V1Deployment): boolean => deployment.spec?.strategy?.type !== 'Recreate'

export function maxSurge(deployment: V1Deployment): number {
  return isRolling(deployment) ? bounds(deployment).surge : 0
}

export function maxUnavailable(deployment: V1Deployment): number {
  if (!isRolling(deployment) || wanted(deployment) === 0) return 0
  return Math.min(bounds(deployment).unavailable, wanted(deployment))
}

function bounds(deployment: V1Deployment): { surge: number; unavailable: number } {
  const { rollingUpdate } = deployment.spec?.strategy ?? {}
  const surge = intOrPercent(rollingUpdate?.maxSurge, wanted(deployment), 'up', 0)
  const unavailable = intOrPercent(rollingUpdate?.maxUnavailable, wanted(deployment), 'down', 0)
  // Both rounded to nothing: it must be able to move.
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable }
}

/** The size of the new ReplicaSet as far as the surge lets it grow now. */
export function newReplicaSetSize(
  deployment: V1Deployment,
  all: readonly V1ReplicaSet[],
  newSet: V1ReplicaSet | undefined,
): number {
  if (!isRolling(deployment)) return wanted(deployment)
  const current = newSet === undefined ? 0 : size(newSet)
  const room = wanted(deployment) + maxSurge(deployment) - totalSize(all)
  if (room <= 0) return current
  return current + Math.min(room, wanted(deployment) - current)
}

/** ReplicaSets to resize, by name. */
export type Sizes = Map<string, number>
const nameOf = (set: V1ReplicaSet): string => set.metadata?.name ?? ''

/** How the old ReplicaSets may shrink now: first what is not healthy anyway, then as far as availability allows. */
export function shrinkOld(
  deployment: V1Deployment,
  newSet: V1ReplicaSet | undefined,
  old: readonly V1ReplicaSet[],
): Sizes {
  const sizes: Sizes = new Map()
  const all = newSet === undefined ? old : [...old, newSet]
  const minAvailable = wanted(deployment) - maxUnavailable(deployment)
  const newUnavailable = newSet === undefined ? 0 : size(newSet) - (newSet.status?.availableReplicas ?? 0)
  const removable = totalSize(all) - minAvailable - newUnavailable
  if (totalSize(old) === 0 || removable <= 0) return sizes
  const ordered = [...old].sort(oldestFirst)
  const sizeNow = (set: V1ReplicaSet): number => sizes.get(nameOf(set)) ?? size(set)

  let cleaned = 0
  for (const set of ordered) {
    if (cleaned >= removable) break
    const unhealthy = size(set) - (set.status?.availableReplicas ?? 0)
    if (size(set) === 0 || unhealthy <= 0) continue
    const down = Math.min(removable - cleaned, unhealthy)
    cleaned += down
    sizes.set(nameOf(set), size(set) - down)
  }

  const spare = totalAvailable(all) - minAvailable
  let scaled = 0
  for (const set of ordered) {
    if (scaled >= spare) break
    const down = Math.min(sizeNow(set), spare - scaled)
    if (down <= 0) continue
    scaled += down
    sizes.set(nameOf(set), sizeNow(set) - down)
  }
  return sizes
}

/** The one ReplicaSet that follows a change of `spec.replicas` alone: the only active, or the latest when none is. */
export function activeOrLatest(
  newSet: V1ReplicaSet | undefined,
  old: readonly V1ReplicaSet[],
): V1ReplicaSet | undefined {
  const active = [...old, ...(newSet === undefined ? [] : [newSet])].filter((set) => size(set) > 0)
  if (active.length === 1) return active[0]
  if (active.length > 1) return undefined
  return newSet ?? [...old].sort((a, b) => oldestFirst(b, a))[0]
}

/** The new ReplicaSet is complete and was so for this size. */
export function isSaturated(deployment: V1Deployment, set: V1ReplicaSet | undefined): boolean {
  return (
    set !== undefined &&
    size(set) === wanted(deployment) &&
    numberAnnotation(set, desiredAnnotation) === wanted(deployment) &&
    (set.status?.availableReplicas ?? 0) === wanted(deployment)
  )
}

/** A change of size in the middle of a rollout is shared among the active ReplicaSets in proportion to their size. */
export function proportionalSizes(deployment: V1Deployment, active: readonly V1ReplicaSet[]): Sizes {
  const allowed = wanted(deployment) > 0 ? wanted(deployment) + maxSurge(deployment) : 0
  const toAdd = allowed - totalSize(active)
  const byAge = (a: V1ReplicaSet, b: V1ReplicaSet): number =>
    timeMs(a.metadata?.creationTimestamp) - timeMs(b.metadata?.creationTimestamp)
  // Growing favours the newer of two equals, shrinking takes from the older.
  const ordered = [...active].sort((a, b) => size(b) - size(a) || (toAdd > 0 ? byAge(b, a) : byAge(a, b)))
  const sizes: Sizes = new Map()
  let added = 0
  for (const set of ordered) {
    const part = toAdd === 0 ? 0 : proportion(deployment, set, toAdd, added)
    sizes.set(nameOf(set), size(set) + part)
    added += part
  }
  const first = ordered[0]
  if (first !== undefined && toAdd !== 0) {
    const rest = toAdd - added
    sizes.set(nameOf(first), Math.max((sizes.get(nameOf(first)) ?? 0) + rest, 0))
  }
  return sizes
}

function proportion(deployment: V1Deployment, set: V1ReplicaSet, toAdd: number, added: number): number {
  if (size(set) === 0 || toAdd === added) return 0
  const limit = toAdd - added
  const fraction = fractionOf(deployment, set)
  return toAdd > 0 ? Math.min(fraction, limit) : Math.max(fraction, limit)
}

/** How the set would change if it kept its share of the whole. */
function fractionOf(deployment: V1Deployment, set: V1ReplicaSet): number {
  if (wanted(deployment) === 0) return -size(set)
  const before = numberAnnotation(set, maxAnnotation) ?? deployment.status?.replicas ?? 0
  if (before <= 0) return 0
  const exact = (size(set) * (wanted(deployment) + maxSurge(deployment))) / before
  return Math.round(exact) - size(set)
}
