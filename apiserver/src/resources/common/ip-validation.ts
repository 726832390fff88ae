import { invalid, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { parseIp } from './ip.ts'

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
