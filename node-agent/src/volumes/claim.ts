import { errorText } from '@kapell/controllers/machinery/log'
import type { V1PersistentVolume, V1PersistentVolumeClaim, V1Pod, V1Volume } from '@kapell/openapi/types'

/** Thrown with the whole text that the pod's event shows. */
export class VolumeError extends Error {}

/** Reads of the API as the node; rejects with NotFound or Forbidden. */
export interface ClaimSource {
  claim(namespace: string, name: string): Promise<V1PersistentVolumeClaim>
  volume(name: string): Promise<V1PersistentVolume>
}

export interface BoundClaim {
  claim: V1PersistentVolumeClaim
  volume: V1PersistentVolume
}

/** The claim a pod's volume stands for: named, or made for an ephemeral one. */
export function claimNameOf(pod: V1Pod, volume: V1Volume): string | undefined {
  if (volume.persistentVolumeClaim !== undefined) return volume.persistentVolumeClaim.claimName
  return volume.ephemeral === undefined ? undefined : `${pod.metadata?.name ?? ''}-${volume.name}`
}

/** The volume behind a pod's claim. Throws with upstream's text as long as there is none to be used. */
export async function resolveClaim(source: ClaimSource, pod: V1Pod, volume: V1Volume): Promise<BoundClaim> {
  const namespace = pod.metadata?.namespace ?? ''
  const name = claimNameOf(pod, volume) ?? ''
  const fail = (why: string): never => {
    throw new VolumeError(
      `Unable to attach or mount volumes: unmounted volumes=[${volume.name}], unattached volumes=[], ` +
        `failed to process volumes=[${volume.name}]: error processing PVC ${namespace}/${name}: ${why}`,
    )
  }
  const claim = await source
    .claim(namespace, name)
    .catch((error: unknown) => fail(`failed to fetch PVC from API server: ${errorText(error)}`))
  if (volume.ephemeral !== undefined && !isOwnedBy(claim, pod))
    fail(`PVC ${namespace}/${name} was not created for pod ${namespace}/${pod.metadata?.name ?? ''} (pod is not owner)`)
  if (claim.metadata?.deletionTimestamp !== undefined && claim.metadata.finalizers?.length === 0)
    fail('PVC is being deleted')
  const volumeName = claim.spec?.volumeName ?? ''
  if (claim.status?.phase !== 'Bound' || volumeName === '') fail('PVC is not bound')
  const found = await source
    .volume(volumeName)
    .catch((error: unknown) => fail(`failed to fetch PV ${volumeName} from API server: ${errorText(error)}`))
  if (found.spec?.claimRef?.uid !== claim.metadata?.uid)
    fail(`PV ${volumeName} is bound to another claim: its claimRef.uid is not ${claim.metadata?.uid ?? ''}`)
  return { claim, volume: found }
}

const isOwnedBy = (claim: V1PersistentVolumeClaim, pod: V1Pod): boolean =>
  claim.metadata?.ownerReferences?.some(({ uid, controller }) => controller === true && uid === pod.metadata?.uid) ??
  false
