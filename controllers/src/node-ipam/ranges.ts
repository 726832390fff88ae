import { isIPv6 } from 'node:net'

/** Ranges of nodes inside the cluster's. */

interface Range {
  first: number
  /** One past the last. */
  end: number
}

/** Undefined when the text is no IPv4 CIDR. */
export function parseRange(cidr: string): Range | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr)
  const octets = match?.slice(1, 5).map(Number) ?? []
  const bits = Number(match?.[5])
  if (match === null || octets.some((octet) => octet > 255) || bits > 32) return undefined
  const size = 2 ** (32 - bits)
  const address = octets.reduce((sum, octet) => sum * 256 + octet, 0)
  const first = Math.floor(address / size) * size
  return { first, end: first + size }
}

const dotted = (value: number): string => [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')

/** Whether two ranges share an address; false when one is none. */
export function overlap(a: string, b: string): boolean {
  const [x, y] = [parseRange(a), parseRange(b)]
  return x !== undefined && y !== undefined && x.first < y.end && y.first < x.end
}

/** How many ranges of `maskSize` bits the cluster's holds; 0 when it is too small, or none. */
export function capacityOf(clusterCidr: string, maskSize: number): number {
  const cluster = parseRange(clusterCidr)
  return cluster === undefined ? 0 : Math.floor((cluster.end - cluster.first) / 2 ** (32 - maskSize))
}

/** The lowest range of `maskSize` bits that overlaps none of those taken; undefined when the cluster's is used up. */
export function freeRange(clusterCidr: string, maskSize: number, taken: Iterable<string>): string | undefined {
  const cluster = parseRange(clusterCidr)
  if (cluster === undefined) return undefined
  const size = 2 ** (32 - maskSize)
  const used = [...taken].map(parseRange).filter((range) => range !== undefined)
  used.sort((a, b) => a.first - b.first)
  let at = cluster.first
  for (const range of used) {
    if (at + size <= range.first) break
    if (range.end > at) at = Math.ceil(range.end / size) * size
  }
  return at + size <= cluster.end ? `${dotted(at)}/${maskSize}` : undefined
}

const maskSizes = { ipv4: 24, ipv6: 64 }

/** The lowest /64 of an IPv6 range that is none of those taken; undefined when it is used up. */
function freeRange6(clusterCidr: string, taken: Iterable<string>): string | undefined {
  const cluster = networkOf(clusterCidr)
  if (cluster === undefined || cluster.bits > maskSizes.ipv6) return undefined
  const used = new Set([...taken].map((range) => networkOf(range)?.first))
  const count = 2 ** Math.min(maskSizes.ipv6 - cluster.bits, 16)
  for (let at = 0; at < count; at += 1) {
    const first = cluster.first + BigInt(at)
    if (!used.has(first)) return `${text64(first)}/${maskSizes.ipv6}`
  }
  return undefined
}

/** The upper 64 bits of an IPv6 range, and how many of them are the network's. */
function networkOf(cidr: string): { first: bigint; bits: number } | undefined {
  const [address = '', size = ''] = cidr.split('/')
  if (!isIPv6(address) || !/^\d{1,3}$/.test(size)) return undefined
  const [head = '', tail] = address.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length
  const groups = [...before, ...Array.from({ length: zeros }, () => '0'), ...after].slice(0, 4)
  const number = groups.reduce((all, group) => (all << 16n) + BigInt(`0x${group}`), 0n)
  const free = BigInt(Math.max(0, 64 - Number(size)))
  return { first: (number >> free) << free, bits: Number(size) }
}

function text64(number: bigint): string {
  const groups = [48n, 32n, 16n, 0n].map((shift) => ((number >> shift) & 0xffffn).toString(16))
  return new URL(`http://[${groups.join(':')}::]`).hostname.slice(1, -1)
}

/** A range of each family that the cluster has ("A" or "A,B6"); undefined when one is used up. */
export function freeRanges(clusterCidr: string, taken: readonly string[]): string[] | undefined {
  const found = clusterCidr
    .split(',')
    .map((range) => (range.includes(':') ? freeRange6(range, taken) : freeRange(range, maskSizes.ipv4, taken)))
  const ranges = found.filter((range) => range !== undefined)
  return ranges.length === found.length ? ranges : undefined
}
