import type { V1PersistentVolumeClaim, V1PersistentVolumeClaimSpec } from '@kapell/openapi/types'
import { forbidden, invalid, notSupported, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { parseQuantity } from '@kapell/openapi/meta/quantity'
import { internalDiff } from '../common/internal-view.ts'
import { roundUpAmounts } from '../common/quantities.ts'
import { sameJson, unsupported } from '../common/validation.ts'
import { validateSourceGroups } from './claim-validation.ts'
import { defaultClaimSpec } from './pods/volume-defaults.ts'

/** Source: PersistentVolumeClaim v1 core. */
export function defaultClaim(claim: V1PersistentVolumeClaim): void {
  const { spec, status } = claim
  for (const amounts of [status?.capacity, status?.allocatedResources]) roundUpAmounts(amounts)
  if (spec !== undefined) defaultClaimSpec(spec)
}

/** The two ways to name a source say the same, where either can. */
export function normalizeSources(spec: V1PersistentVolumeClaimSpec | undefined): void {
  if (spec === undefined) return
  if (spec.dataSource !== undefined && spec.dataSourceRef === undefined) spec.dataSourceRef = { ...spec.dataSource }
  else if (
    spec.dataSourceRef !== undefined &&
    spec.dataSource === undefined &&
    (spec.dataSourceRef.namespace ?? '') === ''
  ) {
    const { namespace: _namespace, ...source } = spec.dataSourceRef
    spec.dataSource = source
  }
  for (const source of [spec.dataSource, spec.dataSourceRef]) {
    if (source !== undefined && source.apiGroup === undefined) source.apiGroup = null as unknown as string
  }
}

/** Sources of other namespaces are behind a gate that is off: such a reference is not kept. */
export function dropForeignSource(claim: V1PersistentVolumeClaim): void {
  if ((claim.spec?.dataSourceRef?.namespace ?? '') !== '') delete claim.spec?.dataSourceRef
}

const snapshots = 'snapshot.storage.k8s.io'

/** A source that is neither a claim nor a snapshot cannot be given the old way: it is left out. */
export function dropOddSource(claim: V1PersistentVolumeClaim): void {
  const { spec } = claim
  const source = spec?.dataSource
  if (spec === undefined || source === undefined) return
  const group = source.apiGroup ?? ''
  const isClaim = group === '' && source.kind === 'PersistentVolumeClaim'
  const isSnapshot = group === snapshots && source.kind === 'VolumeSnapshot'
  if (isClaim || isSnapshot) return
  delete spec.dataSource
}

const resizeStatuses = ['ControllerResizeInProgress', 'ControllerResizeInfeasible', 'NodeResizeInProgress', 'NodeResizeInfeasible', 'NodeResizePending'] // prettier-ignore

/** What a status may say of resizing. */
export function validateClaimStatus(
  next: V1PersistentVolumeClaim,
  _previous: V1PersistentVolumeClaim,
  root: FieldPath,
): FieldError[] {
  const at = root.child('status')
  const errors: FieldError[] = []
  for (const name of Object.keys(next.status?.allocatedResources ?? {})) {
    if (!isClaimResource(name)) errors.push(notSupported(at.child('allocatedResources'), name, ['storage']))
  }
  for (const [name, value] of Object.entries(next.status?.allocatedResourceStatuses ?? {})) {
    const here = at.child('allocatedResourceStatuses')
    if (!isClaimResource(name)) errors.push(notSupported(here, name, ['storage']))
    else if (!resizeStatuses.includes(value)) errors.push(unsupported(here, name, resizeStatuses))
  }
  return errors
}

/** Storage, or a name of someone's own. */
const isClaimResource = (name: string): boolean => name === 'storage' || name.includes('/')

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
  const hadGroup = (before.dataSource?.apiGroup ?? before.dataSourceRef?.apiGroup ?? '') !== ''
  const groups = hadGroup ? [] : validateSourceGroups(now, at)
  const bound = previous.status?.phase === 'Bound'
  const munged: V1PersistentVolumeClaimSpec = { ...now }
  // Binding writes the volume's name, once.
  if ((before.volumeName ?? '') === '') delete munged.volumeName
  // A class may be given to a claim that never had one: the default one, made later.
  const hadClass =
    before.storageClassName !== undefined || (previous.metadata?.annotations?.[classAnnotation] ?? '') !== ''
  if (!hadClass) delete munged.storageClassName
  if (bound) {
    munged.resources = { ...now.resources }
    const storage = before.resources?.requests?.['storage']
    // Only the storage asked for may change; other requests, and losing all of them, may not.
    if (now.resources?.requests !== undefined && storage !== undefined) {
      munged.resources.requests = { ...now.resources.requests, storage }
    }
    if (before.volumeAttributesClassName === undefined) delete munged.volumeAttributesClassName
    else munged.volumeAttributesClassName = before.volumeAttributesClassName
  }
  const errors: FieldError[] = [...groups]
  const compared = (before.volumeName ?? '') === '' ? withoutName(before) : before
  if (!sameJson(munged, compared))
    errors.push(forbidden(at, `${fixed}\n${internalDiff('core.v1.PersistentVolumeClaimSpec', compared, munged)}`))
  if (size(now).cmp(size(before)) < 0 && size(now).cmp(capacity(previous)) <= 0) {
    errors.push(forbidden(at.child('resources', 'requests', 'storage'), 'field can not be less than status.capacity'))
  }
  if (now.volumeMode !== before.volumeMode) {
    errors.push(invalid(root.child('volumeMode'), now.volumeMode ?? null, 'field is immutable'))
  }
  return errors
}

function withoutName(spec: V1PersistentVolumeClaimSpec): V1PersistentVolumeClaimSpec {
  const { volumeName: _volumeName, ...rest } = spec
  return rest
}

const size = (spec: V1PersistentVolumeClaimSpec) => parseQuantity(spec.resources?.requests?.['storage'] ?? '0')
const capacity = (claim: V1PersistentVolumeClaim) => parseQuantity(claim.status?.capacity?.['storage'] ?? '0')
