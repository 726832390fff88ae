import { defineController } from '@kapell/controllers/machinery/controller'
import type { EventRecorder } from '@kapell/controllers/machinery/event-recorder'
import { requestedSize, wantsToGrow } from '@kapell/controllers/machinery/placement/volumes'
import { keyOf, type Lister } from '@kapell/controllers/machinery/store'
import { persistentVolumeClaims } from '@kapell/openapi/meta/refs'
import type { V1PersistentVolumeClaim } from '@kapell/openapi/types'

interface Dependencies {
  events: EventRecorder
  claims: Lister<V1PersistentVolumeClaim>
}

/**
 * Says of claims that want to grow who is waited for: growing is done by whoever made the volume.
 * Source: "Persistent Volumes", "Expanding Persistent Volumes Claims".
 */
export const volumeExpandController = defineController<Dependencies, V1PersistentVolumeClaim>({
  name: 'persistentvolume-expander-controller',
  serviceAccount: 'expand-controller',
  component: 'volume_expand',
  queue: 'volume_expand',
  setup: ({ events, informer, queue }) => {
    const claims = informer(persistentVolumeClaims)
    claims.onChange({
      update: (before, claim) => {
        if (wantsToGrow(claim) && requestedSize(claim).cmp(requestedSize(before)) > 0) queue.add(keyOf(claim))
      },
    })
    return { events, claims: claims.lister }
  },
  reconcile: (key, { events, claims }) => {
    const claim = claims.get(key)
    if (claim !== undefined && wantsToGrow(claim))
      events.event(claim, 'Normal', 'ExternalExpanding', 'waiting for an external controller to expand this PVC')
    return Promise.resolve()
  },
})
