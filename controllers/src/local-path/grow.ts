import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { EventRecorder } from '@kapell/controllers/machinery/event-recorder'
import { requestedSize, volumeSize } from '@kapell/controllers/machinery/placement/volumes'
import { persistentVolumeClaims, persistentVolumes } from '@kapell/openapi/meta/refs'
import type { V1PersistentVolume, V1PersistentVolumeClaim } from '@kapell/openapi/types'

/** A directory has no size of its own: growing is a matter of saying so, on the volume first. */
export async function grow(
  { client, events }: { client: ApiClient; events: EventRecorder },
  claim: V1PersistentVolumeClaim,
  volume: V1PersistentVolume,
): Promise<void> {
  const storage = claim.spec?.resources?.requests?.['storage'] ?? '0'
  const name = volume.metadata?.name ?? ''
  if (volumeSize(volume).cmp(requestedSize(claim)) < 0) {
    events.event(claim, 'Normal', 'Resizing', `External resizer is resizing volume ${name}`)
    const capacity = { ...volume.spec?.capacity, storage }
    await client.resource(persistentVolumes).update({ ...volume, spec: { ...volume.spec, capacity } })
  }
  const { conditions = [], allocatedResourceStatuses: _statuses, ...status } = claim.status ?? {}
  const settled = conditions.filter(({ type }) => type !== 'Resizing' && type !== 'FileSystemResizePending')
  await client.resource(persistentVolumeClaims, claim.metadata?.namespace).updateStatus({
    ...claim,
    status: {
      ...status,
      ...(settled.length === 0 ? {} : { conditions: settled }),
      capacity: { ...status.capacity, storage },
      allocatedResources: { ...status.allocatedResources, storage },
    },
  })
  events.event(claim, 'Normal', 'VolumeResizeSuccessful', 'Resize volume succeeded')
}
