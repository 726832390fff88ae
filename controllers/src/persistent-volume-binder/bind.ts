import { annotations, pointedAtClaim, withAnnotation } from '@kapell/controllers/machinery/placement/volumes'
import type { V1PersistentVolume, V1PersistentVolumeClaim } from '@kapell/openapi/types'
import type { BinderDeps } from './deps.ts'
import { setClaimPhase, setVolumePhase } from './phases.ts'

function pointedAtVolume(claim: V1PersistentVolumeClaim, volume: V1PersistentVolume): V1PersistentVolumeClaim {
  const name = volume.metadata?.name ?? ''
  let next = claim
  if (claim.spec?.volumeName !== name) {
    next = withAnnotation({ ...next, spec: { ...next.spec, volumeName: name } }, annotations.boundByController, 'yes')
  }
  return next.metadata?.annotations?.[annotations.bindCompleted] === undefined
    ? withAnnotation(next, annotations.bindCompleted, 'yes')
    : next
}

/** Makes the two point at each other, the volume first: each step alone is safe, and the next look finishes what is left. */
export async function bind(
  deps: BinderDeps,
  volume: V1PersistentVolume,
  claim: V1PersistentVolumeClaim,
): Promise<void> {
  const pointed = pointedAtClaim(volume, claim)
  const stored = pointed === volume ? volume : await deps.updateVolume(pointed)
  const bound = await setVolumePhase(deps, stored, 'Bound')
  const wanted = pointedAtVolume(claim, bound)
  const named = wanted === claim ? claim : await deps.updateClaim(wanted)
  await setClaimPhase(deps, named, 'Bound', bound)
}

/** Takes the binding back: wholly when it was ours, else only the uid of the claim that had it. */
export async function unbind(deps: BinderDeps, volume: V1PersistentVolume): Promise<V1PersistentVolume> {
  const { claimRef, ...spec } = volume.spec ?? {}
  const { [annotations.boundByController]: ours, ...kept } = volume.metadata?.annotations ?? {}
  if (claimRef === undefined) return volume
  const next: V1PersistentVolume = { ...volume, metadata: { ...volume.metadata, annotations: kept }, spec }
  if (ours === undefined) {
    const { uid: _uid, resourceVersion: _version, ...ref } = claimRef
    next.spec = { ...spec, claimRef: ref }
  }
  return setVolumePhase(deps, await deps.updateVolume(next), 'Available')
}
