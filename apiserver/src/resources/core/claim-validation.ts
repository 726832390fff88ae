import type { V1PersistentVolumeClaimSpec } from '@kapell/openapi/types'
import { forbidden, invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { dns1123Label, dns1123Subdomain } from '@kapell/openapi/meta/names'
import { parseQuantity } from '@kapell/openapi/meta/quantity'
import { nameErrors, unsupported, validateLabelSelector } from '../common/validation.ts'

export const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']
export const volumeModes = ['Block', 'Filesystem']

/** "ReadWriteOncePod" stands alone, and there is at least one mode. */
export function validateAccessModes(modes: readonly string[] | undefined, at: FieldPath): FieldError[] {
  if ((modes ?? []).length === 0) return [required(at, 'at least 1 access mode is required')]
  const errors: FieldError[] = []
  for (const mode of modes ?? []) if (!accessModes.includes(mode)) errors.push(unsupported(at, mode, accessModes))
  const others = (modes ?? []).filter((mode) => mode !== 'ReadWriteOncePod' && accessModes.includes(mode))
  if ((modes ?? []).includes('ReadWriteOncePod') && others.length > 0) {
    errors.push(forbidden(at, 'may not use ReadWriteOncePod with other access modes'))
  }
  return errors
}

/** The spec of a claim, on its own or as a template in a pod. Source: "Persistent Volumes". */
export function validateClaimSpec(spec: V1PersistentVolumeClaimSpec, at: FieldPath): FieldError[] {
  return [...validateKnownClaimSpec(spec, at), ...validateSourceGroups(spec, at)]
}

/** Claims that are there and name the group of a source are not held to the rule of its name. */
export function validateSourceGroups(spec: V1PersistentVolumeClaimSpec, at: FieldPath): FieldError[] {
  return (['dataSource', 'dataSourceRef'] as const).flatMap((field) => {
    const group = spec[field]?.apiGroup ?? ''
    return group === '' ? [] : nameErrors(at.child(field, 'apiGroup'), group, dns1123Subdomain)
  })
}

export function validateKnownClaimSpec(spec: V1PersistentVolumeClaimSpec, at: FieldPath): FieldError[] {
  const errors = validateAccessModes(spec.accessModes, at.child('accessModes'))
  errors.push(...validateLabelSelector(spec.selector, at.child('selector')))
  const storage = spec.resources?.requests?.['storage']
  const storageAt = at.child('resources').key('storage')
  if (storage === undefined) errors.push(required(storageAt))
  else {
    const quantity = parseQuantity(storage)
    if (quantity.sign() <= 0) errors.push(invalid(storageAt, quantity.toString(), 'must be greater than zero'))
  }
  if (spec.storageClassName !== undefined && spec.storageClassName !== '') {
    errors.push(...nameErrors(at.child('storageClassName'), spec.storageClassName, dns1123Subdomain))
  }
  if (spec.volumeMode !== undefined && !volumeModes.includes(spec.volumeMode)) {
    errors.push(unsupported(at.child('volumeMode'), spec.volumeMode, volumeModes))
  }
  if ((spec.volumeAttributesClassName ?? '') !== '') {
    errors.push(
      ...nameErrors(at.child('volumeAttributesClassName'), spec.volumeAttributesClassName ?? '', dns1123Subdomain),
    )
  }
  for (const field of ['dataSource', 'dataSourceRef'] as const) {
    const source = spec[field]
    if (source === undefined) continue
    if (source.name === '') errors.push(required(at.child(field, 'name')))
    if (source.kind === '') errors.push(required(at.child(field, 'kind')))
    if ((source.apiGroup ?? '') === '' && source.kind !== 'PersistentVolumeClaim') {
      errors.push(
        invalid(at.child(field), source.kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"),
      )
    }
  }
  return [...errors, ...validateBothSources(spec, at)]
}

/** The two ways to name a source may not contradict one another. */
function validateBothSources({ dataSource, dataSourceRef }: V1PersistentVolumeClaimSpec, at: FieldPath): FieldError[] {
  if (dataSourceRef === undefined) return []
  const { namespace = '', ...ref } = dataSourceRef
  if (namespace !== '') {
    const errors = nameErrors(at.child('dataSourceRef', 'namespace'), namespace, dns1123Label)
    if (dataSource === undefined) return errors
    return [...errors, invalid(at, {}, 'may not be specified when dataSourceRef.namespace is specified')]
  }
  if (dataSource === undefined) return []
  const isSame = (['apiGroup', 'kind', 'name'] as const).every(
    (field) => (dataSource[field] ?? null) === (ref[field] ?? null),
  )
  return isSame ? [] : [invalid(at, {}, 'must match dataSourceRef')]
}
