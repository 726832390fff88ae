/** IPv4 ranges of nodes inside the cluster's. */

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
