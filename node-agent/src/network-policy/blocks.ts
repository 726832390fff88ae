import { isIPv4 } from 'node:net'

/** "10.1.2.3/16" as nftables wants it, "10.1.0.0/16"; undefined when it is no IPv4 range. */
export function ipv4Block(cidr: string): string | undefined {
  const [address = '', bits = '', ...rest] = cidr.split('/')
  if (!isIPv4(address) || rest.length > 0 || !/^\d{1,2}$/.test(bits) || Number(bits) > 32) return undefined
  const number = address.split('.').reduce((all, byte) => all * 256 + Number(byte), 0)
  const size = 2 ** (32 - Number(bits))
  const first = Math.floor(number / size) * size
  return `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join('.')}/${Number(bits)}`
}

/** Ranges of ports, merged and sorted: nftables refuses a set whose ranges overlap. */
export function mergePorts(ranges: readonly [from: number, to: number][]): string[] {
  const merged: [number, number][] = []
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1)
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to)
    else merged.push([from, to])
  }
  return merged.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`))
}
