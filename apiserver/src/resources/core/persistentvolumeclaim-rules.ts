import type { V1PersistentVolumeClaim, V1PersistentVolumeClaimSpec } from '@kapell/openapi/types'
import { forbidden, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { parseQuantity } from '@kapell/openapi/meta/quantity'
import { sameJson } from '../common/validation.ts'
import { defaultClaimSpec } from './pods/volume-defaults.ts'

/** Source: PersistentVolumeClaim v1 core. The two data sources say the same, where either can. */
export function defaultClaim(claim: V1PersistentVolumeClaim): void {
  const spec = claim.spec
  if (spec === undefined) return
  defaultClaimSpec(spec)
  if (spec.dataSource !== undefined && spec.dataSourceRef === undefined) spec.dataSourceRef = { ...spec.dataSource }
  else if (
    spec.dataSourceRef !== undefined &&
    spec.dataSource === undefined &&
    spec.dataSourceRef.namespace === undefined
  ) {
    const { namespace: _namespace, ...source } = spec.dataSourceRef
    spec.dataSource = source
  }
  for (const source of [spec.dataSource, spec.dataSourceRef]) {
    if (source !== undefined && source.apiGroup === undefined) source.apiGroup = null as unknown as string
  }
}

const classAnnotation = 'volume.beta.kubernetes.io/storage-class'

const fixed =
  'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'

export function validateClaimUpdate(
  next: V1PersistentVolumeClaim,
  previous: V1PersistentVolumeClaim,
  root: FieldPath,
): FieldError[] {
  const at = root.child('spec')
  const now = next.spec
  const before = previous.spec
  if (now === undefined || before === undefined) return []
  const bound = previous.status?.phase === 'Bound'
  const munged: V1PersistentVolumeClaimSpec = { ...now }
  // Binding writes the volume's name, once.
  if ((before.volumeName ?? '') === '') delete munged.volumeName
  // A class may be given to a claim that never had one: the default one, made later.
  const hadClass =
    before.storageClassName !== undefined || (previous.metadata?.annotations?.[classAnnotation] ?? '') !== ''
  if (!hadClass) delete munged.storageClassName
  if (bound) {
    munged.resources = {
      ...now.resources,
      ...(before.resources?.requests === undefined ? {} : { requests: before.resources.requests }),
    }
    if (before.volumeAttributesClassName === undefined) delete munged.volumeAttributesClassName
    else munged.volumeAttributesClassName = before.volumeAttributesClassName
  }
  const errors: FieldError[] = []
  const compared = (before.volumeName ?? '') === '' ? withoutName(before) : before
  if (!sameJson(munged, compared)) errors.push(forbidden(at, fixed))
  else if (bound && size(now).cmp(size(before)) < 0 && size(now).cmp(capacity(previous)) <= 0) {
    errors.push(forbidden(at.child('resources', 'requests', 'storage'), 'field can not be less than status.capacity'))
  }
  return errors
}

function withoutName(spec: V1PersistentVolumeClaimSpec): V1PersistentVolumeClaimSpec {
  const { volumeName: _volumeName, ...rest } = spec
  return rest
}

const size = (spec: V1PersistentVolumeClaimSpec) => parseQuantity(spec.resources?.requests?.['storage'] ?? '0')
const capacity = (claim: V1PersistentVolumeClaim) => parseQuantity(claim.status?.capacity?.['storage'] ?? '0')
