import { AssumeCache } from '@kapell/controllers/machinery/assume-cache'
import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Clock } from '@kapell/controllers/machinery/clock'
import type { InformerFactory } from '@kapell/controllers/machinery/informer-factory'
import { classNameOf } from '@kapell/controllers/machinery/placement/volumes'
import type { SharedInformer } from '@kapell/controllers/machinery/shared-informer'
import { keyOf } from '@kapell/controllers/machinery/store'
import type { KubeObject } from '@kapell/openapi/meta/object'
import {
  csiDrivers,
  csiNodes,
  csiStorageCapacities,
  persistentVolumeClaims,
  persistentVolumes,
  storageClasses,
} from '@kapell/openapi/meta/refs'
import type { ClusterEvent } from './framework/plugin.ts'
import type { Storage } from './framework/storage.ts'
import { Waiters } from './waiters.ts'

/** What volume plug-ins read of the cluster, from informers, and the writes that tie claims to nodes and volumes. */
export function storageReader(options: {
  client: ApiClient
  informers: InformerFactory
  clock: Clock
  signal: AbortSignal
}): {
  storage: Storage
  /** Tells of every change that could let a waiting pod fit. Resolves when the first state is in. */
  watch: (tell: (event: ClusterEvent, before: unknown, after: unknown) => void) => Promise<void>
} {
  const { client, informers, clock, signal } = options
  const claimInformer = informers.informer(persistentVolumeClaims)
  const volumeInformer = informers.informer(persistentVolumes, {
    indexers: {
      class: (volume) => [classNameOf(volume)],
      claim: ({ spec }) => [`${spec?.claimRef?.namespace ?? ''}/${spec?.claimRef?.name ?? ''}`],
    },
  })
  const classInformer = informers.informer(storageClasses)
  const nodeInformer = informers.informer(csiNodes)
  const driverInformer = informers.informer(csiDrivers)
  const capacityInformer = informers.informer(csiStorageCapacities)
  const claims = new AssumeCache(claimInformer.lister)
  const volumes = new AssumeCache(volumeInformer.lister)
  const waiters = new Waiters(clock, signal)
  claimInformer.onChange({
    add: (claim) => waiters.wake(keyOf(claim)),
    update: (_, claim) => waiters.wake(keyOf(claim)),
    delete: (claim) => waiters.wake(keyOf(claim)),
  })
  volumeInformer.onChange({ add: () => waiters.wake(), update: () => waiters.wake(), delete: () => waiters.wake() })

  const storage: Storage = {
    claim: (key) => claims.get(key),
    volume: (name) => volumes.get(name),
    candidates: (claim) => {
      const named = volumes.byIndex('claim', keyOf(claim))
      const free = volumes.byIndex('class', classNameOf(claim)).filter(({ spec }) => spec?.claimRef === undefined)
      return [...named, ...free]
    },
    storageClass: (name) => classInformer.lister.get(name),
    csiNode: (nodeName) => nodeInformer.lister.get(nodeName),
    csiDriver: (name) => driverInformer.lister.get(name),
    capacities: () => capacityInformer.lister.list(),
    assume: ({ claim, volume }) => {
      if (claim !== undefined) claims.assume(claim)
      if (volume !== undefined) volumes.assume(volume)
    },
    restore: ({ claim, volume }) => {
      if (claim !== undefined) claims.restore(keyOf(claim))
      if (volume !== undefined) volumes.restore(keyOf(volume))
    },
    updateClaim: (claim) => client.resource(persistentVolumeClaims, claim.metadata?.namespace).update(claim),
    updateVolume: (volume) => client.resource(persistentVolumes).update(volume),
    until: (keys, timeoutMs, look) => waiters.until(keys, timeoutMs, look),
  }

  const watch = async (tell: (event: ClusterEvent, before: unknown, after: unknown) => void): Promise<void> => {
    const follow = <T extends KubeObject>(
      informer: SharedInformer<T>,
      add: ClusterEvent,
      update: ClusterEvent,
    ): void => {
      informer.onChange({
        add: (object) => tell(add, undefined, object),
        update: (before, after) => tell(update, before, after),
      })
    }
    follow(claimInformer, 'PersistentVolumeClaimAdd', 'PersistentVolumeClaimUpdate')
    follow(volumeInformer, 'PersistentVolumeAdd', 'PersistentVolumeUpdate')
    follow(classInformer, 'StorageClassAdd', 'StorageClassUpdate')
    follow(nodeInformer, 'CSINodeAdd', 'CSINodeUpdate')
    follow(driverInformer, 'CSIDriverAdd', 'CSIDriverUpdate')
    follow(capacityInformer, 'CSIStorageCapacityAdd', 'CSIStorageCapacityUpdate')
    const all = [claimInformer, volumeInformer, classInformer, nodeInformer, driverInformer, capacityInformer]
    await Promise.all(all.map((informer) => informer.synced()))
  }
  return { storage, watch }
}
