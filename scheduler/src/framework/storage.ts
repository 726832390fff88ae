import type {
  V1CSIDriver,
  V1CSINode,
  V1CSIStorageCapacity,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1StorageClass,
} from '@kapell/openapi/types'

/**
 * Volumes as the scheduler sees them: what informers tell, and on top of it what it has decided itself and not written
 * yet. Claims are named by "namespace/name".
 */
export interface Storage {
  claim: (key: string) => V1PersistentVolumeClaim | undefined
  volume: (name: string) => V1PersistentVolume | undefined
  /** Volumes that could hold the claim: those that name it, and the free ones of its class. */
  candidates: (claim: V1PersistentVolumeClaim) => V1PersistentVolume[]
  storageClass: (name: string) => V1StorageClass | undefined
  csiNode: (nodeName: string) => V1CSINode | undefined
  csiDriver: (name: string) => V1CSIDriver | undefined
  capacities: () => V1CSIStorageCapacity[]
  /** From now on the objects look like this here, until something newer is known of them. */
  assume: (decided: { claim?: V1PersistentVolumeClaim; volume?: V1PersistentVolume }) => void
  restore: (decided: { claim?: V1PersistentVolumeClaim; volume?: V1PersistentVolume }) => void
  updateClaim: (claim: V1PersistentVolumeClaim) => Promise<V1PersistentVolumeClaim>
  updateVolume: (volume: V1PersistentVolume) => Promise<V1PersistentVolume>
  /**
   * The first answer of `look` that is not undefined, asked again at every change of these claims or of any volume.
   * Rejects after `timeoutMs`, and when the scheduler stops.
   */
  until: <T>(claimKeys: readonly string[], timeoutMs: number, look: () => T | undefined) => Promise<T>
}
