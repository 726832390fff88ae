import type { ResourceV1ResourceClaim, V1Pod, V1PodResourceClaim } from '@kapell/openapi/types'
import { controllerOf } from '../owner-refs.ts'

/** What pods, claims and those who look after them agree on. Source: "Dynamic Resource Allocation". */

/** Keeps a claim from going while devices are allocated for it. */
export const claimFinalizer = 'resource.kubernetes.io/delete-protection'
/** On a claim made from a template: the name of the pod's entry. */
export const podClaimAnnotation = 'resource.kubernetes.io/pod-claim-name'
/** "true" on the claim that the scheduler makes for a pod's extended resources. */
export const extendedClaimAnnotation = 'resource.kubernetes.io/extended-resource-claim'
/** So many consumers one claim can have. */
export const maxReservations = 256

export type ClaimName =
  | { name: string; isGenerated: boolean }
  /** The template turned out to ask for nothing. */
  | 'none'
  /** Its claim has not been made yet. */
  | 'pending'

/** Which claim an entry of `spec.resourceClaims` means. */
export function claimNameOf(pod: V1Pod, entry: V1PodResourceClaim): ClaimName {
  if (entry.resourceClaimName !== undefined) return { name: entry.resourceClaimName, isGenerated: false }
  const known = pod.status?.resourceClaimStatuses?.find(({ name }) => name === entry.name)
  if (known === undefined) return 'pending'
  return known.resourceClaimName === undefined ? 'none' : { name: known.resourceClaimName, isGenerated: true }
}

/** "namespace/name" of the claims that are known for the pod, the one for extended resources included. */
export function claimKeysOf(pod: V1Pod): string[] {
  const namespace = pod.metadata?.namespace ?? ''
  const names = (pod.spec?.resourceClaims ?? []).flatMap((entry) => {
    const found = claimNameOf(pod, entry)
    return typeof found === 'string' ? [] : [found.name]
  })
  const extended = pod.status?.extendedResourceClaimStatus?.resourceClaimName
  return [...names, ...(extended === undefined ? [] : [extended])].map((name) => `${namespace}/${name}`)
}

/** A generated claim serves the pod it was made for, and no other of that name. */
export function isMadeFor(claim: ResourceV1ResourceClaim, pod: V1Pod): boolean {
  return controllerOf(claim)?.uid === pod.metadata?.uid
}

export function isReservedFor(claim: ResourceV1ResourceClaim, uid: string | undefined): boolean {
  return claim.status?.reservedFor?.some((consumer) => consumer.uid === uid) === true
}

/** A pod that has ended uses nothing; one that is on its way out and was never placed never will. */
export function isDoneWithClaims(pod: V1Pod): boolean {
  const { phase } = pod.status ?? {}
  if (phase === 'Succeeded' || phase === 'Failed') return true
  return pod.metadata?.deletionTimestamp !== undefined && (pod.spec?.nodeName ?? '') === ''
}
