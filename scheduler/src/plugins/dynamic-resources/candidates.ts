import { untolerated } from '@kapell/controllers/machinery/placement/device-taints'
import type { PoolDevice, ReachablePool } from '../../framework/devices.ts'
import type { ClaimToAllocate, Ask } from './requests.ts'
import { AllocationError, type SelectorBook } from './selectors.ts'

/**
 * Devices that a request could be given, in the order they are tried. They are looked for as far as they are asked for:
 * a selector that fails for a device nobody gets to does no harm.
 */
export interface Candidates {
  at: (index: number) => PoolDevice | undefined
}

export interface Looking {
  ask: Ask
  claim: ClaimToAllocate
  pools: readonly ReachablePool[]
  selectors: SelectorBook
}

export function candidatesFor(looking: Looking, isPossible: (device: PoolDevice) => boolean): Candidates {
  const found: PoolDevice[] = []
  const rest = looking.pools
    .filter(({ pool }) => pool.isComplete && !pool.isInvalid)
    .values()
    .flatMap(({ devices }) => devices)
  return {
    at: (index) => {
      while (found.length <= index) {
        const { value: device, done } = rest.next()
        if (done === true) return undefined
        if (isTolerated(looking.ask, device) && isPossible(device) && isWanted(looking, device)) found.push(device)
      }
      return found[index]
    },
  }
}

/** All that match, free or not; `undefined` when one of them may not be used. */
export function allFor(looking: Looking): PoolDevice[] | undefined {
  const { ask, claim, pools } = looking
  const found: PoolDevice[] = []
  for (const { pool, devices } of pools) {
    if (!pool.isComplete || pool.isInvalid) {
      const state = pool.isComplete ? 'invalid' : 'being updated'
      throw new AllocationError(
        `claim ${claim.key}, request ${ask.name}: asks for all devices, but resource pool ${pool.key} is currently ${state}`,
      )
    }
    found.push(...devices.filter((device) => isWanted(looking, device)))
  }
  return found.every((device) => isTolerated(ask, device)) ? found : undefined
}

function isWanted({ ask, claim, selectors }: Looking, device: PoolDevice): boolean {
  return selectors.ofClass(ask.deviceClass, device) && selectors.matches(ask.selectors, `claim ${claim.key}`, device)
}

function isTolerated(ask: Ask, { device }: PoolDevice): boolean {
  return ask.adminAccess || untolerated(device.taints ?? [], ask.tolerations, ['NoSchedule', 'NoExecute']).length === 0
}
