import {
  addressNumber,
  addressText,
  familyOfAddress,
  inRange,
  rangeText,
  type AddressFamily,
  type AddressRange,
} from '@kapell/controllers/machinery/address-range'
import type { V1EndpointSlice, V1Node, V1Service } from '@kapell/openapi/types'

/** The class that asks for this allocator by name; Services without a class are ours, too. */
export const ownClass = 'kapell.io/load-balancer'
/** Nodes that must not be used for this. Source: well-known labels. */
const excludeLabel = 'node.kubernetes.io/exclude-from-external-load-balancers'

/** Addresses for a Service, or why there are none, in words for an event. */
export type Choice = { addresses: string[]; problem?: string } | { problem: string }

export const isOurs = ({ spec, metadata }: V1Service): boolean =>
  spec?.type === 'LoadBalancer' &&
  (spec.loadBalancerClass === undefined || spec.loadBalancerClass === ownClass) &&
  metadata?.deletionTimestamp === undefined

export const ingressOf = (service: V1Service): string[] =>
  (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? [])

/** In the Service's own order. */
const familiesOf = (service: V1Service): AddressFamily[] => (service.spec?.ipFamilies ?? ['IPv4']) as AddressFamily[]

/**
 * One address of each of the Service's families that there is a range of, which no other Service has: the one it has
 * already, the one it asks for, or the first free. A family without a free one leaves the other its address.
 */
export function chooseFromRanges(
  service: V1Service,
  ranges: readonly AddressRange[],
  taken: ReadonlySet<string>,
): Choice {
  const families = familiesOf(service)
  const possible = families.flatMap((family) => ranges.find((range) => range.family === family) ?? [])
  if (possible.length === 0) return { problem: `no ${families.join(' or ')} addresses are given out` }
  const asked = service.spec?.loadBalancerIP ?? ''
  if (asked !== '') {
    if (!possible.some((range) => inRange(range, asked)))
      return { problem: `the address ${asked} is not in the range ${possible.map(rangeText).join(' or ')}` }
    if (taken.has(asked)) return { problem: `the address ${asked} is taken` }
  }
  const addresses: string[] = []
  const full: string[] = []
  for (const range of possible) {
    const one = asked !== '' && inRange(range, asked) ? asked : chooseFrom(range, service, taken)
    if (one === undefined) full.push(rangeText(range))
    else addresses.push(one)
  }
  if (full.length === 0) return { addresses }
  return {
    ...(addresses.length === 0 ? {} : { addresses }),
    problem: `no address is free in the range ${full.join(' or ')}`,
  }
}

function chooseFrom(range: AddressRange, service: V1Service, taken: ReadonlySet<string>): string | undefined {
  const held = ingressOf(service).find((each) => inRange(range, each) && !taken.has(each))
  if (held !== undefined) return held
  // Of n + 1 candidates one is free when n are taken: the search is as long as the list of Services at most.
  for (let number = range.first; number <= range.last; number += 1n) {
    const address = addressText(range.family, number)
    if (!taken.has(address)) return address
  }
  return undefined
}

/** What of the nodes an address may be chosen from; anything else of a Node may change without a Service changing. */
export interface NodeAddress {
  name: string
  address: string
}

/** Nodes that are ready and not excluded, by their outer address of each family where they have one. */
export function usableNodes(nodes: readonly V1Node[]): NodeAddress[] {
  return nodes
    .filter(
      ({ metadata, status }) =>
        metadata?.labels?.[excludeLabel] === undefined &&
        metadata?.deletionTimestamp === undefined &&
        status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true,
    )
    .flatMap(({ metadata, status }) =>
      (['IPv4', 'IPv6'] as const).flatMap((family) => {
        const of = (wanted: string) =>
          status?.addresses?.find(({ type, address }) => type === wanted && familyOfAddress(address) === family)
            ?.address
        const address = of('ExternalIP') ?? of('InternalIP')
        return address === undefined ? [] : [{ name: metadata?.name ?? '', address }]
      }),
    )
    .sort((a, b) => {
      const [x, y] = [a, b].map(({ address }) => ({ six: address.includes(':'), number: addressNumber(address) }))
      if (x!.six !== y!.six) return x!.six ? 1 : -1
      return x!.number < y!.number ? -1 : 1
    })
}

/** "192.0.2.1 TCP 80": a port of an address can lead to one Service only. */
export const portKeys = (service: V1Service, addresses: readonly string[]): string[] =>
  addresses.flatMap((address) =>
    (service.spec?.ports ?? []).map(({ protocol = 'TCP', port }) => `${address} ${protocol} ${port}`),
  )

/**
 * The nodes' own addresses, where the Service's ports are free; with externalTrafficPolicy Local only those of nodes that
 * have an endpoint, for the others would drop what comes.
 */
export function chooseNodes(
  service: V1Service,
  input: { nodes: readonly NodeAddress[]; slices: readonly V1EndpointSlice[]; taken: ReadonlySet<string> },
): Choice {
  const families = familiesOf(service)
  const asked = service.spec?.loadBalancerIP ?? ''
  if (asked !== '' && !input.nodes.some(({ address }) => address === asked))
    return { problem: `the address ${asked} is not one of a ready node` }
  const local = service.spec?.externalTrafficPolicy === 'Local'
  const serving = new Set(
    input.slices.flatMap((slice) =>
      (slice.endpoints ?? []).flatMap(({ nodeName, conditions }) =>
        conditions?.ready === false ? [] : (nodeName ?? []),
      ),
    ),
  )
  const ofFamily = (family: AddressFamily) => input.nodes.filter(({ address }) => familyOfAddress(address) === family)
  const known = families.flatMap(ofFamily)
  if (input.nodes.length > 0 && known.length === 0)
    return { problem: `no node has an ${families.join(' or ')} address` }
  const candidates = known.filter(
    ({ name, address }) => (asked === '' || address === asked) && (!local || serving.has(name)),
  )
  const addresses = candidates
    .map(({ address }) => address)
    .filter((address) => !portKeys(service, [address]).some((key) => input.taken.has(key)))
  if (addresses.length > 0) return { addresses: [...new Set(addresses)] }
  // With policy Local and no endpoint yet there is nothing wrong: addresses come as the pods do.
  if (candidates.length === 0)
    return local && input.nodes.length > 0 ? { addresses: [] } : { problem: 'no node is ready' }
  const ports = (service.spec?.ports ?? []).map(({ protocol = 'TCP', port }) => `${port}/${protocol}`).join(', ')
  return { problem: `on no node the ports are free: ${ports}` }
}
