import type { AssumeCache } from '@kapell/controllers/machinery/assume-cache'
import type { EventType } from '@kapell/controllers/machinery/event-recorder'
import type { V1PersistentVolume, V1PersistentVolumeClaim, V1Pod, V1StorageClass } from '@kapell/openapi/types'

/** What the binder reads and does; every write answers the object as stored and shows in the caches at once. */
export interface BinderDeps {
  claims: Pick<AssumeCache<V1PersistentVolumeClaim>, 'get'>
  volumes: Pick<AssumeCache<V1PersistentVolume>, 'get'>
  /** Volumes of a class that could hold a claim, and those that name the claim. */
  candidates(claim: V1PersistentVolumeClaim): V1PersistentVolume[]
  storageClass(name: string): V1StorageClass | undefined
  classes(): V1StorageClass[]
  /** Pods that use a claim, by "namespace/name". */
  podsOf(claimKey: string): V1Pod[]
  /** The claim as the API server has it now; undefined when it is gone. */
  latestClaim(namespace: string, name: string): Promise<V1PersistentVolumeClaim | undefined>
  updateClaim(claim: V1PersistentVolumeClaim): Promise<V1PersistentVolumeClaim>
  updateClaimStatus(claim: V1PersistentVolumeClaim): Promise<V1PersistentVolumeClaim>
  updateVolume(volume: V1PersistentVolume): Promise<V1PersistentVolume>
  updateVolumeStatus(volume: V1PersistentVolume): Promise<V1PersistentVolume>
  event(object: V1PersistentVolume | V1PersistentVolumeClaim, type: EventType, reason: string, message: string): void
  /** Looks at this claim, or volume, soon. */
  wakeClaim(key: string): void
  wakeVolume(name: string): void
}
