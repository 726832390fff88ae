import { parseQuantity } from '@kapell/openapi/meta/quantity'
import type { V1Pod } from '@kapell/openapi/types'
import type { Starved } from './decide.ts'
import type { PodUsage } from './rank.ts'
import { amountOf, amountText, type Observation, type Threshold } from './thresholds.ts'

/** Texts that tools and people look for. Source: statuses and events of the original. */

export function lowMessage(input: {
  pod: V1Pod
  starved: Starved
  threshold: Threshold
  observed: Observation | undefined
  usage: PodUsage
}): string {
  const { pod, starved, threshold, observed, usage } = input
  const least =
    observed === undefined
      ? ''
      : `Threshold quantity: ${amountText(amountOf(threshold.value, observed.capacity))}, available: ${amountText(observed.available)}. `
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]
  const offenders = usage.containers.flatMap(({ name, memoryBytes, diskBytes }) => {
    if (starved !== 'memory' && starved !== 'ephemeral-storage') return []
    const used = starved === 'memory' ? memoryBytes : diskBytes
    const request = containers.find((one) => one.name === name)?.resources?.requests?.[starved] ?? '0'
    if (used <= parseQuantity(request).value()) return []
    return [
      `Container ${name} was using ${amountText(used)}, request is ${request}, has larger consumption of ${starved}. `,
    ]
  })
  return `The node was low on resource: ${starved}. ${least}${offenders.join('')}`
}

export const volumeMessage = (volume: string, limit: string): string =>
  `Usage of EmptyDir volume ${JSON.stringify(volume)} exceeds the limit ${JSON.stringify(limit)}. `
export const podLimitMessage = (limit: string): string =>
  `Pod ephemeral local storage usage exceeds the total limit of containers ${limit}. `
export const containerLimitMessage = (container: string, limit: string): string =>
  `Container ${container} exceeded its local ephemeral storage limit ${JSON.stringify(limit)}. `
export const conditionMessage = (conditions: readonly string[]): string =>
  `The node had condition: [${conditions.join(' ')}]. `
