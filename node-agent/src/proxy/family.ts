import { ipv6Number, ipv6Text } from '@kapell/controllers/machinery/ipv6-number'
import { isIPv4, isIPv6 } from 'node:net'

/** What of the rules differs between the two kinds of addresses. Each has a table of its own. */
export interface Family {
  name: 'IPv4' | 'IPv6'
  /** As nftables calls its tables and headers. */
  nft: 'ip' | 'ip6'
  /** As nftables calls the type of an address. */
  address: 'ipv4_addr' | 'ipv6_addr'
  is(address: string | undefined): address is string
  /** An address with a port, for dnat. */
  target(address: string, port: number): string
  /** "10.1.2.3/16" as nftables wants it, "10.1.0.0/16"; undefined when it is no range of this family. */
  block(cidr: string): string | undefined
}

export type FamilyName = Family['name']

export const ipv4: Family = {
  name: 'IPv4',
  nft: 'ip',
  address: 'ipv4_addr',
  is: (address): address is string => address !== undefined && isIPv4(address),
  target: (address, port) => `${address}:${port}`,
  block: (cidr) => {
    const range = split(cidr, 32)
    if (range === undefined || !isIPv4(range.address)) return undefined
    const number = range.address.split('.').reduce((all, byte) => all * 256 + Number(byte), 0)
    const size = 2 ** (32 - range.bits)
    const first = Math.floor(number / size) * size
    return `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join('.')}/${range.bits}`
  },
}

export const ipv6: Family = {
  name: 'IPv6',
  nft: 'ip6',
  address: 'ipv6_addr',
  is: (address): address is string => address !== undefined && isIPv6(address) && !address.includes('%'),
  target: (address, port) => `[${address}]:${port}`,
  block: (cidr) => {
    const range = split(cidr, 128)
    if (range === undefined || !isIPv6(range.address) || range.address.includes('%')) return undefined
    const free = BigInt(128 - range.bits)
    return `${ipv6Text((ipv6Number(range.address) >> free) << free)}/${range.bits}`
  },
}

export const familyOf = (name: FamilyName = 'IPv4'): Family => (name === 'IPv6' ? ipv6 : ipv4)

function split(cidr: string, most: number): { address: string; bits: number } | undefined {
  const [address = '', bits = '', ...rest] = cidr.split('/')
  if (rest.length > 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > most) return undefined
  return { address, bits: Number(bits) }
}
