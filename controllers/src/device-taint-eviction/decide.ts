import { toleratesDevice } from '@kapell/controllers/machinery/placement/device-taints'
import type { ResourceV1ResourceClaim, V1DeviceTaint } from '@kapell/openapi/types'

/** The taints of a device by "driver/pool/device". */
export type TaintsOf = (device: string) => readonly V1DeviceTaint[]

/**
 * When users of a claim must have stopped, in ms since the epoch, because of NoExecute taints of its devices;
 * undefined: they may stay. Source: KEP-5055.
 */
export function evictAtMs(claim: ResourceV1ResourceClaim, taintsOf: TaintsOf, nowMs: number): number | undefined {
  let earliest: number | undefined
  for (const { driver, pool, device, tolerations = [] } of claim.status?.allocation?.devices?.results ?? []) {
    for (const taint of taintsOf(`${driver}/${pool}/${device}`)) {
      if (taint.effect !== 'NoExecute') continue
      const at = endOf(taint, tolerations, nowMs)
      if (at !== undefined) earliest = Math.min(earliest ?? at, at)
    }
  }
  return earliest
}

type Tolerations = NonNullable<
  NonNullable<NonNullable<NonNullable<ResourceV1ResourceClaim['status']>['allocation']>['devices']>['results']
>[number]['tolerations']

function endOf(taint: V1DeviceTaint, tolerations: NonNullable<Tolerations>, nowMs: number): number | undefined {
  const since = Date.parse(taint.timeAdded ?? '')
  const from = Number.isNaN(since) ? nowMs : since
  const covering = tolerations.filter((toleration) => toleratesDevice(toleration, taint))
  if (covering.length === 0) return from
  const seconds = covering.map(({ tolerationSeconds }) => tolerationSeconds).filter((one) => one !== undefined)
  return seconds.length === 0 ? undefined : from + Math.max(0, Math.min(...seconds)) * 1000
}
