import { parseQuantity } from '@kapell/openapi/meta/quantity'
import type { DeviceUse, Pool, PoolDevice } from '../../framework/devices.ts'
import type { Consumed } from './capacity.ts'

/**
 * What is left of devices, as claims and this search have taken of them. Taking and giving back go in the manner of a
 * stack.
 */
export class Ledger {
  readonly #uses: ReadonlyMap<string, DeviceUse>
  /** Taken by this search, by device. */
  readonly #taken = new Map<string, { exclusive: boolean; shares: Consumed[] }>()
  /** What is left of a pool's counters, in nanos. */
  readonly #counters = new Map<Pool, Map<string, bigint>>()

  constructor(uses: ReadonlyMap<string, DeviceUse>) {
    this.#uses = uses
  }

  /** Whether nobody else has what a request wants of the device; undefined `consumed`: it wants all of it. */
  isFree(candidate: PoolDevice, consumed: Consumed | undefined): boolean {
    const use = this.#uses.get(candidate.id)
    const taken = this.#taken.get(candidate.id)
    if (use === undefined && taken === undefined) return true
    if (consumed === undefined || (use?.exclusive ?? 0) > 0 || taken?.exclusive === true) return false
    for (const [name, amount] of consumed) {
      let total = amount.nanos + (use?.capacity.get(name) ?? 0n)
      for (const share of taken?.shares ?? []) total += share.get(name)?.nanos ?? 0n
      if (total > parseQuantity(candidate.device.capacity?.[name]?.value ?? '0').nanos) return false
    }
    return true
  }

  /** False: it is not free, or its pool has not enough of what it would consume. */
  take(candidate: PoolDevice, consumed: Consumed | undefined): boolean {
    if (!this.isFree(candidate, consumed)) return false
    const taken = this.#taken.get(candidate.id)
    const isNew = taken === undefined && !this.#uses.has(candidate.id)
    if (isNew && !this.#consume(candidate, 1n)) return false
    if (taken === undefined)
      this.#taken.set(candidate.id, {
        exclusive: consumed === undefined,
        shares: consumed === undefined ? [] : [consumed],
      })
    else if (consumed !== undefined) taken.shares.push(consumed)
    return true
  }

  giveBack(candidate: PoolDevice): void {
    const taken = this.#taken.get(candidate.id)
    taken?.shares.pop()
    if (taken === undefined || taken.shares.length > 0) return
    this.#taken.delete(candidate.id)
    if (!this.#uses.has(candidate.id)) this.#consume(candidate, -1n)
  }

  #consume({ device, pool }: PoolDevice, sign: 1n | -1n): boolean {
    const wanted = consumptionOf(device.consumesCounters)
    if (wanted.length === 0) return true
    const left = this.#leftOf(pool)
    if (sign === 1n && wanted.some(([counter, nanos]) => (left.get(counter) ?? 0n) < nanos)) return false
    for (const [counter, nanos] of wanted) left.set(counter, (left.get(counter) ?? 0n) - sign * nanos)
    return true
  }

  #leftOf(pool: Pool): Map<string, bigint> {
    let left = this.#counters.get(pool)
    if (left === undefined) {
      left = new Map(pool.counters)
      for (const { id, device } of pool.devices)
        if (this.#uses.has(id))
          for (const [counter, nanos] of consumptionOf(device.consumesCounters))
            left.set(counter, (left.get(counter) ?? 0n) - nanos)
      this.#counters.set(pool, left)
    }
    return left
  }
}

function consumptionOf(consumes: PoolDevice['device']['consumesCounters']): [counter: string, nanos: bigint][] {
  return (consumes ?? []).flatMap(({ counterSet, counters }) =>
    Object.entries(counters).map(([name, { value }]): [string, bigint] => [
      `${counterSet}/${name}`,
      parseQuantity(value).nanos,
    ]),
  )
}
