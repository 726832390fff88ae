/** Addresses, ranges and URLs. Source: the Kubernetes documentation, "IP address", "CIDR" and "URL" libraries. */
import { CelError } from '../runtime/errors.ts'
import { fixed, walk } from '../library/costs.ts'
import { declare, type Implementation, type LibraryTable } from '../library/declare.ts'
import { ArrayList, EntryMap, type Value } from '../values/collections.ts'
import { OpaqueValue } from '../values/scalars.ts'
import {
  formatAddress,
  isMapped,
  maskedRange,
  parseAddress,
  parseRange,
  rangeHolds,
  type Address,
  type Range,
} from './address.ts'

class IpValue extends OpaqueValue {
  readonly typeName = 'net.IP'
  readonly address: Address
  constructor(address: Address) {
    super()
    this.address = address
  }
  override equals(other: OpaqueValue): boolean {
    return other instanceof IpValue && formatAddress(this.address) === formatAddress(other.address)
  }
}
class CidrValue extends OpaqueValue {
  readonly typeName = 'net.CIDR'
  readonly range: Range
  constructor(range: Range) {
    super()
    this.range = range
  }
  override equals(other: OpaqueValue): boolean {
    return other instanceof CidrValue && cidrText(this) === cidrText(other)
  }
}
class UrlValue extends OpaqueValue {
  readonly typeName = 'kubernetes.URL'
  readonly url: URL
  readonly text: string
  constructor(url: URL, text: string) {
    super()
    this.url = url
    this.text = text
  }
  override equals(other: OpaqueValue): boolean {
    return other instanceof UrlValue && this.text === other.text
  }
}

const cidrText = ({ range }: CidrValue): string => `${formatAddress(range.address)}/${range.prefix}`

/** What is wrong with a text as an address, in the words of Go's parser. */
function addressProblem(text: string): string {
  const parts = text.split('.')
  if (text.includes(':') || !parts.every((part) => /^\d*$/.test(part)) || parts.length === 1)
    return 'unable to parse IP'
  if (parts.some((part) => /^0\d/.test(part))) return 'IPv4 field has octet with leading zero'
  if (parts.some((part) => Number(part) > 255)) return 'IPv4 field has value >255'
  return parts.length < 4 ? 'IPv4 address too short' : 'IPv4 address too long'
}

function addressOf(text: string): Address {
  const address = parseAddress(text)
  const shown = JSON.stringify(text)
  if (!address) {
    if (/^[0-9a-fA-F:.]+%./.test(text)) throw new CelError(`IP address ${shown} with zone value is not allowed`)
    const why = `ParseAddr(${shown}): ${addressProblem(text)}`
    throw new CelError(`IP Address ${shown} parse error during conversion from string: ${why}`)
  }
  if (isMapped(address)) throw new CelError(`IPv4-mapped IPv6 address ${shown} is not allowed`)
  return address
}
function rangeOf(text: string): Range {
  const range = parseRange(text)
  if (!range || isMapped(range.address)) {
    const failed = 'network address parse error during conversion from string'
    const why = text.includes('/') ? 'prefix length out of range' : "no '/'"
    throw new CelError(`${failed}: ${failed}: netip.ParsePrefix(${JSON.stringify(text)}): ${why}`)
  }
  return range
}
const isIp = (text: string): boolean => {
  const address = parseAddress(text)
  return address !== undefined && !isMapped(address)
}
const isCidr = (text: string): boolean => {
  const range = parseRange(text)
  return range !== undefined && !isMapped(range.address)
}

const top = (address: Address, bits: number): bigint => address.bits >> BigInt((address.family === 4 ? 32 : 128) - bits)
const kinds: Readonly<Record<string, (address: Address) => boolean>> = {
  isUnspecified: ({ bits }) => bits === 0n,
  isLoopback: (address) => (address.family === 4 ? top(address, 8) === 127n : address.bits === 1n),
  isLinkLocalMulticast: (address) =>
    address.family === 4 ? top(address, 24) === 0xe00000n : (top(address, 16) & 0xff0fn) === 0xff02n,
  isLinkLocalUnicast: (address) => (address.family === 4 ? top(address, 16) === 0xa9fen : top(address, 10) === 0x3fan),
  isGlobalUnicast: (address) => isGlobalUnicast(address),
}
function isGlobalUnicast(address: Address): boolean {
  if (address.family === 4 && address.bits === 0xffffffffn) return false
  const multicast = address.family === 4 ? top(address, 4) === 0xen : top(address, 8) === 0xffn
  return !multicast && !['isUnspecified', 'isLoopback', 'isLinkLocalUnicast'].some((kind) => kinds[kind]?.(address))
}

