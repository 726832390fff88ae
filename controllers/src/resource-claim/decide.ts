import { controllerOf } from '@kapell/controllers/machinery/owner-refs'
import {
  claimFinalizer,
  claimNameOf,
  extendedClaimAnnotation,
  isDoneWithClaims,
  podClaimAnnotation,
} from '@kapell/controllers/machinery/placement/resource-claims'
import type {
  ResourceV1ResourceClaim,
  V1Pod,
  V1PodResourceClaim,
  V1ResourceClaimConsumerReference,
  V1ResourceClaimTemplate,
} from '@kapell/openapi/types'

/** Entries of the pod whose claims are still to be made from their templates. */
export function missingClaims(pod: V1Pod): V1PodResourceClaim[] {
  if (isDoneWithClaims(pod) || pod.metadata?.deletionTimestamp !== undefined) return []
  return (pod.spec?.resourceClaims ?? []).filter(
    (entry) => entry.resourceClaimTemplateName !== undefined && claimNameOf(pod, entry) === 'pending',
  )
}

/** The claim of one entry, as its template says; the pod owns it, so that it goes with it. */
export function claimFrom(template: V1ResourceClaimTemplate, pod: V1Pod, entryName: string): ResourceV1ResourceClaim {
  const { name = '', namespace = '', uid = '' } = pod.metadata ?? {}
  const { metadata, spec } = template.spec ?? {}
  return {
    metadata: {
      generateName: `${name}-${entryName}-`,
      namespace,
      ...(metadata?.labels === undefined ? {} : { labels: { ...metadata.labels } }),
      annotations: { ...metadata?.annotations, [podClaimAnnotation]: entryName },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name, uid, controller: true }],
    },
    spec: structuredClone(spec ?? {}),
  }
}

/** That of `owned` which was made for the entry, when an earlier attempt could not say so in the pod's status. */
export function madeBefore(
  owned: readonly ResourceV1ResourceClaim[],
  entryName: string,
): ResourceV1ResourceClaim | undefined {
  return owned.find(
    ({ metadata }) =>
      metadata?.annotations?.[podClaimAnnotation] === entryName && metadata.deletionTimestamp === undefined,
  )
}

/** Made for one pod, from a template or for its extended resources. */
export function isGenerated({ metadata }: ResourceV1ResourceClaim): boolean {
  const { annotations = {} } = metadata ?? {}
  return annotations[podClaimAnnotation] !== undefined || annotations[extendedClaimAnnotation] === 'true'
}

export interface Cleanup {
  /** What is left of the claim's status; undefined: it stays as it is. */
  status?: NonNullable<ResourceV1ResourceClaim['status']>
  /** Nothing is allocated any more: the claim may go. */
  dropFinalizer: boolean
  /** It served one pod that is over. */
  remove: boolean
}

/**
 * What is to be done with a claim whose consumers are not all there any more. Devices are given up once nobody of them
 * is left, or the claim itself is to go.
 */
export function cleanup(
  claim: ResourceV1ResourceClaim,
  isOver: (consumer: Pick<V1ResourceClaimConsumerReference, 'name' | 'uid'>) => boolean,
): Cleanup {
  const { allocation, reservedFor = [] } = claim.status ?? {}
  const left = reservedFor.filter(
    (consumer) => (consumer.apiGroup ?? '') !== '' || consumer.resource !== 'pods' || !isOver(consumer),
  )
  const isDeleting = claim.metadata?.deletionTimestamp !== undefined
  const becomesFree = left.length === 0 && (reservedFor.length > 0 || isDeleting)
  const hasFinalizer = claim.metadata?.finalizers?.includes(claimFinalizer) === true
  const deallocates = allocation !== undefined && becomesFree && hasFinalizer
  const owner = controllerOf(claim)
  const status = deallocates
    ? {}
    : left.length < reservedFor.length
      ? { ...claim.status, reservedFor: left }
      : undefined
  return {
    ...(status === undefined ? {} : { status }),
    dropFinalizer: hasFinalizer && (deallocates || (allocation === undefined && (becomesFree || isDeleting))),
    remove: left.length === 0 && !isDeleting && isGenerated(claim) && owner?.kind === 'Pod' && isOver(owner),
  }
}
