import type { OwnerReference } from '@kapell/openapi/meta/object'
import type { V1PersistentVolumeClaim, V1Pod, V1StatefulSet } from '@kapell/openapi/types'

/**
 * Who owns a claim, by the retention policy: what the set owns goes with the set, what a pod owns goes when that pod
 * is scaled away. Undefined when nothing changes. Source: "StatefulSets", "PersistentVolumeClaim retention".
 */
export function claimOwners(
  set: V1StatefulSet,
  pod: V1Pod | undefined,
  claim: V1PersistentVolumeClaim,
  condemned: boolean,
): OwnerReference[] | undefined {
  const { whenDeleted = 'Retain', whenScaled = 'Retain' } = set.spec?.persistentVolumeClaimRetentionPolicy ?? {}
  const before = claim.metadata?.ownerReferences ?? []
  const podUid = pod?.metadata?.uid
  // Some other controller manages it: hands off.
  if (before.some(({ controller, uid }) => controller === true && uid !== set.metadata?.uid && uid !== podUid))
    return undefined
  // Of a set of this name that is gone: the garbage collector decides, then a new claim is made.
  const stale = before.some(
    ({ kind, name, uid }) => kind === 'StatefulSet' && name === set.metadata?.name && uid !== set.metadata?.uid,
  )
  if (stale) return undefined
  const byPod = whenScaled === 'Delete' && condemned && pod !== undefined
  const bySet = whenDeleted === 'Delete' && !byPod
  const next = before.filter(
    ({ uid, kind, name }) =>
      uid !== set.metadata?.uid && uid !== podUid && !(kind === 'Pod' && name === pod?.metadata?.name),
  )
  if (bySet) next.push(reference('apps/v1', 'StatefulSet', set.metadata))
  if (byPod) next.push(reference('v1', 'Pod', pod.metadata))
  const ids = (list: readonly OwnerReference[]): string => list.map(({ uid }) => uid).join()
  return ids(before) === ids(next) ? undefined : next
}

function reference(
  apiVersion: string,
  kind: string,
  metadata: { name?: string; uid?: string } | undefined,
): OwnerReference {
  return {
    apiVersion,
    kind,
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  }
}
