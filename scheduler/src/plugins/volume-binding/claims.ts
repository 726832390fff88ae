import {
  claimNameOf,
  classNameOf,
  isFullyBound,
  waitsForConsumer,
} from '@kapell/controllers/machinery/placement/volumes'
import type { V1PersistentVolumeClaim, V1Pod } from '@kapell/openapi/types'
import type { Storage } from '../../framework/storage.ts'

/** A pod's claims, by what is left to do for them. */
export interface PodClaims {
  /** Have their volume. */
  bound: V1PersistentVolumeClaim[]
  /** Get it once a node is chosen. */
  waiting: V1PersistentVolumeClaim[]
  /** Should have got it without us. */
  immediate: V1PersistentVolumeClaim[]
}

/** The claims of a pod, each once; a string says why the pod cannot be placed at all. */
export function claimsOf(pod: V1Pod, storage: Pick<Storage, 'claim' | 'storageClass'>): PodClaims | string {
  const claims: PodClaims = { bound: [], waiting: [], immediate: [] }
  const seen = new Set<string>()
  const namespace = pod.metadata?.namespace ?? ''
  for (const volume of pod.spec?.volumes ?? []) {
    const name = claimNameOf(pod, volume)
    if (name === undefined || seen.has(name)) continue
    seen.add(name)
    const claim = storage.claim(`${namespace}/${name}`)
    const barred = whyUnusable(pod, name, claim, volume.ephemeral !== undefined)
    if (barred !== undefined || claim === undefined) return barred ?? ''
    if (isFullyBound(claim)) claims.bound.push(claim)
    else if ((claim.spec?.volumeName ?? '') === '' && waitsForConsumer(storage.storageClass(classNameOf(claim))))
      claims.waiting.push(claim)
    else claims.immediate.push(claim)
  }
  return claims
}

function whyUnusable(
  pod: V1Pod,
  name: string,
  claim: V1PersistentVolumeClaim | undefined,
  isEphemeral: boolean,
): string | undefined {
  if (claim === undefined)
    return isEphemeral
      ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`
      : `persistentvolumeclaim "${name}" not found`
  if (claim.status?.phase === 'Lost')
    return `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec?.volumeName ?? ''}"`
  if (claim.metadata?.deletionTimestamp !== undefined) return `persistentvolumeclaim "${name}" is being deleted`
  const isOwner = claim.metadata?.ownerReferences?.some(
    ({ uid, controller }) => controller === true && uid === pod.metadata?.uid,
  )
  if (isEphemeral && isOwner !== true) {
    const namespace = pod.metadata?.namespace ?? ''
    return `PVC ${namespace}/${name} was not created for pod ${namespace}/${pod.metadata?.name ?? ''} (pod is not owner)`
  }
  return undefined
}
