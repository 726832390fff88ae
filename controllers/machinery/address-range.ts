import { isIPv4, isIPv6 } from 'node:net'
import { ipv6Number, ipv6Text } from './ipv6-number.ts'

export type AddressFamily = 'IPv4' | 'IPv6'

/** Addresses from one to another, both included, as numbers. */
export interface AddressRange {
  family: AddressFamily
  first: bigint
  last: bigint
}

/** Of an address that is one. */
export const familyOfAddress = (address: string): AddressFamily => (address.includes(':') ? 'IPv6' : 'IPv4')

export const addressNumber = (address: string): bigint =>
  isIPv4(address) ? address.split('.').reduce((all, byte) => all * 256n + BigInt(byte), 0n) : ipv6Number(address)

export const addressText = (family: AddressFamily, number: bigint): string =>
  family === 'IPv6' ? ipv6Text(number) : [24n, 16n, 8n, 0n].map((shift) => String((number >> shift) & 0xffn)).join('.')

/**
 * Reads "192.0.2.0/24", "192.0.2.10-192.0.2.20" or the same of IPv6; undefined when it is neither. The first and the
 * last address of a network are its own and not given away, unless there are no others; of IPv6 that is the first only.
 */
export function parseAddressRange(text: string): AddressRange | undefined {
  const [from = '', to, ...more] = text.split('-').map((part) => part.trim())
  if (more.length > 0) return undefined
  if (to !== undefined) {
    if (!isAddress(from) || !isAddress(to) || familyOfAddress(from) !== familyOfAddress(to)) return undefined
    const range = { family: familyOfAddress(from), first: addressNumber(from), last: addressNumber(to) }
    return range.first <= range.last ? range : undefined
  }
  const [address = '', bits = '', ...rest] = from.split('/')
  if (!isAddress(address) || rest.length > 0 || !/^\d{1,3}$/.test(bits)) return undefined
  const family = familyOfAddress(address)
  const free = (family === 'IPv4' ? 32 : 128) - Number(bits)
  if (free < 0) return undefined
  const size = 1n << BigInt(free)
  const first = (addressNumber(address) >> BigInt(free)) << BigInt(free)
  const last = first + size - 1n
  if (size <= 2n) return { family, first, last }
  return { family, first: first + 1n, last: family === 'IPv4' ? last - 1n : last }
}

const isAddress = (text: string): boolean => isIPv4(text) || (isIPv6(text) && !text.includes('%'))

/** Ranges behind commas, at most one of each family; undefined when one is none, or there is none. */
export function parseAddressRanges(text: string): readonly AddressRange[] | undefined {
  const ranges = text.split(',').map(parseAddressRange)
  const known = ranges.filter((range) => range !== undefined)
  if (known.length !== ranges.length || new Set(known.map(({ family }) => family)).size !== known.length)
    return undefined
  return known
}

export function inRange({ family, first, last }: AddressRange, address: string): boolean {
  if (!isAddress(address) || familyOfAddress(address) !== family) return false
  const number = addressNumber(address)
  return number >= first && number <= last
}

export const inRanges = (ranges: readonly AddressRange[], address: string): boolean =>
  ranges.some((range) => inRange(range, address))

/** "192.0.2.1-192.0.2.9". */
export const rangeText = ({ family, first, last }: AddressRange): string =>
  `${addressText(family, first)}-${addressText(family, last)}`
