import type { ApiClient } from '@kapell/controllers/machinery/client'
import { defineController } from '@kapell/controllers/machinery/controller'
import type { Lister } from '@kapell/controllers/machinery/store'
import { persistentVolumes } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1PersistentVolume } from '@kapell/openapi/types'
import { isDeleting } from '../shared/pods.ts'
import { withFinalizer } from './finalizer.ts'

const finalizer = 'kubernetes.io/pv-protection'

interface Dependencies {
  client: ApiClient
  volumes: Lister<V1PersistentVolume>
}

/** Keeps volumes that are bound from going away. Source: "Persistent Volumes", "Storage Object in Use Protection". */
export const volumeProtectionController = defineController<Dependencies, V1PersistentVolume>({
  name: 'pv-protection-controller',
  queue: 'pvprotection',
  primary: persistentVolumes,
  setup: ({ client, lister }) => ({ client, volumes: lister(persistentVolumes) }),
  reconcile: async (name, { client, volumes }) => {
    const volume = volumes.get(name)
    if (volume === undefined) return
    const next = withFinalizer(volume, finalizer, !isDeleting(volume) || volume.status?.phase === 'Bound')
    if (next === undefined) return
    try {
      await client.resource(persistentVolumes).update(next)
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  },
})
