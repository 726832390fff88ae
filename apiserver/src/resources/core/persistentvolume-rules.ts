import type { V1PersistentVolume, V1PersistentVolumeSpec } from '@kapell/openapi/types'
import { forbidden, invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { dns1123Subdomain } from '@kapell/openapi/meta/names'
import { parseQuantity } from '@kapell/openapi/meta/quantity'
import { nameErrors, sameJson, unsupported } from '../common/validation.ts'
import { validateAccessModes, volumeModes } from './claim-validation.ts'
import { validateNodeSelector } from './pods/validation/scheduling.ts'
import { noDots } from './pods/validation/volumes.ts'
import { defaultSource } from './pods/volume-defaults.ts'

/** Source: PersistentVolume v1 core. */
export function defaultVolume(volume: V1PersistentVolume): void {
  const spec = volume.spec
  if (spec === undefined) return
  if ((spec.persistentVolumeReclaimPolicy ?? '') === '') spec.persistentVolumeReclaimPolicy = 'Retain'
  if ((spec.volumeMode ?? '') === '') spec.volumeMode = 'Filesystem'
  defaultSource(spec)
}

const sourceFields = [
  'hostPath',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'flocker',
  'nfs',
  'rbd',
  'quobyte',
  'cephfs',
  'iscsi',
  'cinder',
  'fc',
  'flexVolume',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'scaleIO',
  'local',
  'storageos',
  'csi',
] as const

const reclaimPolicies = ['Delete', 'Recycle', 'Retain']

export function validateVolume(volume: V1PersistentVolume, root: FieldPath): FieldError[] {
  const at = root.child('spec')
  const spec = volume.spec
  if (spec === undefined) return [required(at.child('accessModes'))]
  const errors: FieldError[] = []
  if ((spec.accessModes ?? []).length === 0) errors.push(required(at.child('accessModes')))
  else errors.push(...validateAccessModes(spec.accessModes, at.child('accessModes')))
  errors.push(...validateCapacity(spec.capacity, at.child('capacity')))
  const policy = spec.persistentVolumeReclaimPolicy ?? ''
  if (!reclaimPolicies.includes(policy)) {
    errors.push(unsupported(at.child('persistentVolumeReclaimPolicy'), policy, reclaimPolicies))
  }
  if (spec.nodeAffinity !== undefined) {
    const affinityAt = at.child('nodeAffinity', 'required')
    if (spec.nodeAffinity.required === undefined)
      errors.push(required(affinityAt, 'must specify required node constraints'))
    else errors.push(...validateNodeSelector(spec.nodeAffinity.required, affinityAt))
  }
  errors.push(...validateSources(spec, at))
  if ((spec.storageClassName ?? '') !== '') {
    errors.push(...nameErrors(at.child('storageClassName'), spec.storageClassName ?? '', dns1123Subdomain))
  }
  if (spec.volumeMode !== undefined && !volumeModes.includes(spec.volumeMode)) {
    errors.push(unsupported(at.child('volumeMode'), spec.volumeMode, volumeModes))
  }
  return errors
}

function validateCapacity(capacity: Record<string, string> | undefined, at: FieldPath): FieldError[] {
  if (Object.keys(capacity ?? {}).length === 0) return [required(at), unsupported(at, null, ['storage'])]
  const storage = capacity?.['storage']
  if (storage === undefined || Object.keys(capacity ?? {}).length > 1)
    return [unsupported(at, Object.keys(capacity ?? {}), ['storage'])]
  const quantity = parseQuantity(storage)
  return quantity.sign() > 0 ? [] : [invalid(at.key('storage'), quantity.toString(), 'must be greater than zero')]
}

function validateSources(spec: V1PersistentVolumeSpec, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const given = sourceFields.filter((field) => spec[field] !== undefined)
  if (given.length === 0) errors.push(required(at, 'must specify a volume type'))
  for (const [i, field] of given.entries()) {
    const here = at.child(field)
    if (i > 0) {
      errors.push(forbidden(here, 'may not specify more than 1 volume type'))
      continue
    }
    if (field === 'hostPath') {
      const path = spec.hostPath?.path ?? ''
      errors.push(...(path === '' ? [required(here.child('path'))] : noDots(path, here.child('path'))))
      if (path === '/' && spec.persistentVolumeReclaimPolicy === 'Recycle') {
        errors.push(
          forbidden(at.child('persistentVolumeReclaimPolicy'), "may not be 'recycle' for a hostPath mount of '/'"),
        )
      }
    }
    if (field === 'local') {
      if ((spec.local?.path ?? '') === '') errors.push(required(here.child('path')))
      else errors.push(...noDots(spec.local?.path ?? '', here.child('path')))
      if (spec.nodeAffinity?.required === undefined) {
        errors.push(required(at.child('nodeAffinity'), 'Local volume requires node affinity'))
      }
    }
    if (field === 'nfs') {
      if ((spec.nfs?.server ?? '') === '') errors.push(required(here.child('server')))
      if ((spec.nfs?.path ?? '') === '') errors.push(required(here.child('path')))
    }
    if (field === 'csi') {
      if ((spec.csi?.driver ?? '') === '') errors.push(required(here.child('driver')))
      if ((spec.csi?.volumeHandle ?? '') === '') errors.push(required(here.child('volumeHandle')))
    }
  }
  return errors
}

export function validateVolumeUpdate(
  next: V1PersistentVolume,
  previous: V1PersistentVolume,
  root: FieldPath,
): FieldError[] {
  const at = root.child('spec')
  const errors: FieldError[] = []
  const sources = (spec: V1PersistentVolumeSpec | undefined): object =>
    Object.fromEntries(sourceFields.flatMap((field) => (spec?.[field] === undefined ? [] : [[field, spec[field]]])))
  if (!sameJson(sources(next.spec), sources(previous.spec))) {
    errors.push(
      forbidden(at.child('persistentvolumesource'), 'spec.persistentvolumesource is immutable after creation'),
    )
  }
  if (next.spec?.volumeMode !== previous.spec?.volumeMode) {
    errors.push(invalid(at.child('volumeMode'), next.spec?.volumeMode ?? null, 'field is immutable'))
  }
  const affinity = previous.spec?.nodeAffinity
  if (affinity !== undefined && !sameJson(next.spec?.nodeAffinity, affinity)) {
    errors.push(invalid(at.child('nodeAffinity'), next.spec?.nodeAffinity ?? null, 'field is immutable'))
  }
  return errors
}
