import { parseQuantity } from '@kapell/openapi/meta/quantity'
import type { V1Container, V1Pod, V1ResourceRequirements } from '@kapell/openapi/types'

/**
 * Amounts of what a node offers and a pod asks for, as plain numbers so that filters only compare.
 * CPU counts in thousandths of a core, memory and ephemeral storage in bytes, everything else in its own unit.
 */
export interface Resources {
  milliCpu: number
  memoryBytes: number
  ephemeralStorageBytes: number
  /** How many pods a node holds; requests leave it 0. */
  pods: number
  /** Extended resources and huge pages, by name. */
  scalar: Map<string, number>
}

export function noResources(): Resources {
  return { milliCpu: 0, memoryBytes: 0, ephemeralStorageBytes: 0, pods: 0, scalar: new Map() }
}

export function parseResources(list: Record<string, string> | undefined): Resources {
  const out = noResources()
  for (const [name, text] of Object.entries(list ?? {})) {
    const quantity = parseQuantity(text)
    if (name === 'cpu') out.milliCpu = quantity.milliValue()
    else if (name === 'memory') out.memoryBytes = quantity.value()
    else if (name === 'ephemeral-storage') out.ephemeralStorageBytes = quantity.value()
    else if (name === 'pods') out.pods = quantity.value()
    else out.scalar.set(name, quantity.value())
  }
  return out
}

/** `into` becomes the sum (or with `sign` -1, the difference). */
export function addResources(into: Resources, other: Resources, sign: 1 | -1 = 1): void {
  into.milliCpu += sign * other.milliCpu
  into.memoryBytes += sign * other.memoryBytes
  into.ephemeralStorageBytes += sign * other.ephemeralStorageBytes
  for (const [name, amount] of other.scalar) into.scalar.set(name, (into.scalar.get(name) ?? 0) + sign * amount)
}

/** `into` becomes the larger of the two, resource by resource. */
function raiseTo(into: Resources, other: Resources): void {
  into.milliCpu = Math.max(into.milliCpu, other.milliCpu)
  into.memoryBytes = Math.max(into.memoryBytes, other.memoryBytes)
  into.ephemeralStorageBytes = Math.max(into.ephemeralStorageBytes, other.ephemeralStorageBytes)
  for (const [name, amount] of other.scalar) into.scalar.set(name, Math.max(into.scalar.get(name) ?? 0, amount))
}

/** Copies that the caller may change. */
export function copyResources(of: Resources): Resources {
  return { ...of, scalar: new Map(of.scalar) }
}

/**
 * What a pod needs to be placed: its containers together, or where larger the step of initialisation that needs most
 * (sidecars keep running beside later steps), then pod-level requests and overhead.
 * Source: "Init Containers", "Resource sharing within containers"; KEP-753, KEP-2837.
 */
export function podRequests(
  pod: V1Pod,
  requestsOf: (resources?: V1ResourceRequirements) => Resources = plainRequests,
): Resources {
  const total = noResources()
  for (const container of pod.spec?.containers ?? []) addResources(total, requestsOf(container.resources))
  const sidecars = noResources()
  const peak = noResources()
  for (const container of pod.spec?.initContainers ?? []) {
    const step = requestsOf(container.resources)
    if (isSidecar(container)) {
      addResources(total, step)
      addResources(sidecars, step)
      raiseTo(peak, sidecars)
    } else {
      addResources(step, sidecars)
      raiseTo(peak, step)
    }
  }
  raiseTo(total, peak)
  applyPodLevel(total, pod)
  addResources(total, parseResources(pod.spec?.overhead))
  return total
}

function isSidecar(container: V1Container): boolean {
  return container.restartPolicy === 'Always'
}

function plainRequests(resources?: V1ResourceRequirements): Resources {
  return parseResources(resources?.requests)
}

/** Requests stated for the whole pod replace the sum, for the resources that they name. */
function applyPodLevel(total: Resources, pod: V1Pod): void {
  const stated = pod.spec?.resources?.requests
  if (stated === undefined) return
  const parsed = parseResources(stated)
  if (stated['cpu'] !== undefined) total.milliCpu = parsed.milliCpu
  if (stated['memory'] !== undefined) total.memoryBytes = parsed.memoryBytes
  for (const [name, amount] of parsed.scalar) if (name.startsWith('hugepages-')) total.scalar.set(name, amount)
}

/** What scoring assumes of a container that asks for nothing: a tenth of a core, 200 MiB. */
const assumed = { milliCpu: 100, memoryBytes: 200 * 1024 * 1024 }

/** Like {@link podRequests}, with containers that state nothing counted at an assumed size, so that they spread too. */
export function podRequestsForScoring(pod: V1Pod): Resources {
  return podRequests(pod, (resources) => {
    const stated = plainRequests(resources)
    if (resources?.requests?.['cpu'] === undefined) stated.milliCpu = assumed.milliCpu
    if (resources?.requests?.['memory'] === undefined) stated.memoryBytes = assumed.memoryBytes
    return stated
  })
}
