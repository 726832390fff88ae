/** IP addresses as numbers, as strictly as upstream reads them: no leading zeros, no zones, no IPv4 inside of IPv6. */
import { isIPv4, isIPv6 } from 'node:net'

export interface Address {
  readonly family: 4 | 6
  readonly bits: bigint
}

export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { family: 4, bits: bytesOf(text.split('.').map(Number)) }
  if (!isIPv6(text) || text.includes('%')) return undefined
  const [head = '', tail] = text.split('::')
  const groups = (part: string): number[] =>
    part === ''
      ? []
      : part.split(':').flatMap((group) => (group.includes('.') ? quads(group) : [Number.parseInt(group, 16)]))
  const [before, after] = [groups(head), tail === undefined ? [] : groups(tail)]
  const all = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after]
  return { family: 6, bits: all.reduce((bits, group) => (bits << 16n) | BigInt(group), 0n) }
}
const quads = (dotted: string): number[] => {
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split('.').map(Number)
  return [a * 256 + b, c * 256 + d]
}
const bytesOf = (bytes: number[]): bigint => bytes.reduce((bits, byte) => (bits << 8n) | BigInt(byte), 0n)

export const isMapped = ({ family, bits }: Address): boolean => family === 6 && bits >> 32n === 0xffffn
export const width = (family: 4 | 6): number => (family === 4 ? 32 : 128)

/** The one way to write an address. Source: RFC 5952. */
export function formatAddress({ family, bits }: Address): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 255n).join('.')
  const groups = Array.from({ length: 8 }, (_, i) => ((bits >> BigInt(112 - 16 * i)) & 0xffffn).toString(16))
  const runs = [...groups.join(':').matchAll(/(?<![0-9a-f])0(?::0)+(?![0-9a-f])/g)]
  const longest = runs.reduce<RegExpExecArray | undefined>(
    (best, run) => (run[0].length > (best?.[0].length ?? 0) ? run : best),
    undefined,
  )
  const text = groups.join(':')
  if (!longest) return text
  const [left, right] = [text.slice(0, longest.index), text.slice(longest.index + longest[0].length)]
  return `${left.replace(/:$/, '')}::${right.replace(/^:/, '')}`
}

export interface Range {
  readonly address: Address
  readonly prefix: number
}
export function parseRange(text: string): Range | undefined {
  const slash = text.lastIndexOf('/')
  const address = parseAddress(text.slice(0, slash))
  const length = text.slice(slash + 1)
  if (slash < 0 || !address || !/^(0|[1-9]\d{0,2})$/.test(length)) return undefined
  const prefix = Number(length)
  return prefix > width(address.family) ? undefined : { address, prefix }
}
export function maskedRange({ address, prefix }: Range): Range {
  const rest = BigInt(width(address.family) - prefix)
  return { address: { family: address.family, bits: (address.bits >> rest) << rest }, prefix }
}
export function rangeHolds(range: Range, address: Address): boolean {
  if (range.address.family !== address.family) return false
  const rest = BigInt(width(address.family) - range.prefix)
  return range.address.bits >> rest === address.bits >> rest
}
