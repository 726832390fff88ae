import { parseQuantity, type Quantity } from '@kapell/openapi/meta/quantity'
import type { V1Container, V1Pod, V1PodStatus } from '@kapell/openapi/types'

type List = Record<string, string>
type Amounts = Map<string, Quantity>

const isSidecar = (container: V1Container): boolean => container.restartPolicy === 'Always'

function add(into: Amounts, list: List | undefined): void {
  for (const [name, text] of Object.entries(list ?? {})) {
    const amount = parseQuantity(text)
    into.set(name, into.get(name)?.add(amount) ?? amount)
  }
}

function raise(into: Amounts, other: Amounts): void {
  for (const [name, amount] of other) {
    const has = into.get(name)
    if (has === undefined || has.cmp(amount) < 0) into.set(name, amount)
  }
}

/** What a whole pod asks for or may take: what is stated for it, else what its containers do together. */
function total(
  pod: V1Pod,
  listOf: (resources: V1Container['resources']) => List | undefined,
  keep: (name: string) => boolean = () => true,
): List | undefined {
  const sum: Amounts = new Map()
  const sidecars: Amounts = new Map()
  const peak: Amounts = new Map()
  for (const { resources } of pod.spec?.containers ?? []) add(sum, listOf(resources))
  for (const container of pod.spec?.initContainers ?? []) {
    const list = listOf(container.resources)
    if (isSidecar(container)) {
      add(sum, list)
      add(sidecars, list)
      raise(peak, sidecars)
    } else {
      const step = new Map(sidecars)
      add(step, list)
      raise(peak, step)
    }
  }
  raise(sum, peak)
  for (const [name, text] of Object.entries(listOf(pod.spec?.resources) ?? {})) sum.set(name, parseQuantity(text))
  if (sum.size > 0) add(sum, pod.spec?.overhead)
  const names = [...sum.keys()].filter(keep).sort()
  return names.length === 0 ? undefined : Object.fromEntries(names.map((name) => [name, sum.get(name)!.toString()]))
}

/** What can be stated for a whole pod. */
const ofPods = (name: string): boolean => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-')

/** The resources of a whole pod, as its status tells them. Source: API reference, PodStatus; enhancement 5419. */
export function podResources(pod: V1Pod): Pick<V1PodStatus, 'resources' | 'allocatedResources'> {
  const allocated = total(pod, (resources) => resources?.requests)
  const requests = total(pod, (resources) => resources?.requests, ofPods)
  const limits = total(pod, (resources) => resources?.limits, ofPods)
  return {
    resources: { ...(limits === undefined ? {} : { limits }), ...(requests === undefined ? {} : { requests }) },
    ...(allocated === undefined ? {} : { allocatedResources: allocated }),
  }
}
