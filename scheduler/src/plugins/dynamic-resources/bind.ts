import { claimFinalizer, isReservedFor } from '@kapell/controllers/machinery/placement/resource-claims'
import { keyOf } from '@kapell/controllers/machinery/store'
import { isReason } from '@kapell/openapi/meta/status'
import { rfc3339 } from '@kapell/openapi/meta/time'
import type { ResourceV1ResourceClaim, V1AllocationResult, V1Pod } from '@kapell/openapi/types'
import type { Devices } from '../../framework/devices.ts'
import { bindingOf } from './claims.ts'

/** Upstream's default of bindingTimeout. */
const bindingTimeoutMs = 600_000
const maxAttempts = 5

/**
 * Writes that the pod uses the claim, and which devices it was given unless it has them. Others may write the claim
 * meanwhile: it is read again then.
 */
export async function reserveClaim(
  devices: Devices,
  pod: V1Pod,
  known: ResourceV1ResourceClaim,
  allocation: V1AllocationResult | undefined,
): Promise<ResourceV1ResourceClaim> {
  let claim = known
  for (let attempt = 1; ; attempt++) {
    try {
      return await reserveOnce(devices, pod, claim, allocation)
    } catch (error) {
      if (!isReason(error, 'Conflict') || attempt === maxAttempts) throw error
      claim = await devices.readClaim(keyOf(known))
      if (claim.metadata?.uid !== known.metadata?.uid) throw error
    }
  }
}

async function reserveOnce(
  devices: Devices,
  pod: V1Pod,
  known: ResourceV1ResourceClaim,
  allocation: V1AllocationResult | undefined,
): Promise<ResourceV1ResourceClaim> {
  let claim = known
  const { name = '', uid = '' } = pod.metadata ?? {}
  if (claim.metadata?.deletionTimestamp !== undefined)
    throw new Error(`claim ${claim.metadata.name ?? ''} got deleted in the meantime`)
  if (allocation !== undefined && claim.status?.allocation !== undefined)
    throw new Error(`claim ${claim.metadata?.name ?? ''} got allocated elsewhere in the meantime`)
  const finalizers = claim.metadata?.finalizers ?? []
  if (allocation !== undefined && !finalizers.includes(claimFinalizer))
    claim = await devices.updateClaim({
      ...claim,
      metadata: { ...claim.metadata, finalizers: [...finalizers, claimFinalizer] },
    })
  if (isReservedFor(claim, uid)) return claim
  return devices.updateClaimStatus({
    ...claim,
    status: {
      ...claim.status,
      ...(allocation === undefined
        ? {}
        : { allocation: { ...allocation, allocationTimestamp: rfc3339(devices.now()) } }),
      reservedFor: [...(claim.status?.reservedFor ?? []), { resource: 'pods', name, uid }],
    },
  })
}

/** The pod does not use it after all. */
export async function unreserveClaim(devices: Devices, pod: V1Pod, key: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const claim = await devices.readClaim(key)
    const { uid } = pod.metadata ?? {}
    if (!isReservedFor(claim, uid)) return
    const reservedFor = claim.status?.reservedFor?.filter((consumer) => consumer.uid !== uid) ?? []
    try {
      await devices.updateClaimStatus({ ...claim, status: { ...claim.status, reservedFor } })
      return
    } catch (error) {
      if (!isReason(error, 'Conflict') || attempt === maxAttempts) throw error
    }
  }
}

/** Waits for devices that are made ready for the node before the pod is bound. Source: KEP-5007. */
export async function bindingConditionsMet(
  devices: Devices,
  pod: V1Pod,
  written: readonly ResourceV1ResourceClaim[],
  nodeName: string,
): Promise<void> {
  const waiting = written.filter((claim) => bindingOf(claim).pending.length > 0)
  if (waiting.length === 0) return
  devices.event(
    pod,
    'Normal',
    'BindingConditionsPending',
    `waiting for binding conditions for device on node ${nodeName}`,
  )
  const keys = waiting.map(keyOf)
  try {
    await devices.until(keys, bindingTimeoutMs, () => keys.every((key) => isReady(devices, key)) || undefined)
  } catch (error) {
    if ((error as Error).message !== 'context deadline exceeded') throw error
    throw new Error('device binding timeout', { cause: error })
  }
}

function isReady(devices: Devices, key: string): boolean {
  const claim = devices.claim(key)
  if (claim === undefined) throw new Error(`resourceclaim "${key}" not found`)
  if (claim.status?.allocation === undefined) throw new Error(`claim ${key} is not allocated any more`)
  const { failed, pending } = bindingOf(claim)
  const [first] = failed
  if (first !== undefined)
    throw new Error(
      `device binding failed: claim=${claim.metadata?.name ?? ''}, reason=${first.reason ?? ''}, message=${JSON.stringify(first.message ?? '')}`,
    )
  return pending.length === 0
}
