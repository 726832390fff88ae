import { addressNumber, addressText, inRange, type AddressRange } from '@kapell/controllers/machinery/address-range'
import type { V1EndpointSlice, V1Node, V1Service } from '@kapell/openapi/types'
import { isIPv4 } from 'node:net'

/** The class that asks for this allocator by name; Services without a class are ours, too. */
export const ownClass = 'kapell.io/load-balancer'
/** Nodes that must not be used for this. Source: well-known labels. */
const excludeLabel = 'node.kubernetes.io/exclude-from-external-load-balancers'

/** Addresses for a Service, or why there are none, in words for an event. */
export type Choice = { addresses: string[] } | { problem: string }

export const isOurs = ({ spec, metadata }: V1Service): boolean =>
  spec?.type === 'LoadBalancer' &&
  (spec.loadBalancerClass === undefined || spec.loadBalancerClass === ownClass) &&
  metadata?.deletionTimestamp === undefined

export const ingressOf = (service: V1Service): string[] =>
  (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? [])

const wantsIpv4 = (service: V1Service): boolean => service.spec?.ipFamilies?.includes('IPv4') ?? true

/** One address of the range that no other Service has: the one it has already, the one it asks for, or the first free. */
export function chooseFromRange(service: V1Service, range: AddressRange, taken: ReadonlySet<string>): Choice {
  if (!wantsIpv4(service)) return { problem: 'only IPv4 addresses are given out' }
  const between = `${addressText(range.first)}-${addressText(range.last)}`
  const asked = service.spec?.loadBalancerIP ?? ''
  if (asked !== '') {
    if (!inRange(range, asked)) return { problem: `the address ${asked} is not in the range ${between}` }
    if (taken.has(asked)) return { problem: `the address ${asked} is taken` }
    return { addresses: [asked] }
  }
  const held = ingressOf(service).find((each) => inRange(range, each) && !taken.has(each))
  if (held !== undefined) return { addresses: [held] }
  // Of n + 1 candidates one is free when n are taken: the search is as long as the list of Services at most.
  for (let number = range.first; number <= range.last; number += 1) {
    const address = addressText(number)
    if (!taken.has(address)) return { addresses: [address] }
  }
  return { problem: `no address is free in the range ${between}` }
}

/** What of the nodes an address may be chosen from; anything else of a Node may change without a Service changing. */
export interface NodeAddress {
  name: string
  address: string
}

/** Nodes that are ready and not excluded, by their outer address where they have one. */
export function usableNodes(nodes: readonly V1Node[]): NodeAddress[] {
  return nodes
    .filter(
      ({ metadata, status }) =>
        metadata?.labels?.[excludeLabel] === undefined &&
        metadata?.deletionTimestamp === undefined &&
        status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true,
    )
    .flatMap(({ metadata, status }) => {
      const of = (wanted: string) =>
        status?.addresses?.find(({ type, address }) => type === wanted && isIPv4(address))?.address
      const address = of('ExternalIP') ?? of('InternalIP')
      return address === undefined ? [] : [{ name: metadata?.name ?? '', address }]
    })
    .sort((a, b) => addressNumber(a.address) - addressNumber(b.address))
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
  if (!wantsIpv4(service)) return { problem: 'only IPv4 addresses are given out' }
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
  const candidates = input.nodes.filter(
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
