import { errorText } from '@kapell/controllers/machinery/log'
import { parseQuantity } from '@kapell/openapi/meta/quantity'
import type { V1PersistentVolumeClaim, V1PersistentVolumeClaimStatus, V1Pod } from '@kapell/openapi/types'
import type { BoundClaim } from './claim.ts'
import type { ExpandRequest } from './csi/mount.ts'
import type { SourceRequest } from './persistent.ts'

export interface GrowOptions {
  expand(request: ExpandRequest): Promise<boolean>
  /** Writes the status of a claim, by merge patch. */
  patchClaim(namespace: string, name: string, status: Record<string, unknown>): Promise<unknown>
  events(pod: V1Pod, type: 'Normal' | 'Warning', reason: string, message: string): void
}

const resizing = ['FileSystemResizePending', 'Resizing', 'ControllerResizeError', 'NodeResizeError']

/** The size that a volume has and its claim does not know of yet, in bytes; undefined when there is nothing to do. */
export function grownTo({ claim, volume }: BoundClaim): number | undefined {
  const has = volume.spec?.capacity?.['storage']
  const known = claim.status?.capacity?.['storage']
  if (has === undefined || known === undefined) return undefined
  const size = parseQuantity(has)
  return size.cmp(parseQuantity(known)) > 0 ? size.value() : undefined
}

/** A claim's status once its volume has the size. */
export function grownStatus(claim: V1PersistentVolumeClaim, size: string): Record<string, unknown> {
  const status: V1PersistentVolumeClaimStatus = claim.status ?? {}
  return {
    capacity: { ...status.capacity, storage: size },
    conditions: (status.conditions ?? []).filter(({ type }) => !resizing.includes(type)),
    ...(status.allocatedResourceStatuses === undefined ? {} : { allocatedResourceStatuses: { storage: null } }),
  }
}

/**
 * When whoever made a volume has made it larger, what is on it grows with it while pods go on using it: the driver is
 * asked to, and the claim then says what it has. Source: "Expanding Persistent Volumes Claims", "in use".
 */
export function createGrow(options: GrowOptions): (request: SourceRequest, bound: BoundClaim) => Promise<void> {
  return async (request, bound) => {
    const sizeBytes = grownTo(bound)
    if (sizeBytes === undefined || request.readOnly || request.volume.spec?.csi === undefined) return
    const name = bound.volume.metadata?.name ?? ''
    const node = request.pod.spec?.nodeName ?? ''
    try {
      if (!(await options.expand({ ...request, sizeBytes }))) return
    } catch (error) {
      const text = `NodeExpandVolume.NodeExpandVolume failed for volume "${name}" : ${errorText(error)}`
      options.events(request.pod, 'Warning', 'VolumeResizeFailed', text)
      return
    }
    const { namespace = '', name: claimName = '' } = bound.claim.metadata ?? {}
    const size = bound.volume.spec?.capacity?.['storage'] ?? ''
    await options.patchClaim(namespace, claimName, grownStatus(bound.claim, size))
    const text = `MountVolume.NodeExpandVolume succeeded for volume "${name}" ${node}`
    options.events(request.pod, 'Normal', 'FileSystemResizeSuccessful', text)
  }
}
