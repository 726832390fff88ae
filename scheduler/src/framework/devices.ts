import type {
  ResourceV1ResourceClaim,
  V1AllocationResult,
  V1Device,
  V1DeviceClass,
  V1Pod,
  V1ResourceSlice,
} from '@kapell/openapi/types'
import type { NodeInfo } from './node-info.ts'

/**
 * Whether a device is what an expression asks for. Throws an error with upstream's text when the expression cannot be
 * compiled, or fails for this device.
 */
export type DeviceSelector = (candidate: { driver: string; device: V1Device }) => boolean

/** From the text of an expression; the language itself lives elsewhere. */
export type CompileDeviceSelector = (expression: string) => DeviceSelector

/** The devices of one driver under one name, of its newest generation. */
export interface Pool {
  /** "driver/pool". */
  readonly key: string
  readonly driver: string
  readonly name: string
  readonly devices: readonly PoolDevice[]
  /** All slices of the generation are known. */
  readonly isComplete: boolean
  /** What the driver published makes no sense. */
  readonly isInvalid: boolean
  /** Shared counters by "set/counter", in nanos. */
  readonly counters: ReadonlyMap<string, bigint>
}

export interface PoolDevice {
  /** "driver/pool/device". */
  readonly id: string
  readonly pool: Pool
  readonly slice: V1ResourceSlice
  readonly device: V1Device
}

/** Pools of which a node can reach something, in the order they are tried. */
export interface ReachablePool {
  readonly pool: Pool
  readonly devices: readonly PoolDevice[]
}

/** What claims have taken of a device; administrators' looks at it do not count. */
export interface DeviceUse {
  /** Allocations that share it with nobody. */
  exclusive: number
  /** Shares, and by name what they have taken of its capacity, in nanos. */
  shares: number
  capacity: Map<string, bigint>
}

/**
 * Devices and claims as the scheduler sees them: what informers tell, and on top of it what it has decided itself.
 * Claims are named by "namespace/name".
 */
export interface Devices {
  compileSelector: CompileDeviceSelector
  claim: (key: string) => ResourceV1ResourceClaim | undefined
  deviceClass: (name: string) => V1DeviceClass | undefined
  /** The class that stands behind an extended resource. */
  classOfResource: (resourceName: string) => V1DeviceClass | undefined
  poolsOn: (node: NodeInfo) => readonly ReachablePool[]
  uses: ReadonlyMap<string, DeviceUse>
  /** Decided, and not yet written. */
  isInFlight: (claimUid: string) => boolean
  /** Devices count as taken from now on; `uid` is the claim's, or that of the pod whose claim is still to be made. */
  take: (uid: string, allocation: V1AllocationResult) => void
  /** Written as `claim`, or come to nothing. */
  settle: (uid: string, claim?: ResourceV1ResourceClaim) => void
  now: () => Date
  readClaim: (key: string) => Promise<ResourceV1ResourceClaim>
  createClaim: (claim: ResourceV1ResourceClaim) => Promise<ResourceV1ResourceClaim>
  updateClaim: (claim: ResourceV1ResourceClaim) => Promise<ResourceV1ResourceClaim>
  updateClaimStatus: (claim: ResourceV1ResourceClaim) => Promise<ResourceV1ResourceClaim>
  deleteClaim: (claim: ResourceV1ResourceClaim) => Promise<void>
  patchPodStatus: (pod: V1Pod, status: object) => Promise<void>
  event: (pod: V1Pod, type: 'Normal' | 'Warning', reason: string, message: string) => void
  /** The first answer of `look` that is not undefined, asked again at every change of these claims. Rejects in time. */
  until: <T>(claimKeys: readonly string[], timeoutMs: number, look: () => T | undefined) => Promise<T>
}
