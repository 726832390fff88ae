import type { V1Pod, V1ResourceRequirements } from '@kapell/openapi/types'
import { parseQuantity, type Quantity } from '@kapell/openapi/meta/quantity'

/** Source: "Pod Quality of Service Classes". */
export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort'

const counted = ['cpu', 'memory']

/** cpu and memory above zero. */
function nonZero(list: Record<string, string> | undefined): Map<string, Quantity> {
  const found = new Map<string, Quantity>()
  for (const name of counted) {
    const text = list?.[name]
    if (text === undefined) continue
    const quantity = parseQuantity(text)
    if (!quantity.isZero()) found.set(name, quantity)
  }
  return found
}

/** Guaranteed: every container limits cpu and memory and requests as much. BestEffort: none asks for either. */
export function qosClassOf(pod: V1Pod): QosClass {
  const spec = pod.spec
  const own = spec?.resources
  const parts: (V1ResourceRequirements | undefined)[] =
    own !== undefined && (own.limits !== undefined || own.requests !== undefined)
      ? [own]
      : [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].map((c) => c.resources)
  const requests = new Map<string, Quantity>()
  const limits = new Map<string, Quantity>()
  let guaranteed = true
  for (const part of parts) {
    for (const [name, quantity] of nonZero(part?.requests)) requests.set(name, add(requests.get(name), quantity))
    const limited = nonZero(part?.limits)
    for (const [name, quantity] of limited) limits.set(name, add(limits.get(name), quantity))
    if (limited.size < counted.length) guaranteed = false
  }
  if (requests.size === 0 && limits.size === 0) return 'BestEffort'
  if (guaranteed && requests.size === limits.size) {
    const equal = [...requests].every(([name, quantity]) => limits.get(name)?.cmp(quantity) === 0)
    if (equal) return 'Guaranteed'
  }
  return 'Burstable'
}

const add = (sum: Quantity | undefined, quantity: Quantity): Quantity =>
  sum === undefined ? quantity : sum.add(quantity)
