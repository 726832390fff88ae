import { invalid, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { parseCidr, parseIp } from './ip.ts'

/** What is wrong with an address, as strictly as new fields take them. */

export const notAnIp = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'

const withZeros = /^(\d{1,3}\.){3}\d{1,3}$/

export function ipErrors(at: FieldPath, text: string): FieldError[] {
  const ip = parseIp(text)
  if (ip === undefined) {
    const isSloppy = withZeros.test(text) && text.split('.').every((octet) => Number(octet) < 256)
    return [invalid(at, text, isSloppy ? 'must not have leading 0s' : notAnIp)]
  }
  const isMapped = ip.family === 'IPv6' && ip.value >> 32n === 0xffffn
  return isMapped ? [invalid(at, text, 'must not be an IPv4-mapped IPv6 address')] : []
}

export const notACidr = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'

/** What is wrong with a range: it must be one, of no more than its own bits, and written in the one canonical way. */
export function cidrErrors(at: FieldPath, text: string): FieldError[] {
  const [address = '', prefix = '', ...more] = text.split('/')
  const stripped = /^[\d.]*$/.test(address) ? address.replace(/(^|\.)0+(?=\d)/g, '$1') : address
  const cidr = more.length > 0 ? undefined : parseCidr(`${stripped}/${prefix.replace(/^0+(?=\d)/, '')}`)
  if (cidr === undefined) return [invalid(at, text, notACidr)]
  const isMapped = cidr.family === 'IPv6' && cidr.base >> 32n === 0xffffn
  const why = isMapped
    ? 'must not have an IPv4-mapped IPv6 address'
    : stripped !== address || /^0\d/.test(prefix)
      ? 'must not have leading 0s in IP or prefix length'
      : !cidr.exact
        ? 'must not have bits set beyond the prefix length'
        : cidr.toString() !== text
          ? `must be in canonical form (${JSON.stringify(cidr.toString())})`
          : undefined
  return why === undefined ? [] : [invalid(at, text, why)]
}
