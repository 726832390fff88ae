import { controllerOf } from '@kapell/controllers/machinery/owner-refs'
import type { V1Pod } from '@kapell/openapi/types'
import { scriptOf } from './script.ts'

/** As the metrics API takes it: what was used so far, at a time. */
export interface UsageReading {
  atMs: number
  cpuSeconds: number
  memoryBytes: number
  startedAtSeconds: number
}

export interface NodeUsage {
  node: UsageReading
  /** By "namespace/pod", then by container. */
  pods: Map<string, Map<string, UsageReading>>
}

interface Metered {
  cpuSeconds: number
  atMs: number
}

const isRunning = ({ status, metadata }: V1Pod): boolean =>
  status?.phase === 'Running' && metadata?.deletionTimestamp === undefined

/**
 * What simulated pods use, by their scripts: counters of CPU that go on from reading to reading, so that a script may
 * change under way. A pod's share of a load is equal to that of the others of its controller that run.
 */
export class UsageMeter {
  readonly #pods = new Map<string, Metered>()
  readonly #nodes = new Map<string, Metered>()

  /** The readings of all nodes. Pods that do not run use nothing, and what they used is forgotten. */
  read(nodeNames: Iterable<string>, pods: readonly V1Pod[], nowMs: number): Map<string, NodeUsage> {
    const running = pods.filter(isRunning)
    const siblings = new Map<string, number>()
    for (const pod of running) siblings.set(groupOf(pod), (siblings.get(groupOf(pod)) ?? 0) + 1)
    const seen = new Set(running.map(({ metadata }) => metadata?.uid ?? ''))
    for (const uid of this.#pods.keys()) if (!seen.has(uid)) this.#pods.delete(uid)
    const found = new Map<string, NodeUsage>()
    const cores = new Map<string, number>()
    for (const name of nodeNames)
      found.set(name, { node: { atMs: nowMs, cpuSeconds: 0, memoryBytes: 0, startedAtSeconds: 0 }, pods: new Map() })
    for (const pod of running) {
      const nodeName = pod.spec?.nodeName ?? ''
      const on = found.get(nodeName)
      if (on === undefined) continue
      const { cpuCores, sharedCpuCores, memoryBytes } = scriptOf(pod)
      const rate = cpuCores + sharedCpuCores / (siblings.get(groupOf(pod)) ?? 1)
      const { cpuSeconds } = advance(this.#pods, pod.metadata?.uid ?? '', rate, nowMs)
      on.pods.set(
        `${pod.metadata?.namespace ?? ''}/${pod.metadata?.name ?? ''}`,
        split(pod, cpuSeconds, memoryBytes, nowMs),
      )
      on.node.memoryBytes += memoryBytes
      cores.set(nodeName, (cores.get(nodeName) ?? 0) + rate)
    }
    for (const [name, { node }] of found)
      node.cpuSeconds = advance(this.#nodes, name, cores.get(name) ?? 0, nowMs).cpuSeconds
    return found
  }
}

/** Pods of one controller share a load; one of its own bears its own. */
function groupOf(pod: V1Pod): string {
  return controllerOf(pod)?.uid ?? pod.metadata?.uid ?? ''
}

function advance(meters: Map<string, Metered>, key: string, cores: number, nowMs: number): Metered {
  const before = meters.get(key) ?? { cpuSeconds: 0, atMs: nowMs }
  const now = { cpuSeconds: before.cpuSeconds + (cores * (nowMs - before.atMs)) / 1000, atMs: nowMs }
  meters.set(key, now)
  return now
}

/** The containers of a pod use as much as one another. */
function split(pod: V1Pod, cpuSeconds: number, memoryBytes: number, atMs: number): Map<string, UsageReading> {
  const statuses = pod.status?.containerStatuses ?? []
  return new Map(
    statuses.map(({ name, state }) => [
      name,
      {
        atMs,
        cpuSeconds: cpuSeconds / statuses.length,
        memoryBytes: Math.round(memoryBytes / statuses.length),
        startedAtSeconds: Math.floor(Date.parse(state?.running?.startedAt ?? '') / 1000) || 0,
      },
    ]),
  )
}
