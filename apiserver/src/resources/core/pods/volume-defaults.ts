import type { V1DownwardAPIVolumeFile, V1PersistentVolumeClaimSpec, V1Volume } from '@kapell/openapi/types'
import { roundUpAmounts } from '../../common/quantities.ts'
import { pullPolicyOf } from './defaults.ts'

const fileMode = 0o644

function defaultDownwardItems(items: readonly V1DownwardAPIVolumeFile[] | undefined): void {
  for (const item of items ?? []) {
    if (item.fieldRef !== undefined && (item.fieldRef.apiVersion ?? '') === '') item.fieldRef.apiVersion = 'v1'
    if (item.resourceFieldRef !== undefined) item.resourceFieldRef.divisor ??= '0'
  }
}

export interface IscsiLike {
  iscsiInterface?: string
}
export interface RbdLike {
  pool?: string
  user?: string
  keyring?: string
}
export interface AzureDiskLike {
  cachingMode?: string
  kind?: string
  fsType?: string
  readOnly?: boolean
}
export interface ScaleIoLike {
  storageMode?: string
  fsType?: string
}

/** Sources that volumes of pods and persistent volumes have in common. */
export function defaultSource(source: {
  hostPath?: { type?: string }
  iscsi?: IscsiLike
  rbd?: RbdLike
  azureDisk?: AzureDiskLike
  scaleIO?: ScaleIoLike
}): void {
  if (source.hostPath !== undefined) source.hostPath.type ??= ''
  if (source.iscsi !== undefined) source.iscsi.iscsiInterface ??= 'default'
  if (source.rbd !== undefined) {
    source.rbd.pool ??= 'rbd'
    source.rbd.user ??= 'admin'
    source.rbd.keyring ??= '/etc/ceph/keyring'
  }
  if (source.azureDisk !== undefined) {
    source.azureDisk.cachingMode ??= 'ReadWrite'
    source.azureDisk.kind ??= 'Shared'
    source.azureDisk.fsType ??= 'ext4'
    source.azureDisk.readOnly ??= false
  }
  if (source.scaleIO !== undefined) {
    source.scaleIO.storageMode ??= 'ThinProvisioned'
    source.scaleIO.fsType ??= 'xfs'
  }
}

/** A claim's spec, wherever it stands. */
export function defaultClaimSpec(spec: V1PersistentVolumeClaimSpec): void {
  spec.volumeMode ??= 'Filesystem'
  spec.resources ??= {}
  roundUpAmounts(spec.resources.limits)
  roundUpAmounts(spec.resources.requests)
}

/** Fills what a volume leaves out; one that names no source is an emptyDir. */
export function defaultVolume(volume: V1Volume): void {
  if (Object.keys(volume).every((key) => key === 'name')) volume.emptyDir = {}
  defaultSource(volume)
  if (volume.secret !== undefined) volume.secret.defaultMode ??= fileMode
  if (volume.configMap !== undefined) volume.configMap.defaultMode ??= fileMode
  if (volume.downwardAPI !== undefined) {
    volume.downwardAPI.defaultMode ??= fileMode
    defaultDownwardItems(volume.downwardAPI.items)
  }
  if (volume.projected !== undefined) {
    volume.projected.defaultMode ??= fileMode
    for (const source of volume.projected.sources ?? []) {
      if (source.serviceAccountToken !== undefined) source.serviceAccountToken.expirationSeconds ??= 3600
      if (source.podCertificate !== undefined) source.podCertificate.maxExpirationSeconds ??= 86_400
      defaultDownwardItems(source.downwardAPI?.items)
    }
  }
  if (volume.ephemeral?.volumeClaimTemplate?.spec !== undefined)
    defaultClaimSpec(volume.ephemeral.volumeClaimTemplate.spec)
  if (volume.image !== undefined && (volume.image.pullPolicy ?? '') === '') {
    volume.image.pullPolicy = pullPolicyOf(volume.image.reference)
  }
}
