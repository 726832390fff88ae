import type { Clock } from '@kapell/controllers/machinery/clock'
import type { V1Pod } from '@kapell/openapi/types'
import { openHierarchy } from '../cgroups/hierarchy.ts'
import { createCgroups, noCgroups, type Cgroups } from '../cgroups/manager.ts'
import type { Machine } from '../node/machine.ts'
import { keptFree } from '../node/registration.ts'
import type { NodeAgentOptions } from '../options.ts'
import { hugePageSize } from '../pods/resources.ts'

export interface CgroupParts {
  options: NodeAgentOptions
  machine: Machine
  /** "/kapell-1a2b3c4d" */
  root: string
  clock: Clock
}

/** The groups that this node's pods live in. */
export function cgroupsOf({ options, machine, root, clock }: CgroupParts): (parts: { pods: () => V1Pod[] }) => Cgroups {
  if (options.simulated === true) return () => noCgroups
  const reserved = keptFree(machine, options.reserved, [])
  return ({ pods }) =>
    createCgroups({
      hierarchy: openHierarchy(),
      root,
      // Eviction comes before the kernel's own end of things: only what is reserved is taken off.
      node: {
        milliCpu: machine.cpus * 1000 - reserved.milliCpu,
        memoryBytes: machine.memoryBytes - reserved.memoryBytes,
      },
      podPids: options.podMaxPids ?? 0,
      hugePages: Object.fromEntries(Object.keys(machine.hugePages).map((name) => [hugePageSize(name), name])),
      pods,
      clock,
      log: options.log,
    })
}
