import { createHash } from 'node:crypto'
import { claimKeysOf } from '@kapell/controllers/machinery/placement/volumes'
import type {
  V1CSIDriver,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1VolumeAttachment,
} from '@kapell/openapi/types'

export interface VolumeReads {
  claim(key: string): V1PersistentVolumeClaim | undefined
  volume(name: string): V1PersistentVolume | undefined
  driver(name: string): V1CSIDriver | undefined
}

/** The volumes of a pod that must be attached to its node first: those of drivers that do not say otherwise. */
export function attachable(pod: V1Pod, { claim, volume, driver }: VolumeReads): V1PersistentVolume[] {
  return claimKeysOf(pod).flatMap((key) => {
    const found = volume(claim(key)?.spec?.volumeName ?? '')
    const name = found?.spec?.csi?.driver
    return found === undefined || name === undefined || driver(name)?.spec.attachRequired === false ? [] : [found]
  })
}

/** The attachment of a volume to a node; its name is known to both sides. */
export function attachmentFor(volume: V1PersistentVolume, nodeName: string): V1VolumeAttachment {
  const { driver = '', volumeHandle = '' } = volume.spec?.csi ?? {}
  const name = createHash('sha256').update(`${volumeHandle}${driver}${nodeName}`).digest('hex')
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttachment',
    metadata: { name: `csi-${name}` },
    spec: { attacher: driver, nodeName, source: { persistentVolumeName: volume.metadata?.name ?? '' } },
  }
}

/** Whether this controller made an attachment, by its name: those that others make are theirs to delete. */
export function isOurs(attachment: V1VolumeAttachment, volume: V1PersistentVolume | undefined): boolean {
  const name = attachment.metadata?.name ?? ''
  if (volume === undefined) return /^csi-[0-9a-f]{64}$/.test(name)
  return name === attachmentFor(volume, attachment.spec.nodeName).metadata?.name
}

/** What a node's status calls a volume. */
export const attachedName = (volume: V1PersistentVolume): string =>
  `kubernetes.io/csi/${volume.spec?.csi?.driver ?? ''}^${volume.spec?.csi?.volumeHandle ?? ''}`

/** Can be on one node at a time only. */
export function isExclusive(volume: V1PersistentVolume): boolean {
  const modes = volume.spec?.accessModes ?? []
  return modes.length > 0 && !modes.includes('ReadWriteMany') && !modes.includes('ReadOnlyMany')
}
