import { podRequests } from '@kapell/controllers/machinery/placement/resources'
import { parseQuantity } from '@kapell/openapi/meta/quantity'
import type { V1Container, V1Pod } from '@kapell/openapi/types'
import { cpuQuota, cpuShares, qosClass } from '../pods/resources.ts'
import type { CgroupLimits } from './hierarchy.ts'

/** The least the kernel knows: what those get who asked for nothing. */
export const leastShares = 2

const cpuOf = (list: Record<string, string> | undefined): number =>
  list?.['cpu'] === undefined ? 0 : parseQuantity(list['cpu']).milliValue()
const memoryOf = (list: Record<string, string> | undefined): number =>
  list?.['memory'] === undefined ? 0 : parseQuantity(list['memory']).value()

/**
 * A limit of a whole pod: stated for the pod, or else what its containers may take together, if every one of them has a
 * limit; sidecars count beside the others, the rest of the init containers one at a time. 0: none.
 */
function podLimit(pod: V1Pod, amountOf: (list: Record<string, string> | undefined) => number): number {
  const stated = amountOf(pod.spec?.resources?.limits)
  if (stated > 0) return stated
  const inits = pod.spec?.initContainers ?? []
  const containers = pod.spec?.containers ?? []
  const limitOf = (container: V1Container): number => amountOf(container.resources?.limits)
  if ([...inits, ...containers].some((container) => limitOf(container) === 0)) return 0
  let total = containers.reduce((sum, container) => sum + limitOf(container), 0)
  let sidecars = 0
  let peak = 0
  for (const container of inits) {
    if (container.restartPolicy === 'Always') {
      sidecars += limitOf(container)
      total += limitOf(container)
      peak = Math.max(peak, sidecars)
    } else peak = Math.max(peak, sidecars + limitOf(container))
  }
  return Math.max(total, peak) + amountOf(pod.spec?.overhead)
}

export interface PodLimitOptions {
  /** Of every pod; 0: no limit. */
  podPids: number
  /** Sizes of huge pages that this machine has, by the kernel's name ("2MB") and by the name of the resource. */
  hugePages: Readonly<Record<string, string>>
}

/** What a pod's cgroup may take. Source: "Pod Quality of Service Classes"; enhancements 2837 and 1287. */
export function podLimits(pod: V1Pod, { podPids, hugePages }: PodLimitOptions): CgroupLimits {
  const qos = qosClass(pod)
  const requests = podRequests(pod)
  const limits = pod.spec?.resources?.limits
  const hugePagesOf = (resource: string): number =>
    limits?.[resource] === undefined ? (requests.scalar.get(resource) ?? 0) : parseQuantity(limits[resource]).value()
  return {
    cpuShares: qos === 'BestEffort' ? leastShares : cpuShares(requests.milliCpu),
    cpuQuota: qos === 'BestEffort' ? 0 : cpuQuota(podLimit(pod, cpuOf)),
    memoryBytes: qos === 'BestEffort' ? 0 : podLimit(pod, memoryOf),
    ...(podPids > 0 ? { pids: podPids } : {}),
    hugePages: Object.fromEntries(Object.entries(hugePages).map(([size, resource]) => [size, hugePagesOf(resource)])),
  }
}

/** The weight of all burstable pods together, against the guaranteed ones. */
export function burstableShares(pods: readonly V1Pod[]): number {
  const milli = pods
    .filter((pod) => qosClass(pod) === 'Burstable')
    .reduce((sum, pod) => sum + podRequests(pod).milliCpu, 0)
  return cpuShares(milli)
}
