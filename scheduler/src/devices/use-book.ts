import { parseQuantity } from '@kapell/openapi/meta/quantity'
import type { ResourceV1ResourceClaim, V1AllocationResult } from '@kapell/openapi/types'
import type { DeviceUse } from '../framework/devices.ts'

interface Share {
  id: string
  /** Undefined: the whole device. */
  capacity?: readonly (readonly [name: string, nanos: bigint])[]
}

/** What claims have taken of devices, kept current as claims and decisions come and go. */
export class UseBook {
  readonly uses = new Map<string, DeviceUse>()
  readonly #stored = new Map<string, readonly Share[]>()
  /** Of decisions that the API server does not tell of yet; with the version they were written as. */
  readonly #decided = new Map<string, { shares: readonly Share[]; writtenAs?: bigint }>()

  /** The API server tells of a claim. */
  setClaim(claim: ResourceV1ResourceClaim): void {
    const uid = claim.metadata?.uid ?? ''
    this.#replace(this.#stored, uid, sharesOf(claim.status?.allocation))
    const decided = this.#decided.get(uid)
    if (decided?.writtenAs !== undefined && versionOf(claim) >= decided.writtenAs) this.settle(uid)
  }

  removeClaim(uid: string): void {
    this.#replace(this.#stored, uid, [])
    this.settle(uid)
  }

  take(uid: string, allocation: V1AllocationResult): void {
    this.settle(uid)
    const shares = sharesOf(allocation)
    this.#decided.set(uid, { shares })
    for (const share of shares) this.#count(share, 1)
  }

  /** Still taken until the API server tells of it. */
  written(uid: string, claim: ResourceV1ResourceClaim): void {
    const decided = this.#decided.get(uid)
    if (decided === undefined) return
    const own = claim.metadata?.uid ?? uid
    if (own !== uid) {
      this.#decided.delete(uid)
      this.#decided.set(own, decided)
    }
    decided.writtenAs = versionOf(claim)
    if (this.#known(own)) this.settle(own)
  }

  settle(uid: string): void {
    for (const share of this.#decided.get(uid)?.shares ?? []) this.#count(share, -1)
    this.#decided.delete(uid)
  }

  /** Decided, and being written. */
  isInFlight(uid: string): boolean {
    const decided = this.#decided.get(uid)
    return decided !== undefined && decided.writtenAs === undefined
  }

  #known(uid: string): boolean {
    return this.#stored.has(uid)
  }

  #replace(shares: Map<string, readonly Share[]>, uid: string, next: readonly Share[]): void {
    for (const share of shares.get(uid) ?? []) this.#count(share, -1)
    for (const share of next) this.#count(share, 1)
    if (next.length === 0) shares.delete(uid)
    else shares.set(uid, next)
  }

  #count({ id, capacity }: Share, by: 1 | -1): void {
    const use = this.uses.get(id) ?? { exclusive: 0, shares: 0, capacity: new Map<string, bigint>() }
    if (capacity === undefined) use.exclusive += by
    else {
      use.shares += by
      for (const [name, nanos] of capacity)
        use.capacity.set(name, (use.capacity.get(name) ?? 0n) + (by === 1 ? nanos : -nanos))
    }
    if (use.exclusive + use.shares <= 0) this.uses.delete(id)
    else this.uses.set(id, use)
  }
}

function sharesOf(allocation: V1AllocationResult | undefined): Share[] {
  return (allocation?.devices?.results ?? [])
    .filter(({ adminAccess }) => adminAccess !== true)
    .map(({ driver, pool, device, shareID, consumedCapacity }) => ({
      id: `${driver}/${pool}/${device}`,
      ...(shareID === undefined
        ? {}
        : {
            capacity: Object.entries(consumedCapacity ?? {}).map(
              ([name, amount]) => [name, parseQuantity(amount).nanos] as const,
            ),
          }),
    }))
}

function versionOf(claim: ResourceV1ResourceClaim): bigint {
  const text = claim.metadata?.resourceVersion ?? ''
  return /^\d+$/.test(text) ? BigInt(text) : 0n
}
