import type { V1PersistentVolume, V1PersistentVolumeClaim } from '@kapell/openapi/types'
import { sameMeaning } from '../shared/equal.ts'
import type { BinderDeps } from './deps.ts'

type VolumePhase = 'Available' | 'Bound' | 'Released' | 'Failed'

export async function setVolumePhase(
  deps: BinderDeps,
  volume: V1PersistentVolume,
  phase: VolumePhase,
  why: { reason?: string; message?: string } = {},
): Promise<V1PersistentVolume> {
  const { status } = volume
  if (status?.phase === phase && (why.message ?? '') === (status.message ?? '')) return volume
  const { reason: _reason, message: _message, ...rest } = status ?? {}
  // The reason is the event's alone.
  const { message } = why
  const next = await deps.updateVolumeStatus({
    ...volume,
    status: { ...rest, phase, ...(message === undefined ? {} : { message }) },
  })
  if (phase === 'Failed') deps.event(next, 'Warning', why.reason ?? '', why.message ?? '')
  return next
}

/** The phase of a claim, with what its volume gives it when there is one. */
export async function setClaimPhase(
  deps: BinderDeps,
  claim: V1PersistentVolumeClaim,
  phase: 'Pending' | 'Bound' | 'Lost',
  volume?: V1PersistentVolume,
): Promise<V1PersistentVolumeClaim> {
  const status = { ...claim.status, phase }
  if (volume === undefined) {
    delete status.accessModes
    delete status.capacity
  } else {
    if (volume.spec?.accessModes !== undefined) status.accessModes = [...volume.spec.accessModes]
    // Later the two may differ on purpose: the volume has grown and its file system has not yet.
    const storage = volume.spec?.capacity?.['storage']
    if (storage !== undefined && (claim.status?.phase !== 'Bound' || claim.status.capacity?.['storage'] === undefined))
      status.capacity = { ...claim.status?.capacity, storage }
    if (claim.status?.phase !== 'Bound' && volume.spec?.volumeAttributesClassName !== undefined)
      status.currentVolumeAttributesClassName = volume.spec.volumeAttributesClassName
  }
  if (sameMeaning(status, claim.status)) return claim
  return deps.updateClaimStatus({ ...claim, status })
}

/** As {@link setClaimPhase}, telling why when the phase is new. */
export async function tellClaimPhase(
  deps: BinderDeps,
  claim: V1PersistentVolumeClaim,
  phase: 'Lost',
  event: { reason: string; message: string },
): Promise<void> {
  const isNew = claim.status?.phase !== phase
  const next = await setClaimPhase(deps, claim, phase)
  if (isNew) deps.event(next, 'Warning', event.reason, event.message)
}
