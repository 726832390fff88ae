import { matchesNodeSelector } from '@kapell/controllers/machinery/placement/node-selector'
import { claimNameOf, isMadeFor, isReservedFor } from '@kapell/controllers/machinery/placement/resource-claims'
import type { ResourceV1ResourceClaim, V1Node, V1Pod } from '@kapell/openapi/types'
import type { Devices } from '../../framework/devices.ts'

export interface PodClaim {
  key: string
  claim: ResourceV1ResourceClaim
}

/** The claims of a pod; a string says what it waits for. */
export function claimsOf(pod: V1Pod, devices: Pick<Devices, 'claim'>): PodClaim[] | string {
  const namespace = pod.metadata?.namespace ?? ''
  const podKey = `${namespace}/${pod.metadata?.name ?? ''}`
  const claims: PodClaim[] = []
  for (const entry of pod.spec?.resourceClaims ?? []) {
    const found = claimNameOf(pod, entry)
    if (found === 'none') continue
    if (found === 'pending') return `pod ${podKey}: ResourceClaim for "${entry.name}" has not been created yet`
    const key = `${namespace}/${found.name}`
    const claim = devices.claim(key)
    if (claim === undefined) return `waiting for resource claim "${found.name}" to be created`
    if (claim.metadata?.deletionTimestamp !== undefined) return `resourceclaim "${found.name}" is being deleted`
    if (found.isGenerated && !isMadeFor(claim, pod))
      return `ResourceClaim ${key} was not created for pod ${podKey} (pod is not owner)`
    if (!claims.some((one) => one.key === key)) claims.push({ key, claim })
  }
  return claims
}

/** Whether a claim that has its devices can be used on the node. */
export function isUsableOn(claim: ResourceV1ResourceClaim, node: V1Node): boolean {
  const selector = claim.status?.allocation?.nodeSelector
  return (selector === undefined || matchesNodeSelector(selector, node)) && bindingOf(claim).failed.length === 0
}

interface Condition {
  type: string
  status: string
  reason?: string
  message?: string
}

/** How far the devices of an allocation are with what must be done before the pod is bound. */
export function bindingOf(claim: ResourceV1ResourceClaim): { failed: Condition[]; pending: string[] } {
  const failed: Condition[] = []
  const pending: string[] = []
  for (const result of claim.status?.allocation?.devices?.results ?? []) {
    const { bindingConditions = [], bindingFailureConditions = [] } = result
    if (bindingConditions.length === 0) continue
    const told = claim.status?.devices?.find(
      ({ driver, pool, device, shareID }) =>
        driver === result.driver && pool === result.pool && device === result.device && shareID === result.shareID,
    )
    const isTrue = (type: string): Condition | undefined =>
      told?.conditions?.find((condition) => condition.type === type && condition.status === 'True')
    failed.push(...bindingFailureConditions.map(isTrue).filter((condition) => condition !== undefined))
    pending.push(...bindingConditions.filter((type) => isTrue(type) === undefined))
  }
  return { failed, pending }
}

/** Nobody uses it, or only this pod would: its devices may be given up for others. */
export function mayDeallocate(claim: ResourceV1ResourceClaim, pod: V1Pod): boolean {
  const consumers = claim.status?.reservedFor ?? []
  return consumers.length === 0 || (consumers.length === 1 && isReservedFor(claim, pod.metadata?.uid))
}

/** As it is once its devices are given up. */
export function withoutAllocation(claim: ResourceV1ResourceClaim): ResourceV1ResourceClaim {
  return { ...claim, status: {} }
}
