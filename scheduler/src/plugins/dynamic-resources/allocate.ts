import type { DeviceUse, PoolDevice, ReachablePool } from '../../framework/devices.ts'
import { allFor, candidatesFor, type Candidates } from './candidates.ts'
import { consumedBy, type Consumed } from './capacity.ts'
import { constraintFrom, type Constraint } from './constraints.ts'
import { Ledger } from './ledger.ts'
import type { Ask, ClaimToAllocate, Request } from './requests.ts'
import { AllocationError, type SelectorBook } from './selectors.ts'

/** One device of an allocation. */
export interface Picked {
  ask: Ask
  device: PoolDevice
  /** Of devices that are shared. */
  consumed?: Consumed
}

/** By claim, in their order. */
export type Allocation = readonly (readonly Picked[])[]

export interface Problem {
  claims: readonly ClaimToAllocate[]
  pools: readonly ReachablePool[]
  uses: ReadonlyMap<string, DeviceUse>
  selectors: SelectorBook
  /** Devices tried before the search is given up. */
  maxSteps?: number
}

/** So many devices one claim can have. Source: the API reference, "DeviceAllocationResult". */
const maxDevices = 32
/** A tenth of a second or so: everything else of the process waits meanwhile. */
const defaultMaxSteps = 100_000

/**
 * Finds devices for all claims at once: requests in their order, each with its best alternative and the first devices
 * that leave the rest possible. Undefined: there are none.
 * @throws AllocationError when nobody can say.
 */
export function allocate(problem: Problem): Allocation | undefined {
  for (const claim of problem.claims) refuseTooMany(claim, problem)
  return new Search(problem).run()
}

function refuseTooMany(claim: ClaimToAllocate, { pools, selectors }: Problem): void {
  const sizeOf = (ask: Ask): number => (ask.all ? (allFor({ ask, claim, pools, selectors })?.length ?? 0) : ask.count)
  let least = 0
  for (const { alternatives, isPrioritized } of claim.requests)
    least += Math.min(...alternatives.map((ask) => (isPrioritized && ask.all ? 0 : sizeOf(ask))))
  if (least > maxDevices)
    throw new AllocationError(
      `claim ${claim.key}: number of requested devices ${least} exceeds the claim limit of ${maxDevices}`,
    )
}

class Search {
  readonly #problem: Problem
  readonly #ledger: Ledger
  readonly #constraints: readonly (readonly Constraint[])[]
  readonly #candidates = new Map<Ask, Candidates>()
  readonly #consumed = new Map<PoolDevice, Map<Ask, Consumed | undefined>>()
  readonly #picked: Picked[][]
  #stepsLeft: number

  constructor(problem: Problem) {
    this.#problem = problem
    this.#ledger = new Ledger(problem.uses)
    this.#constraints = problem.claims.map(({ constraints }) => constraints.map(constraintFrom))
    this.#picked = problem.claims.map(() => [])
    this.#stepsLeft = problem.maxSteps ?? defaultMaxSteps
  }

  run(): Allocation | undefined {
    return this.#claim(0) ? this.#picked : undefined
  }

