import type { V1Container, V1Pod, V1ResourceFieldSelector } from '@kapell/openapi/types'
import { parseQuantity } from '@kapell/openapi/meta/quantity'

export interface PodAddresses {
  podIps: readonly string[]
  hostIp: string
  /** Default: hostIp alone. */
  hostIps?: readonly string[]
}

/** The value at a downward API path. Throws on a path the API does not offer. */
export function fieldValue(pod: V1Pod, path: string, at: PodAddresses): string {
  const keyed = /^metadata\.(labels|annotations)\['([^']*)'\]$/.exec(path)
  if (keyed !== null) return pod.metadata?.[keyed[1] as 'labels' | 'annotations']?.[keyed[2]!] ?? ''
  switch (path) {
    case 'metadata.name':
      return pod.metadata?.name ?? ''
    case 'metadata.namespace':
      return pod.metadata?.namespace ?? ''
    case 'metadata.uid':
      return pod.metadata?.uid ?? ''
    case 'metadata.labels':
      return formatMap(pod.metadata?.labels)
    case 'metadata.annotations':
      return formatMap(pod.metadata?.annotations)
    case 'spec.nodeName':
      return pod.spec?.nodeName ?? ''
    case 'spec.serviceAccountName':
      return pod.spec?.serviceAccountName ?? ''
    case 'status.hostIP':
      return at.hostIp
    case 'status.hostIPs':
      return (at.hostIps ?? [at.hostIp]).join(',')
    case 'status.podIP':
      return at.podIps[0] ?? ''
    case 'status.podIPs':
      return at.podIps.join(',')
    default:
      throw new Error(`unsupported fieldPath: ${path}`)
  }
}

/** One `key="value"` a line, sorted, the value as Go quotes it. */
function formatMap(map: Record<string, string> | undefined): string {
  return Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n')
}

/** A container's request or limit, in units of the divisor, rounded up; a missing limit is what the node has. */
export function resourceValue(
  container: V1Container,
  selector: Pick<V1ResourceFieldSelector, 'resource' | 'divisor'>,
  allocatable: Record<string, string>,
): string {
  const match = /^(limits|requests)\.(.+)$/.exec(selector.resource)
  if (match === null) throw new Error(`unsupported resource: ${selector.resource}`)
  const [kind, name] = [match[1] as 'limits' | 'requests', match[2]!]
  const own = container.resources?.[kind]?.[name]
  const text = own ?? (kind === 'limits' ? (allocatable[name] ?? '0') : '0')
  const divisor = selector.divisor === undefined || selector.divisor === '0' ? '1' : selector.divisor
  // Thousandths of either are exact for cpu, whole units for everything else.
  const [amount, unit] =
    name === 'cpu'
      ? [parseQuantity(text).milliValue(), parseQuantity(divisor).milliValue()]
      : [parseQuantity(text).value(), parseQuantity(divisor).value()]
  return String(Math.ceil(amount / Math.max(unit, 1)))
}
