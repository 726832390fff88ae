import type { V1Container, V1Pod } from '@kapell/openapi/types'
import type { ContainerLimits, ContainerRecord } from './record.ts'
import { parseQuantity } from '@kapell/openapi/meta/quantity'

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort'

const milli = (quantity: string | undefined): number =>
  quantity === undefined ? 0 : parseQuantity(quantity).milliValue()
const value = (quantity: string | undefined): number => (quantity === undefined ? 0 : parseQuantity(quantity).value())

/** The API server stores it; computed for pods that come without. Source: Kubernetes docs, "Quality of Service". */
export function qosClass(pod: V1Pod): QosClass {
  const stored = pod.status?.qosClass
  if (stored === 'Guaranteed' || stored === 'Burstable' || stored === 'BestEffort') return stored
  const own = pod.spec?.resources
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]
  // What is stated for the whole pod counts alone.
  const stated = own?.requests !== undefined || own?.limits !== undefined
  const all = (stated ? [{ resources: own }] : containers).map(({ resources }) => ({
    requests: resources?.requests ?? {},
    limits: resources?.limits ?? {},
  }))
  const counts = (set: Record<string, string>, name: string): boolean => value(set[name]) > 0 || milli(set[name]) > 0
  const none = all.every(({ requests, limits }) =>
    ['cpu', 'memory'].every((name) => !counts(requests, name) && !counts(limits, name)),
  )
  if (none) return 'BestEffort'
  const guaranteed = all.every(({ requests, limits }) =>
    ['cpu', 'memory'].every(
      (name) => counts(limits, name) && milli(requests[name] ?? limits[name]) === milli(limits[name]),
    ),
  )
  return guaranteed ? 'Guaranteed' : 'Burstable'
}

/** cgroup weights as CRI takes them. 2 is the least the kernel knows, 262144 the most. */
export function cpuShares(milliCpu: number): number {
  return Math.min(262_144, Math.max(2, Math.floor((milliCpu * 1024) / 1000)))
}

export const cpuPeriodMicros = 100_000

/** Microseconds of CPU per period; the kernel takes no less than 1000. 0 is no limit. */
export function cpuQuota(milliCpu: number): number {
  return milliCpu === 0 ? 0 : Math.max(1000, Math.floor((milliCpu * cpuPeriodMicros) / 1000))
}

/** Source: Kubernetes docs, "Node out of memory behavior"; enhancement 2837 for what is stated for the whole pod. */
export function oomScoreAdj(pod: V1Pod, container: V1Container, memoryCapacityBytes: number): number {
  if (pod.spec?.priorityClassName === 'system-node-critical') return -997
  switch (qosClass(pod)) {
    case 'Guaranteed':
      return -997
    case 'BestEffort':
      return 1000
    case 'Burstable': {
      const request = value(container.resources?.requests?.['memory']) + shareOfPodMemory(pod)
      const adjust = Math.floor(1000 - (1000 * request) / memoryCapacityBytes)
      return Math.min(999, Math.max(3, adjust))
    }
  }
}

/** Of the memory that a pod asks for beyond what its containers do, each has an equal part. */
function shareOfPodMemory(pod: V1Pod): number {
  const stated = pod.spec?.resources?.requests?.['memory']
  const containers = pod.spec?.containers ?? []
  if (stated === undefined || containers.length === 0) return 0
  const asked = containers.reduce((sum, { resources }) => sum + value(resources?.requests?.['memory']), 0)
  return Math.max(0, value(stated) - asked) / containers.length
}

export interface CgroupResources {
  cpuPeriod: bigint
  cpuQuota: bigint
  cpuShares: bigint
  memoryLimitInBytes: bigint
  oomScoreAdj: bigint
  hugepageLimits: { pageSize: string; limit: bigint }[]
}

/** A container's share of the machine. */
export function containerResources(pod: V1Pod, container: V1Container, memoryCapacityBytes: number): CgroupResources {
  const wanted = wantedLimits(pod, container)
  return {
    cpuPeriod: BigInt(cpuPeriodMicros),
    cpuQuota: BigInt(wanted.cpuQuota),
    cpuShares: BigInt(wanted.cpuShares),
    memoryLimitInBytes: BigInt(wanted.memoryBytes),
    oomScoreAdj: BigInt(oomScoreAdj(pod, container, memoryCapacityBytes)),
    hugepageLimits: Object.entries(container.resources?.limits ?? {})
      .filter(([name]) => name.startsWith('hugepages-'))
      .map(([name, amount]) => ({ pageSize: hugePageSize(name), limit: BigInt(value(amount)) })),
  }
}

/** "2MB" of "hugepages-2Mi": the kernel's name of it. */
export function hugePageSize(resource: string): string {
  let kilobytes = parseQuantity(resource.slice('hugepages-'.length)).value() / 1024
  for (const unit of ['KB', 'MB']) {
    if (kilobytes < 1024) return `${kilobytes}${unit}`
    kilobytes /= 1024
  }
  return `${kilobytes}GB`
}

/** What a container's cgroup shall be given, as the runtime tells what it was given. Without a limit, the pod's holds. */
export function wantedLimits(pod: V1Pod, container: V1Container): ContainerLimits {
  const { requests = {}, limits = {} } = container.resources ?? {}
  const stated = pod.spec?.resources?.limits
  const limitMilli = milli(limits['cpu']) || milli(stated?.['cpu'])
  return {
    cpuShares: cpuShares(requests['cpu'] === undefined ? limitMilli : milli(requests['cpu'])),
    cpuQuota: cpuQuota(limitMilli),
    memoryBytes: value(limits['memory']) || value(stated?.['memory']),
  }
}

/** How a running container must follow its spec: not at all, by new limits, or by a restart. */
export function resizeNeeded(
  pod: V1Pod,
  container: V1Container,
  record: ContainerRecord,
): 'none' | 'update' | 'restart' {
  const { limits: actual } = record
  if (actual === undefined) return 'none'
  const wanted = wantedLimits(pod, container)
  const cpu = wanted.cpuShares !== actual.cpuShares || wanted.cpuQuota !== actual.cpuQuota
  const memory = wanted.memoryBytes !== actual.memoryBytes
  if (!cpu && !memory) return 'none'
  const restarts = (name: string): boolean =>
    container.resizePolicy?.some(
      ({ resourceName, restartPolicy }) => resourceName === name && restartPolicy === 'RestartContainer',
    ) === true
  return (cpu && restarts('cpu')) || (memory && restarts('memory')) ? 'restart' : 'update'
}

/** The pod's cgroup below `root` ("/kapell-1a2b3c4d"): one folder a QoS class, guaranteed pods at the top. */
export function podCgroup(root: string, pod: V1Pod): string {
  const qos = qosClass(pod)
  const folder = qos === 'Guaranteed' ? '' : `/${qos.toLowerCase()}`
  return `${root === '/' ? '' : root}/kubepods${folder}/pod${pod.metadata?.uid ?? ''}`
}
