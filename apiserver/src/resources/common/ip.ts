import { isIPv4, isIPv6 } from 'node:net'

/** IP addresses and ranges as numbers: what allocation and validation need. */
export type Family = 'IPv4' | 'IPv6'

export interface Ip {
  family: Family
  value: bigint
}

const bits = { IPv4: 32, IPv6: 128 } as const

/** undefined when the text is no IP address; IPv4 octets with leading zeros are none. */
export function parseIp(text: string): Ip | undefined {
  if (isIPv4(text)) {
    const value = text.split('.').reduce((sum, octet) => sum * 256n + BigInt(octet), 0n)
    return { family: 'IPv4', value }
  }
  if (!isIPv6(text) || text.includes('%')) return undefined
  return { family: 'IPv6', value: parseIpv6(text) }
}

function parseIpv6(text: string): bigint {
  const [head = '', tail] = text.split('::')
  const left = groupsOf(head)
  const right = tail === undefined ? [] : groupsOf(tail)
  const gap = tail === undefined ? 0 : 8 - left.length - right.length
  return [...left, ...Array<bigint>(gap).fill(0n), ...right].reduce((sum, group) => sum * 65536n + group, 0n)
}

function groupsOf(text: string): bigint[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [BigInt(`0x${group}`)]
    const value = parseIp(group)?.value ?? 0n
    return [value >> 16n, value & 0xffffn]
  })
}

/** The canonical text: dotted, or RFC 5952. */
export function formatIp({ family, value }: Ip): string {
  if (family === 'IPv4') return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.')
  const groups = Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(112 - 16 * i)) & 0xffffn))
  const run = longestZeroRun(groups)
  const hex = (part: number[]): string => part.map((group) => group.toString(16)).join(':')
  return run.length < 2
    ? hex(groups)
    : `${hex(groups.slice(0, run.start))}::${hex(groups.slice(run.start + run.length))}`
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let start = -1
  for (const [i, group] of groups.entries()) {
    if (group !== 0) start = -1
    else if (start < 0) start = i
    if (start >= 0 && i - start + 1 > best.length) best = { start, length: i - start + 1 }
  }
  return best
}

export class Cidr {
  readonly family: Family
  readonly prefix: number
  /** The first address, host bits cleared. */
  readonly base: bigint
  /** How many addresses. */
  readonly size: bigint
  /** False when the text had host bits set. */
  readonly exact: boolean
  constructor(ip: Ip, prefix: number) {
    this.family = ip.family
    this.prefix = prefix
    this.size = 1n << BigInt(bits[ip.family] - prefix)
    this.base = ip.value - (ip.value % this.size)
    this.exact = this.base === ip.value
  }
  contains(ip: Ip): boolean {
    return ip.family === this.family && ip.value >= this.base && ip.value < this.base + this.size
  }
  /** The address `offset` above the first. */
  at(offset: bigint): string {
    return formatIp({ family: this.family, value: this.base + offset })
  }
  toString(): string {
    return `${this.at(0n)}/${this.prefix}`
  }
}

export function parseCidr(text: string): Cidr | undefined {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text)
  const ip = match?.[1] === undefined ? undefined : parseIp(match[1])
  const prefix = Number(match?.[2])
  return ip === undefined || prefix > bits[ip.family] ? undefined : new Cidr(ip, prefix)
}
