import { AssumeCache } from '@kapell/controllers/machinery/assume-cache'
import { defineController } from '@kapell/controllers/machinery/controller'
import { annotationOf, annotations, claimKeysOf, classNameOf } from '@kapell/controllers/machinery/placement/volumes'
import { keyOf } from '@kapell/controllers/machinery/store'
import { persistentVolumeClaims, persistentVolumes, pods, storageClasses } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1PersistentVolumeClaim } from '@kapell/openapi/types'
import { syncClaim } from './claim.ts'
import type { BinderDeps } from './deps.ts'
import { measureVolumes } from './measures.ts'
import { syncVolume } from './volume.ts'

/** How often a claim that waits is looked at without a change: as upstream does, so that its events stay fresh. */
const lookAgainMs = 15_000

const claimKey = (key: string): string => `claim ${key}`
const volumeKey = (name: string): string => `volume ${name}`
/** Claims that are not bound, by class. */
const unbound = 'unbound'

/**
 * Binds claims to volumes and reclaims volumes whose claim is gone; making volumes is left to provisioners.
 * Source: "Persistent Volumes". One worker: two claims never reach for the same volume at once.
 */
export const persistentVolumeBinder = defineController<BinderDeps, V1PersistentVolumeClaim>({
  name: 'persistentvolume-binder-controller',
  serviceAccount: 'persistent-volume-binder',
  component: 'persistentvolume-controller',
  queue: 'claims',
  setup: ({ client, events, informer, queue, metrics }) => {
    const claimInformer = informer(persistentVolumeClaims, {
      indexers: {
        [unbound]: (claim) =>
          annotationOf(claim, annotations.bindCompleted) === undefined ? [classNameOf(claim)] : [],
        volume: (claim) => [claim.spec?.volumeName ?? ''],
      },
    })
    const volumeInformer = informer(persistentVolumes, {
      indexers: {
        class: (volume) => [classNameOf(volume)],
        claim: ({ spec }) => [`${spec?.claimRef?.namespace ?? ''}/${spec?.claimRef?.name ?? ''}`],
      },
    })
    const classInformer = informer(storageClasses)
    const podInformer = informer(pods, { indexers: { claimKey: claimKeysOf } })
    measureVolumes(
      metrics,
      () => volumeInformer.lister.list(),
      () => claimInformer.lister.list(),
    )
    const claims = new AssumeCache(claimInformer.lister)
    const volumes = new AssumeCache(volumeInformer.lister)
    const wakeClaim = (key: string): void => queue.add(claimKey(key))
    const wakeVolume = (name: string): void => queue.add(volumeKey(name))
    const wakeUnbound = (className: string): void => {
      for (const claim of claimInformer.lister.byIndex(unbound, className)) wakeClaim(keyOf(claim))
    }

    const wakeVolumesOf = (claim: V1PersistentVolumeClaim): void => {
      for (const volume of volumeInformer.lister.byIndex('claim', keyOf(claim))) wakeVolume(volume.metadata?.name ?? '')
    }
    claimInformer.onChange({
      add: (claim) => {
        wakeClaim(keyOf(claim))
        wakeVolumesOf(claim)
      },
      update: (_, claim) => {
        wakeClaim(keyOf(claim))
        if ((claim.spec?.volumeName ?? '') !== '') wakeVolume(claim.spec?.volumeName ?? '')
      },
      delete: (claim) => {
        wakeVolumesOf(claim)
        if ((claim.spec?.volumeName ?? '') !== '') wakeVolume(claim.spec?.volumeName ?? '')
      },
    })
    volumeInformer.onChange({
      add: (volume) => wakeVolume(volume.metadata?.name ?? ''),
      update: (before, volume) => {
        wakeVolume(volume.metadata?.name ?? '')
        const isFree = volume.status?.phase === 'Available' && volume.spec?.claimRef === undefined
        if (isFree && before.status?.phase !== 'Available') wakeUnbound(classNameOf(volume))
        for (const claim of claimInformer.lister.byIndex('volume', volume.metadata?.name ?? '')) wakeClaim(keyOf(claim))
      },
      delete: (volume) => {
        for (const claim of claimInformer.lister.byIndex('volume', volume.metadata?.name ?? '')) wakeClaim(keyOf(claim))
      },
    })
    const classChanged = (name: string): void => {
      wakeUnbound(name)
      wakeUnbound('')
    }
    classInformer.onChange({
      add: (one) => classChanged(one.metadata?.name ?? ''),
      update: (_, one) => classChanged(one.metadata?.name ?? ''),
    })

    const claimsIn = (claim: V1PersistentVolumeClaim) =>
      client.resource(persistentVolumeClaims, claim.metadata?.namespace)
    const volumeClient = client.resource(persistentVolumes)
    const kept = async <T>(cache: { assume(object: T): void }, written: Promise<T>): Promise<T> => {
      const object = await written
      cache.assume(object)
      return object
    }
    return {
      claims,
      volumes,
      candidates: (claim) => {
        const named = volumes.byIndex('claim', keyOf(claim))
        const free = volumes.byIndex('class', classNameOf(claim)).filter(({ spec }) => spec?.claimRef === undefined)
        return [...named, ...free]
      },
      storageClass: (name) => classInformer.lister.get(name),
      classes: () => classInformer.lister.list(),
      podsOf: (key) => podInformer.lister.byIndex('claimKey', key),
      latestClaim: (namespace, name) =>
        client
          .resource(persistentVolumeClaims, namespace)
          .get(name)
          .catch((error: unknown) => {
            if (isReason(error, 'NotFound')) return undefined
            throw error
          }),
      updateClaim: (claim) => kept(claims, claimsIn(claim).update(claim)),
      updateClaimStatus: (claim) => kept(claims, claimsIn(claim).updateStatus(claim)),
      updateVolume: (volume) => kept(volumes, volumeClient.update(volume)),
      updateVolumeStatus: (volume) => kept(volumes, volumeClient.updateStatus(volume)),
      event: (object, type, reason, message) => events.event(object, type, reason, message),
      wakeClaim,
      wakeVolume,
    }
  },
  reconcile: async (key, deps) => {
    const [kind, name = ''] = key.split(' ')
    if (kind === 'volume') {
      const volume = deps.volumes.get(name)
      if (volume !== undefined) await syncVolume(deps, volume)
      return
    }
    const claim = deps.claims.get(name)
    if (claim === undefined) return
    const waits = await syncClaim(deps, claim)
    return waits ? { afterMs: lookAgainMs } : {}
  },
})
