import { dns1123Label, dns1123Subdomain } from '../../meta/names.ts'

/**
 * The formats of strings that are checked; others are taken as they are. Source: "CustomResourceDefinition v1",
 * JSONSchemaProps, "format".
 */
const uuid = (version: string, variant = '[0-9a-f]'): RegExp =>
  new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?${variant}[0-9a-f]{3}-?[0-9a-f]{12}$`, 'i')
/** One label alone, or labels and a last one of letters only. */
const hostname = /^([a-zA-Z0-9](-?[a-zA-Z0-9]{0,62})|([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z]{2,63})$/
const email = /^(?:[^<>]*<[^\s@<>]+@[^\s@<>]+>|[^\s@<>]+@[^\s@<>]+)$/
const mac = /^([0-9a-f]{2}([:-]))([0-9a-f]{2}\2){4}[0-9a-f]{2}(\2[0-9a-f]{2}){0,14}$|^([0-9a-f]{4}\.){2,9}[0-9a-f]{4}$/i
const durationUnits =
  '(ns|nanos?|nanoseconds?|us|µs|micros?|microseconds?|ms|millis?|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|wks?|weeks?)'
const duration = new RegExp(`^[+-]?(0|((\\d+(\\.\\d*)?|\\.\\d+)\\s*${durationUnits}\\s*)+)$`)

/** Leading zeros are allowed, as ever. */
const octet = '0*(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const ipv4 = new RegExp(`^${octet}(\\.${octet}){3}$`)
const isIpv4 = (text: string): boolean => ipv4.test(text)
const isIpv6 = (text: string): boolean => /^[0-9a-fA-F:.]+$/.test(text) && URL.canParse(`http://[${text}]`)

function isDate(text: string): boolean {
  const found = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)
  if (found === null) return false
  const [, year, month, day] = found.map(Number) as [number, number, number, number]
  return month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate()
}

function isDateTime(text: string): boolean {
  const found =
    /^(\d{4}-\d{2}-\d{2})[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/.exec(text)
  return found !== null && isDate(String(found[1]))
}

function isCidr(text: string): boolean {
  const [address = '', bits = '', more] = text.split('/')
  if (more !== undefined || !/^\d{1,3}$/.test(bits)) return false
  return isIpv4(address) ? Number(bits) <= 32 : isIpv6(address) && Number(bits) <= 128
}

function isUri(text: string): boolean {
  return /^([a-zA-Z][a-zA-Z0-9+.-]*:|\/)/.test(text) && URL.canParse(text, 'http://x')
}

/** The last digit of a number of cards makes the weighted sum a multiple of ten. */
function isCreditCard(text: string): boolean {
  const digits = text.replaceAll(/[- ]/g, '')
  if (!/^\d{13,19}$/.test(digits)) return false
  const sum = [...digits].reverse().reduce((total, digit, i) => {
    const twice = Number(digit) * 2
    return total + (i % 2 === 0 ? Number(digit) : twice > 9 ? twice - 9 : twice)
  }, 0)
  return sum % 10 === 0
}

function isIsbn10(text: string): boolean {
  const digits = text.replaceAll(/[- ]/g, '')
  if (!/^\d{9}[\dX]$/.test(digits)) return false
  return [...digits].reduce((sum, digit, i) => sum + (10 - i) * (digit === 'X' ? 10 : Number(digit)), 0) % 11 === 0
}

function isIsbn13(text: string): boolean {
  const digits = text.replaceAll(/[- ]/g, '')
  return (
    /^\d{13}$/.test(digits) &&
    [...digits].reduce((sum, digit, i) => sum + Number(digit) * (i % 2 === 0 ? 1 : 3), 0) % 10 === 0
  )
}

const checks = new Map<string, (text: string) => boolean>([
  ['bsonobjectid', (text) => /^[0-9a-fA-F]{24}$/.test(text)],
  ['uri', isUri],
  ['email', (text) => email.test(text)],
  ['hostname', (text) => text.length <= 255 && hostname.test(text)],
  ['ipv4', isIpv4],
  ['ipv6', isIpv6],
  ['cidr', isCidr],
  ['mac', (text) => mac.test(text)],
  ['uuid', (text) => uuid('[0-9a-f]').test(text)],
  ['uuid3', (text) => uuid('3').test(text)],
  ['uuid4', (text) => uuid('4', '[89ab]').test(text)],
  ['uuid5', (text) => uuid('5', '[89ab]').test(text)],
  ['isbn', (text) => isIsbn10(text) || isIsbn13(text)],
  ['isbn10', isIsbn10],
  ['isbn13', isIsbn13],
  ['creditcard', isCreditCard],
  ['ssn', (text) => /^\d{3}[- ]\d{2}[- ]\d{4}$/.test(text)],
  ['hexcolor', (text) => /^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/.test(text)],
  [
    'rgbcolor',
    (text) => /^rgb\(\s*(\d{1,2}|1\d\d|2[0-4]\d|25[0-5])\s*(,\s*(\d{1,2}|1\d\d|2[0-4]\d|25[0-5])\s*){2}\)$/.test(text),
  ],
  ['byte', (text) => text !== '' && text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)],
  ['password', () => true],
  ['date', isDate],
  ['duration', (text) => duration.test(text)],
  ['datetime', isDateTime],
  ['date-time', isDateTime],
  ['k8s-short-name', (text) => dns1123Label(text).length === 0],
  ['k8s-long-name', (text) => dns1123Subdomain(text).length === 0],
])

const numberFormats: Readonly<Record<string, readonly string[]>> = {
  integer: ['int32', 'int64'],
  number: ['float', 'double'],
}

/** True for the formats that a type has; what others stand for nobody checks. */
export function isKnownFormat(type: string | undefined, format: string): boolean {
  if (type === 'string') return checks.has(format)
  return type !== undefined && numberFormats[type]?.includes(format) === true
}

/** True when `text` has the format, or nobody checks the format. */
export function hasFormat(format: string, text: string): boolean {
  return checks.get(format)?.(text) ?? true
}
