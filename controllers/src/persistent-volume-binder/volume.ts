import { annotationOf, annotations, sameMode } from '@kapell/controllers/machinery/placement/volumes'
import type { V1PersistentVolume, V1PersistentVolumeClaim } from '@kapell/openapi/types'
import { unbind } from './bind.ts'
import type { BinderDeps } from './deps.ts'
import { setVolumePhase } from './phases.ts'

/** One look at a volume: its phase follows its claim, and it is reclaimed when that is gone. */
export async function syncVolume(deps: BinderDeps, volume: V1PersistentVolume): Promise<void> {
  const ref = volume.spec?.claimRef
  if (ref === undefined || (ref.uid ?? '') === '') {
    await setVolumePhase(deps, volume, 'Available')
    // Waits for a claim of that name.
    if (ref !== undefined) deps.wakeClaim(`${ref.namespace ?? ''}/${ref.name ?? ''}`)
    return
  }
  const claim = await boundClaim(deps, volume)
  if (claim === undefined) return release(deps, volume)
  const claimKey = `${ref.namespace ?? ''}/${ref.name ?? ''}`
  const volumeName = claim.spec?.volumeName ?? ''
  if (volumeName === '') {
    if (sameMode(volume, claim)) return deps.wakeClaim(claimKey)
    const what = `to requested PersistentVolumeClaim "${claim.metadata?.name ?? ''}" due to incompatible volumeMode.`
    deps.event(volume, 'Warning', 'VolumeMismatch', `Cannot bind PersistentVolume ${what}`)
    const other = `to requested PersistentVolume "${volume.metadata?.name ?? ''}" due to incompatible volumeMode.`
    deps.event(claim, 'Warning', 'VolumeMismatch', `Cannot bind PersistentVolumeClaim ${other}`)
    return
  }
  if (volumeName === volume.metadata?.name) {
    await setVolumePhase(deps, volume, 'Bound')
    return
  }
  // The claim took another volume: one that was made for it goes, any other is free again.
  const made = annotationOf(volume, annotations.provisionedBy) !== undefined
  if (made && volume.spec?.persistentVolumeReclaimPolicy === 'Delete') return release(deps, volume)
  await unbind(deps, volume)
}

/** The claim the volume points at; undefined when it is gone or another has its name now. */
async function boundClaim(deps: BinderDeps, volume: V1PersistentVolume): Promise<V1PersistentVolumeClaim | undefined> {
  const { namespace = '', name = '', uid } = volume.spec?.claimRef ?? {}
  const cached = deps.claims.get(`${namespace}/${name}`)
  if (cached?.metadata?.uid === uid) return cached
  // The cache may be behind, and what is reclaimed is lost.
  const latest = await deps.latestClaim(namespace, name)
  return latest?.metadata?.uid === uid ? latest : undefined
}

async function release(deps: BinderDeps, volume: V1PersistentVolume): Promise<void> {
  const phase = volume.status?.phase
  const released = phase === 'Released' || phase === 'Failed' ? volume : await setVolumePhase(deps, volume, 'Released')
  if (phase === 'Failed') return
  const name = volume.metadata?.name ?? ''
  switch (volume.spec?.persistentVolumeReclaimPolicy) {
    case 'Delete':
      // Who made it unmakes it.
      if (annotationOf(volume, annotations.provisionedBy) !== undefined || volume.spec.csi !== undefined) return
      await setVolumePhase(deps, released, 'Failed', {
        reason: 'VolumeFailedDelete',
        message: `error getting deleter volume plugin for volume "${name}": no deletable volume plugin matched`,
      })
      return
    case 'Recycle':
      await setVolumePhase(deps, released, 'Failed', {
        reason: 'VolumeFailedRecycle',
        message: 'No recycler plugin found for the volume!',
      })
  }
}
