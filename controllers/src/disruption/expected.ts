import type { V1Pod, V1PodDisruptionBudget } from '@kapell/openapi/types'
import { intOrPercent } from '../shared/int-or-percent.ts'

/** How many pods a budget counts on, and how many of them must be healthy. Source: "Disruptions", "Budgets". */
export interface Expected {
  expected: number
  desired: number
  /** Pods that count for nothing, as nobody says how many of them there should be. */
  unmanaged?: boolean
}

/**
 * The size of a pod's managing owner; its uid counts it once. Undefined when it has one that is not there; an error
 * says why it cannot be sized.
 */
export type Scale = { uid: string; replicas: number } | 'unmanaged' | UnknownOwner | undefined

/** Throws when the budget needs owners' sizes and a pod's owner cannot be sized. */
export function expectedPods(
  budget: V1PodDisruptionBudget,
  pods: readonly V1Pod[],
  scaleOf: (pod: V1Pod) => Scale,
): Expected {
  const { minAvailable, maxUnavailable } = budget.spec ?? {}
  if (maxUnavailable !== undefined) {
    const { expected, unmanaged } = totalScale(pods, scaleOf)
    const allowed = intOrPercent(maxUnavailable, expected, 'up', 0)
    return { expected, desired: Math.max(expected - allowed, 0), unmanaged }
  }
  if (typeof minAvailable === 'number') return { expected: pods.length, desired: minAvailable }
  if (minAvailable === undefined) return { expected: pods.length, desired: 0 }
  const { expected, unmanaged } = totalScale(pods, scaleOf)
  return { expected, desired: intOrPercent(minAvailable, expected, 'up', 0), unmanaged }
}

function totalScale(pods: readonly V1Pod[], scaleOf: (pod: V1Pod) => Scale): { expected: number; unmanaged: boolean } {
  const owners = new Map<string, number>()
  let unmanaged = false
  for (const pod of pods) {
    const scale = scaleOf(pod)
    if (scale === undefined)
      throw new UnknownOwner(`found no controllers for pod ${JSON.stringify(pod.metadata?.name)}`)
    if (scale instanceof UnknownOwner) throw scale
    if (scale === 'unmanaged') unmanaged = true
    else owners.set(scale.uid, scale.replicas)
  }
  return { expected: [...owners.values()].reduce((sum, replicas) => sum + replicas, 0), unmanaged }
}

export class UnknownOwner extends Error {}
