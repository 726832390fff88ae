import type { V1Node } from '@kapell/openapi/types'
import { isIPv6 } from 'node:net'
import { familyOf } from '../proxy/family.ts'

/**
 * Several nodes inside one machine: the others reach them, and their pods, by way of that machine, which is a router
 * between its bridge and the world.
 */
export interface NodeNetwork {
  /** Of the nodes inside, "172.30.0.0/24". */
  subnet: string
  /** The same of IPv6, where they have addresses of both families. */
  subnet6?: string
  /** The machine's address, as others reach it. */
  gateway: string
  /** The bridge's addresses, as the nodes inside reach it. */
  inside: { gateway: string; gateway6?: string }
}

/** Where something stands: a node inside, the machine itself, or any other node. */
export type Standpoint = 'inside' | 'machine' | 'outside'

/** A range of addresses, and where packets to it go next. */
export interface Way {
  range: string
  /** The next router or node, of the range's family; absent: only the overlay leads there. */
  via?: string
  /** The other end of the overlay, IPv4, where the next one shares no link with us; absent: it always does. */
  overlayTo?: string
}

export const isIn = (subnet: string | undefined, address: string): boolean => {
  if (subnet === undefined || subnet.includes(':') !== address.includes(':')) return false
  const family = familyOf(isIPv6(address) ? 'IPv6' : 'IPv4')
  const bits = subnet.split('/')[1]
  return family.block(`${address}/${bits}`) === family.block(subnet)
}

const addressesOf = ({ status }: V1Node): string[] =>
  (status?.addresses ?? []).filter(({ type }) => type === 'InternalIP').map(({ address }) => address)

const rangesOf = ({ spec }: V1Node): string[] => spec?.podCIDRs ?? (spec?.podCIDR === undefined ? [] : [spec.podCIDR])

/** Where this node, or this machine that is none, stands towards those inside. */
export function standpointOf(network: NodeNetwork, own: V1Node | undefined, isMachine: boolean): Standpoint {
  if (isMachine) return 'machine'
  return own !== undefined && addressesOf(own).some((address) => isIn(network.subnet, address)) ? 'inside' : 'outside'
}

/**
 * The ways to the pods of all nodes but this one, and to the addresses of nodes that are inside another machine. IPv6 goes
 * straight only between nodes that both have such an address; otherwise it travels over the overlay, inside IPv4.
 */
export function waysFrom(
  all: readonly V1Node[],
  from: { own?: string | undefined; network?: NodeNetwork | undefined; isMachine?: boolean },
): Way[] {
  const { own, network } = from
  const self = all.find(({ metadata }) => metadata?.name === own)
  const standpoint =
    network === undefined ? undefined : standpointOf(network, self, from.isMachine === true && own === undefined)
  const known6 = (node: V1Node | undefined) => node && addressesOf(node).find((address) => address.includes(':'))
  const ways = all.flatMap((node): Way[] => {
    const address = addressesOf(node).find((each) => !each.includes(':'))
    if (node.metadata?.name === own || address === undefined) return []
    const isInside = network !== undefined && isIn(network.subnet, address)
    return rangesOf(node).map((range): Way => {
      const six = range.includes(':')
      // Between the inside and the outside stands the machine.
      if (network !== undefined && standpoint === 'inside' && !isInside) {
        const via = six ? network.inside.gateway6 : network.inside.gateway
        return { range, ...(via === undefined ? {} : { via }) }
      }
      if (network !== undefined && standpoint === 'outside' && isInside)
        return { range, overlayTo: network.gateway, ...(six ? {} : { via: network.gateway }) }
      if (!six) return { range, via: address, ...(isInside ? {} : { overlayTo: address }) }
      const both = isInside ? standpoint !== 'outside' : known6(self) !== undefined && standpoint !== 'machine'
      const six6 = both ? known6(node) : undefined
      return { range, ...(isInside ? {} : { overlayTo: address }), ...(six6 === undefined ? {} : { via: six6 }) }
    })
  })
  if (network === undefined || standpoint !== 'outside') return ways
  const inside: Way[] = [
    { range: network.subnet, via: network.gateway, overlayTo: network.gateway },
    ...(network.subnet6 === undefined ? [] : [{ range: network.subnet6, overlayTo: network.gateway }]),
  ]
  return [...inside, ...ways]
}