const one = fixed(1)
const ipRows: LibraryTable = Object.fromEntries(
  Object.entries(kinds).map(([name, test]): [string, Implementation] => [
    `net.IP.${name}(): bool`,
    { call: ({ address }: IpValue) => test(address), cost: one },
  ]),
)

const holdsRange = (outer: Range, inner: Range): boolean =>
  outer.prefix <= inner.prefix && rangeHolds(outer, inner.address)

export const networkLibrary = declare({
  ...ipRows,
  'ip(string): net.IP': { call: (text: string) => new IpValue(addressOf(text)), cost: walk() },
  'isIP(string): bool': { call: isIp, cost: walk() },
  'ip.isCanonical(string): bool': { call: (text: string) => formatAddress(addressOf(text)) === text, cost: walk(0, 2) },
  'net.IP.family(): int': { call: ({ address }: IpValue) => BigInt(address.family), cost: one },
  'string(net.IP): string': { call: ({ address }: IpValue) => formatAddress(address), cost: one },
  'cidr(string): net.CIDR': { call: (text: string) => new CidrValue(rangeOf(text)), cost: walk() },
  'isCIDR(string): bool': { call: isCidr, cost: walk() },
  'string(net.CIDR): string': { call: cidrText, cost: one },
  'net.CIDR.ip(): net.IP': { call: ({ range }: CidrValue) => new IpValue(range.address), cost: one },
  'net.CIDR.prefixLength(): int': { call: ({ range }: CidrValue) => BigInt(range.prefix), cost: one },
  'net.CIDR.masked(): net.CIDR': { call: ({ range }: CidrValue) => new CidrValue(maskedRange(range)), cost: one },
  'net.CIDR.containsIP(net.IP): bool': ({ range }: CidrValue, { address }: IpValue) => rangeHolds(range, address),
  'net.CIDR.containsIP(string): bool': {
    call: ({ range }: CidrValue, text: string) => rangeHolds(range, addressOf(text)),
    cost: (sizes) => 1 + Math.ceil((sizes[1] ?? 1) * 0.1),
  },
  'net.CIDR.containsCIDR(net.CIDR): bool': ({ range }: CidrValue, other: CidrValue) => holdsRange(range, other.range),
  'net.CIDR.containsCIDR(string): bool': {
    call: ({ range }: CidrValue, text: string) => holdsRange(range, rangeOf(text)),
    cost: (sizes) => 1 + Math.ceil((sizes[1] ?? 1) * 0.1),
  },
  'url(string): kubernetes.URL': { call: urlOf, cost: walk() },
  'isURL(string): bool': { call: (text: string) => parseUrl(text) !== undefined, cost: walk() },
  'kubernetes.URL.getScheme(): string': ({ url, text }: UrlValue) =>
    text.startsWith('/') ? '' : url.protocol.slice(0, -1),
  'kubernetes.URL.getHost(): string': ({ text }: UrlValue) => hostOf(text),
  'kubernetes.URL.getHostname(): string': ({ text }: UrlValue) =>
    hostOf(text)
      .replace(/:\d*$/, '')
      .replace(/^\[|\]$/g, ''),
  'kubernetes.URL.getPort(): string': ({ text }: UrlValue) =>
    /:(\d*)$/.exec(hostOf(text).replace(/^\[.*\]/, ''))?.[1] ?? '',
  'kubernetes.URL.getEscapedPath(): string': ({ text }: UrlValue) => pathOf(text),
  'kubernetes.URL.getQuery(): map<string, list<string>>': ({ url }: UrlValue) => queryOf(url),
})

/** Absolute, or a path from the root. */
function parseUrl(text: string): URL | undefined {
  if (/[\x00-\x20\x7f]/.test(text)) return undefined
  if (text.startsWith('/')) return URL.canParse(text, 'path://host') ? new URL(text, 'path://host') : undefined
  if (!/^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(text) || /%(?![0-9a-fA-F]{2})/.test(text.split(/[?#]/, 1)[0] ?? ''))
    return undefined
  return URL.canParse(text) ? new URL(text) : undefined
}
function urlOf(text: string): Value {
  const url = parseUrl(text)
  if (!url)
    throw new CelError(
      `URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`,
    )
  return new UrlValue(url, text)
}
const hostOf = (text: string): string => /^[^:/?#]+:\/\/(?:[^/?#]*@)?([^/?#]*)/.exec(text)?.[1] ?? ''
const pathOf = (text: string): string => /^(?:[^:/?#]+:)?(?:\/\/[^/?#]*)?([^?#]*)/.exec(text)?.[1] ?? ''
function queryOf(url: URL): EntryMap {
  const names = [...new Set(url.searchParams.keys())]
  return new EntryMap(names.map((name) => [name, new ArrayList(url.searchParams.getAll(name))]))
}
