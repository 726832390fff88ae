import type { V1PersistentVolume, V1PersistentVolumeSpec, V1VolumeNodeAffinity } from '@kapell/openapi/types'
import { forbidden, invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { dns1123Label, dns1123Subdomain } from '@kapell/openapi/meta/names'
import { parseQuantity } from '@kapell/openapi/meta/quantity'
import { internalDiff, internalView, mapView } from '../common/internal-view.ts'
import { roundUpAmounts } from '../common/quantities.ts'
import { nameErrors, requiredName, sameJson, unsupported } from '../common/validation.ts'
import { validateAccessModes, volumeModes } from './claim-validation.ts'
import { validateNodeSelector } from './pods/validation/scheduling.ts'
import { defaultSource } from './pods/volume-defaults.ts'
import { csiDriverName, noDots, validateCommonSource, type SecretRef } from './volume-sources.ts'

/** Source: PersistentVolume v1 core. */
export function defaultVolume(volume: V1PersistentVolume): void {
  const spec = volume.spec
  if (spec === undefined) return
  if ((spec.persistentVolumeReclaimPolicy ?? '') === '') spec.persistentVolumeReclaimPolicy = 'Retain'
  spec.volumeMode ??= 'Filesystem'
  roundUpAmounts(spec.capacity)
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
  errors.push(...validateSources(spec, at, volume.metadata?.name ?? ''))
  if ((spec.storageClassName ?? '') !== '') {
    errors.push(...nameErrors(at.child('storageClassName'), spec.storageClassName ?? '', dns1123Subdomain))
  }
  if (spec.volumeMode !== undefined && !volumeModes.includes(spec.volumeMode)) {
    errors.push(unsupported(at.child('volumeMode'), spec.volumeMode, volumeModes))
  }
  errors.push(...validateAttributesClass(spec, at))
  return errors
}

function validateAttributesClass(spec: V1PersistentVolumeSpec, at: FieldPath): FieldError[] {
  const name = spec.volumeAttributesClassName
  if (name === undefined) return []
  const here = at.child('volumeAttributesClassName')
  const errors =
    name === '' ? [required(here, 'an empty string is disallowed')] : nameErrors(here, name, dns1123Subdomain)
  if (spec.csi === undefined) {
    errors.push(required(at.child('csi'), 'has to be specified when using volumeAttributesClassName'))
  }
  return errors
}

function validateCapacity(capacity: Record<string, string> | undefined, at: FieldPath): FieldError[] {
  if (Object.keys(capacity ?? {}).length === 0) return [required(at), unsupported(at, null, ['storage'])]
  const storage = capacity?.['storage']
  const odd = storage === undefined || Object.keys(capacity ?? {}).length > 1
  return [
    ...(odd ? [unsupported(at, mapView(capacity), ['storage'])] : []),
    ...Object.entries(capacity ?? {}).flatMap(([name, amount]) => validateAmount(amount, at.key(name))),
  ]
}

function validateAmount(amount: string, here: FieldPath): FieldError[] {
  const quantity = parseQuantity(amount)
  return [
    ...(quantity.sign() < 0 ? [invalid(here, quantity.toNumber(), 'must be a valid resource quantity')] : []),
    ...(quantity.sign() > 0 ? [] : [invalid(here, quantity.toString(), 'must be greater than zero')]),
  ]
}

function validateSources(spec: V1PersistentVolumeSpec, at: FieldPath, volume: string): FieldError[] {
  const errors: FieldError[] = []
  const given = sourceFields.filter((field) => spec[field] !== undefined)
  if (given.length === 0) errors.push(required(at, 'must specify a volume type'))
  for (const [i, field] of given.entries()) {
    const here = at.child(field)
    if (i > 0) {
      errors.push(forbidden(here, 'may not specify more than 1 volume type'))
      continue
    }
    errors.push(...validateCommonSource(field, spec[field] ?? {}, { at, owner: 'persistentVolume', volume }))
    if (field === 'hostPath' && spec.hostPath?.path === '/' && spec.persistentVolumeReclaimPolicy === 'Recycle') {
      errors.push(
        forbidden(at.child('persistentVolumeReclaimPolicy'), "may not be 'recycle' for a hostPath mount of '/'"),
      )
    }
    if (field === 'local') {
      if ((spec.local?.path ?? '') === '') errors.push(required(here.child('path')))
      else errors.push(...noDots(spec.local?.path ?? '', here.child('path')))
      if (spec.nodeAffinity?.required === undefined) {
        errors.push(required(at.child('nodeAffinity'), 'Local volume requires node affinity'))
      }
    }
    if (field === 'csi' && spec.csi !== undefined) errors.push(...validateCsi(spec.csi, here))
  }
  return errors
}

const csiSecrets = [
  'controllerPublishSecretRef',
  'controllerExpandSecretRef',
  'nodePublishSecretRef',
  'nodeExpandSecretRef',
] as const

function validateCsi(csi: NonNullable<V1PersistentVolumeSpec['csi']>, at: FieldPath): FieldError[] {
  const errors = csiDriverName(csi.driver, at.child('driver'))
  if ((csi.volumeHandle ?? '') === '') errors.push(required(at.child('volumeHandle')))
  for (const field of csiSecrets) {
    const ref: SecretRef | undefined = csi[field]
    if (ref === undefined) continue
    errors.push(...requiredName(at.child(field, 'name'), ref.name, dns1123Subdomain))
    errors.push(...requiredName(at.child(field, 'namespace'), ref.namespace, dns1123Label))
  }
  return errors
}

const inlineContext = 'in the context of inline volumes'

/** A volume that an attachment describes itself. */
export function validateInlineVolume(spec: V1PersistentVolumeSpec, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  for (const field of ['capacity', 'claimRef', 'storageClassName', 'nodeAffinity'] as const) {
    const given = spec[field]
    const isEmpty = given === undefined || given === '' || (field === 'capacity' && Object.keys(given).length === 0)
    if (!isEmpty) errors.push(forbidden(at.child(field), 'may not be specified in the context of inline volumes'))
  }
  if ((spec.persistentVolumeReclaimPolicy ?? '') !== '' && spec.persistentVolumeReclaimPolicy !== 'Retain') {
    errors.push(forbidden(at.child('persistentVolumeReclaimPolicy'), `may only be Retain ${inlineContext}`))
  }
  if (spec.volumeMode !== undefined && spec.volumeMode !== 'Filesystem') {
    errors.push(forbidden(at.child('volumeMode'), `may not specify volumeMode other than Filesystem ${inlineContext}`))
  }
  if (spec.csi === undefined)
    errors.push(required(at.child('csi'), 'has to be specified in the context of inline volumes'))
  if ((spec.accessModes ?? []).length === 0) errors.push(required(at.child('accessModes')))
  else errors.push(...validateAccessModes(spec.accessModes, at.child('accessModes')))
  return [...errors, ...validateSources(spec, at, '')]
}

export function validateVolumeUpdate(
  next: V1PersistentVolume,
  previous: V1PersistentVolume,
  root: FieldPath,
): FieldError[] {
  const at = root.child('spec')
  const errors = validateVolume(next, root)
  const sources = (spec: V1PersistentVolumeSpec | undefined): object =>
    Object.fromEntries(sourceFields.flatMap((field) => (spec?.[field] === undefined ? [] : [[field, spec[field]]])))
  if (!sameJson(sources(next.spec), sources(previous.spec))) {
    errors.push(
      forbidden(
        at.child('persistentvolumesource'),
        `spec.persistentvolumesource is immutable after creation\n${internalDiff('core.v1.PersistentVolumeSource', previous.spec, next.spec)}`,
      ),
    )
  }
  if (next.spec?.volumeMode !== previous.spec?.volumeMode) {
    errors.push(invalid(root.child('volumeMode'), next.spec?.volumeMode ?? null, 'field is immutable'))
  }
  if (previous.spec?.volumeAttributesClassName !== undefined && next.spec?.volumeAttributesClassName === undefined)
    errors.push(forbidden(at.child('volumeAttributesClassName'), 'update from non-nil value to nil is forbidden'))
  const affinity = previous.spec?.nodeAffinity
  if (affinity !== undefined && !sameJson(withGaLabels(affinity, next.spec?.nodeAffinity), next.spec?.nodeAffinity)) {
    const text = 'field is immutable, except for updating from beta label to GA'
    errors.push(
      invalid(root.child('nodeAffinity'), internalView('core.v1.VolumeNodeAffinity', next.spec?.nodeAffinity), text),
    )
  }
  return errors
}

/** Labels of nodes that grew up, by their old names. */
const gaLabels: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
}

/** `old` with the keys that `next` merely calls by their new names. */
function withGaLabels(old: V1VolumeNodeAffinity, next: V1VolumeNodeAffinity | undefined): V1VolumeNodeAffinity {
  const terms = next?.required?.nodeSelectorTerms ?? []
  if (old.required === undefined || terms.length !== old.required.nodeSelectorTerms.length) return old
  return {
    required: {
      nodeSelectorTerms: old.required.nodeSelectorTerms.map((term, i) => {
        const now = terms[i]?.matchExpressions ?? []
        if (term.matchExpressions === undefined || now.length !== term.matchExpressions.length) return term
        const matchExpressions = term.matchExpressions.map((requirement, j) => {
          const key = now[j]?.key ?? ''
          return key === (gaLabels[requirement.key] ?? '') ? { ...requirement, key } : requirement
        })
        return { ...term, matchExpressions }
      }),
    },
  }
}
