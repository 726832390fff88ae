import { BlockList, isIP } from 'node:net'
import type { V1ServiceCIDR } from '@kapell/openapi/types'

interface Range {
  address: string
  prefix: number
  family: 'ipv4' | 'ipv6'
  block: BlockList
}

function rangeOf(cidr: string): Range | undefined {
  const [address = '', bits = ''] = cidr.split('/')
  const version = isIP(address)
  const prefix = Number(bits)
  if (version === 0 || bits === '' || !(prefix <= (version === 4 ? 32 : 128))) return undefined
  const family = version === 4 ? 'ipv4' : 'ipv6'
  const block = new BlockList()
  block.addSubnet(address, prefix, family)
  return { address, prefix, family, block }
}

const rangesOf = ({ spec }: V1ServiceCIDR): Range[] => (spec?.cidrs ?? []).flatMap((cidr) => rangeOf(cidr) ?? [])
const holds = (range: Range, address: string): boolean => {
  const version = isIP(address)
  return version !== 0 && range.block.check(address, version === 4 ? 'ipv4' : 'ipv6')
}
const holdsAll = (outer: Range, inner: Range): boolean =>
  outer.family === inner.family && outer.prefix <= inner.prefix && holds(outer, inner.address)

/** True when the two have addresses in common. */
export function overlap(one: V1ServiceCIDR, other: V1ServiceCIDR): boolean {
  const others = rangesOf(other)
  return rangesOf(one).some((a) => others.some((b) => holdsAll(a, b) || holdsAll(b, a)))
}

/**
 * True when no address in use would be left without a range: those given, of all the addresses in use, lie outside, or
 * in another range that stays.
 */
export function canGo(leaving: V1ServiceCIDR, staying: readonly V1ServiceCIDR[], addresses: Iterable<string>): boolean {
  const kept = staying.flatMap(rangesOf)
  const open = rangesOf(leaving).filter((range) => !kept.some((other) => holdsAll(other, range)))
  if (open.length === 0) return true
  for (const address of addresses)
    if (open.some((range) => holds(range, address)) && !kept.some((range) => holds(range, address))) return false
  return true
}
