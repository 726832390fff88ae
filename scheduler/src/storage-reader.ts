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
  const waiters = new Set<{ keys: ReadonlySet<string>; look: () => void }>()
  const wake = (key?: string): void => {
    for (const waiter of waiters) if (key === undefined || waiter.keys.has(key)) waiter.look()
  }
  claimInformer.onChange({
    add: (claim) => wake(keyOf(claim)),
    update: (_, claim) => wake(keyOf(claim)),
    delete: (claim) => wake(keyOf(claim)),
  })
  volumeInformer.onChange({ add: () => wake(), update: () => wake(), delete: () => wake() })

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
    until: (keys, timeoutMs, look) =>
      new Promise((resolve, reject) => {
        const end = new AbortController()
        const waiter = {
          keys: new Set(keys),
          look: () => {
            try {
              const found = look()
              if (found === undefined) return
              finish()
              resolve(found)
            } catch (error) {
              finish()
              reject(error as Error)
            }
          },
        }
        const finish = (): void => {
          waiters.delete(waiter)
          end.abort()
        }
        waiters.add(waiter)
        void clock.sleep(timeoutMs, AbortSignal.any([signal, end.signal])).then(() => {
          if (end.signal.aborted) return
          finish()
          reject(new Error(signal.aborted ? 'the scheduler stops' : 'context deadline exceeded'))
        })
        waiter.look()
      }),
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
