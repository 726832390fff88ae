import { isIPv4 } from 'node:net'

/** Addresses from one to another, both included, as numbers. */
export interface AddressRange {
  first: number
  last: number
}

export const addressNumber = (address: string): number =>
  address.split('.').reduce((all, byte) => all * 256 + Number(byte), 0)
export const addressText = (number: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.')

/**
 * Reads "192.0.2.0/24" or "192.0.2.10-192.0.2.20", IPv4; undefined when it is neither. The first and the last address
 * of a network are its own and not given away, unless there are no others.
 */
export function parseAddressRange(text: string): AddressRange | undefined {
  const [from = '', to, ...more] = text.split('-').map((part) => part.trim())
  if (more.length > 0) return undefined
  if (to !== undefined) {
    if (!isIPv4(from) || !isIPv4(to)) return undefined
    const range = { first: addressNumber(from), last: addressNumber(to) }
    return range.first <= range.last ? range : undefined
  }
  const [address = '', bits = '', ...rest] = from.split('/')
  if (!isIPv4(address) || rest.length > 0 || !/^\d{1,2}$/.test(bits) || Number(bits) > 32) return undefined
  const size = 2 ** (32 - Number(bits))
  const first = Math.floor(addressNumber(address) / size) * size
  return size > 2 ? { first: first + 1, last: first + size - 2 } : { first, last: first + size - 1 }
}

export function inRange(range: AddressRange, address: string): boolean {
  if (!isIPv4(address)) return false
  const number = addressNumber(address)
  return number >= range.first && number <= range.last
}
