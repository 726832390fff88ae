import type { Clock } from '@kapell/controllers/machinery/clock'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import type { V1Pod } from '@kapell/openapi/types'
import { identityOf } from '../pods/record.ts'
import { cpuShares, podCgroup } from '../pods/resources.ts'
import { readCgroup } from '../stats/cgroup.ts'
import type { Hierarchy } from './hierarchy.ts'
import { burstableShares, leastShares, podLimits, type PodLimitOptions } from './pod-limits.ts'

/** The groups that pods live in: one for all, below it those of the QoS classes, and one a pod. */
export interface Cgroups {
  /** Makes those above the pods. Throws when this machine does not let us. */
  open(): Promise<void>
  /** Makes a pod's group, or gives it the limits that its spec has now. */
  apply(pod: V1Pod): Promise<void>
  /** Removes the group of a pod that has ended. */
  remove(uid: string): Promise<void>
  /** Bytes of memory that a group uses now; undefined when there is no such group. */
  memoryInUse(path: string): Promise<number | undefined>
  /** Weighs the classes against each other again, now and then. */
  start(signal: AbortSignal): void
}

export interface CgroupsOptions extends PodLimitOptions {
  hierarchy: Hierarchy
  /** "/kapell-1a2b3c4d" */
  root: string
  /** What all pods together may take. */
  node: { milliCpu: number; memoryBytes: number }
  /** Those that have not ended. */
  pods(): readonly V1Pod[]
  clock: Clock
  log: Logger
}

const everyMs = 60_000

export function createCgroups(options: CgroupsOptions): Cgroups {
  const { hierarchy, root, node, pods, clock, log } = options
  const all = `${root}/kubepods`
  const weigh = (more: readonly V1Pod[] = []): Promise<void> => {
    const known = pods()
    const uids = new Set(known.map((pod) => identityOf(pod).uid))
    const missing = more.filter((pod) => !uids.has(identityOf(pod).uid))
    return hierarchy.apply(`${all}/burstable`, { cpuShares: burstableShares([...known, ...missing]) })
  }
  const grumble = (error: unknown): void => {
    log.warn(`control groups of pods: ${errorText(error)}`)
  }
  return {
    open: async () => {
      await hierarchy.apply(all, { cpuShares: cpuShares(node.milliCpu), memoryBytes: node.memoryBytes })
      await hierarchy.apply(`${all}/besteffort`, { cpuShares: leastShares })
      await weigh()
    },
    apply: async (pod) => {
      await hierarchy.apply(podCgroup(root, pod), podLimits(pod, options))
      await weigh([pod])
    },
    remove: async (uid) => {
      for (const qos of ['', '/burstable', '/besteffort']) await hierarchy.remove(`${all}${qos}/pod${uid}`)
    },
    memoryInUse: async (path) => (await readCgroup(path))?.usageBytes,
    start: (signal) => clock.every(everyMs, () => weigh(), signal, grumble),
  }
}

/** Of a node that only simulates its pods. */
export const noCgroups: Cgroups = {
  open: () => Promise.resolve(),
  apply: () => Promise.resolve(),
  remove: () => Promise.resolve(),
  memoryInUse: () => Promise.resolve(undefined),
  start: () => {},
}
