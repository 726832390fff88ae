import { annotations } from '@kapell/controllers/machinery/placement/volumes'
import type { V1PersistentVolume, V1PersistentVolumeClaim } from '@kapell/openapi/types'
import type { BinderDeps } from './deps.ts'
import { setClaimPhase, setVolumePhase } from './phases.ts'

function withAnnotation<T extends { metadata?: { annotations?: Record<string, string> } }>(object: T, name: string): T {
  return {
    ...object,
    metadata: { ...object.metadata, annotations: { ...object.metadata?.annotations, [name]: 'yes' } },
  }
}

/** The volume pointing at the claim. What was not there before is marked as ours, so that it can be taken back. */
export function pointedAtClaim(volume: V1PersistentVolume, claim: V1PersistentVolumeClaim): V1PersistentVolume {
  const ref = volume.spec?.claimRef
  const { namespace, name, uid, resourceVersion } = claim.metadata ?? {}
  if (ref !== undefined && ref.uid === uid && ref.name === name && ref.namespace === namespace) return volume
  const claimRef = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  }
  const next = { ...volume, spec: { ...volume.spec, claimRef } }
  return ref === undefined ? withAnnotation(next, annotations.boundByController) : next
}

function pointedAtVolume(claim: V1PersistentVolumeClaim, volume: V1PersistentVolume): V1PersistentVolumeClaim {
  const name = volume.metadata?.name ?? ''
  let next = claim
  if (claim.spec?.volumeName !== name) {
    next = withAnnotation({ ...next, spec: { ...next.spec, volumeName: name } }, annotations.boundByController)
  }
  return next.metadata?.annotations?.[annotations.bindCompleted] === undefined
    ? withAnnotation(next, annotations.bindCompleted)
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