  #claim(index: number): boolean {
    const claim = this.#problem.claims[index]
    return claim === undefined || this.#request(index, claim, 0)
  }

  #request(index: number, claim: ClaimToAllocate, at: number): boolean {
    const request = claim.requests[at]
    if (request === undefined) return this.#claim(index + 1)
    return request.alternatives.some((ask) =>
      this.#alternative(index, claim, ask, () => this.#request(index, claim, at + 1)),
    )
  }

  #alternative(index: number, claim: ClaimToAllocate, ask: Ask, goOn: () => boolean): boolean {
    const { pools, selectors } = this.#problem
    if (!ask.all) {
      const candidates = this.#candidatesOf(ask, claim)
      return this.#some({ index, ask, goOn, left: ask.count, from: 0, deviceAt: (i) => candidates.at(i) })
    }
    const all = allFor({ ask, claim, pools, selectors })
    if (all === undefined || all.length === 0) return false
    return this.#every(index, ask, all, goOn)
  }

  /** `left` more devices, from the candidate `from` on: those before have been tried in this place. */
  #some(of: {
    index: number
    ask: Ask
    goOn: () => boolean
    left: number
    from: number
    deviceAt: (index: number) => PoolDevice | undefined
  }): boolean {
    if (of.left === 0) return of.goOn()
    for (let i = of.from; ; i++) {
      const device = of.deviceAt(i)
      if (device === undefined) return false
      if (!this.#take(of.index, of.ask, device)) continue
      if (this.#some({ ...of, left: of.left - 1, from: i + 1 })) return true
      this.#giveBack(of.index)
    }
  }

  #every(index: number, ask: Ask, devices: readonly PoolDevice[], goOn: () => boolean): boolean {
    let taken = 0
    for (; taken < devices.length; taken++) {
      const device = devices[taken]
      if (device === undefined || !this.#take(index, ask, device)) break
    }
    if (taken === devices.length && goOn()) return true
    for (; taken > 0; taken--) this.#giveBack(index)
    return false
  }

  #take(index: number, ask: Ask, device: PoolDevice): boolean {
    if (--this.#stepsLeft < 0) throw new AllocationError('timed out trying to allocate devices')
    const picked = this.#picked[index] ?? []
    if (picked.length >= maxDevices) return false
    const consumed = this.#consumedBy(ask, device)
    if (consumed === undefined) return false
    const shared = device.device.allowMultipleAllocations === true ? consumed : undefined
    const constraints = this.#constraints[index] ?? []
    const refusing = constraints.findIndex((constraint) => !constraint.add(ask, device))
    const added = refusing < 0 ? constraints : constraints.slice(0, refusing)
    if (refusing < 0 && (ask.adminAccess || this.#ledger.take(device, shared))) {
      picked.push({ ask, device, ...(shared === undefined ? {} : { consumed: shared }) })
      return true
    }
    for (const constraint of added) constraint.remove(ask, device)
    return false
  }

  #giveBack(index: number): void {
    const last = this.#picked[index]?.pop()
    if (last === undefined) return
    for (const constraint of this.#constraints[index] ?? []) constraint.remove(last.ask, last.device)
    if (!last.ask.adminAccess) this.#ledger.giveBack(last.device)
  }

  #candidatesOf(ask: Ask, claim: ClaimToAllocate): Candidates {
    const { pools, selectors } = this.#problem
    let candidates = this.#candidates.get(ask)
    if (candidates === undefined) {
      const isPossible = (device: PoolDevice): boolean => this.#isPossible(ask, device)
      this.#candidates.set(ask, (candidates = candidatesFor({ ask, claim, pools, selectors }, isPossible)))
    }
    return candidates
  }

  /** Whether the device could be taken if this search had taken nothing else. */
  #isPossible(ask: Ask, device: PoolDevice): boolean {
    const consumed = this.#consumedBy(ask, device)
    if (consumed === undefined) return false
    const use = this.#problem.uses.get(device.id)
    if (ask.adminAccess || use === undefined) return true
    return device.device.allowMultipleAllocations === true && use.exclusive === 0
  }

  #consumedBy(ask: Ask, device: PoolDevice): Consumed | undefined {
    const known = this.#consumed.get(device) ?? new Map<Ask, Consumed | undefined>()
    if (!known.has(ask)) {
      known.set(ask, consumedBy(ask.capacity, device.device))
      this.#consumed.set(device, known)
    }
    return known.get(ask)
  }
}

/** Better the more often a first alternative was had; 0 when there was nothing to choose. */
export function preference(requests: readonly Request[], picked: readonly Picked[]): number {
  let sum = 0
  for (const { name, alternatives, isPrioritized } of requests) {
    if (!isPrioritized) continue
    const used = picked.find(({ ask }) => ask.parent === name)?.ask.name
    sum += maxAlternatives - alternatives.findIndex((ask) => ask.name === used)
  }
  return sum
}

/** So many one request can offer. */
const maxAlternatives = 8
