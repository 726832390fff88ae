/** Media types and content negotiation. Source: RFC 9110; the API concepts, "Alternate representations of resources". */
export const jsonType = 'application/json'
export const yamlType = 'application/yaml'
export const protobufType = 'application/vnd.kubernetes.protobuf'
/** What the API server reads and writes objects as, in the order of its messages. */
export const objectTypes: readonly string[] = [jsonType, yamlType, protobufType]

export const jsonPatchType = 'application/json-patch+json'
export const mergePatchType = 'application/merge-patch+json'
export const strategicMergePatchType = 'application/strategic-merge-patch+json'
export const applyPatchType = 'application/apply-patch+yaml'

export interface MediaRange {
  /** Lower case: "application/json", "application/*". */
  type: string
  params: Readonly<Record<string, string>>
  /** 0 to 1. */
  quality: number
}

/** Longer headers and lists are cut: nobody needs them. */
const maxHeaderLength = 4096
const maxRanges = 32

/** Reads one media type with its parameters; a broken one has the type ''. */
export function parseMediaType(text: string): MediaRange {
  const [type = '', ...rest] = text.slice(0, maxHeaderLength).split(';')
  const params: Record<string, string> = Object.create(null) as Record<string, string>
  let quality = 1
  for (const part of rest) {
    const equals = part.indexOf('=')
    if (equals < 0) continue
    const name = part.slice(0, equals).trim().toLowerCase()
    const value = part
      .slice(equals + 1)
      .trim()
      .replace(/^"(.*)"$/, '$1')
    if (name === 'q') {
      const given = Number(value)
      quality = given >= 0 && given <= 1 ? given : 1
    } else params[name] = value
  }
  const trimmed = type.trim().toLowerCase()
  return { type: /^[^\s/]+\/[^\s/]+$/.test(trimmed) ? trimmed : '', params, quality }
}

/** The ranges of an Accept header, best first: by quality, then the more exact, then as given. */
export function parseAccept(header: string): MediaRange[] {
  const wildness = (r: MediaRange): number => (r.type === '*/*' ? 2 : r.type.endsWith('/*') ? 1 : 0)
  return header
    .slice(0, maxHeaderLength)
    .split(',')
    .slice(0, maxRanges)
    .map((part) => parseMediaType(part.trim() === '*' ? '*/*' : part))
    .filter((r) => r.type !== '' && r.quality > 0)
    .sort((a, b) => b.quality - a.quality || wildness(a) - wildness(b))
}

/** Another shape in which the client wants the object: a Table, or the metadata alone. */
export interface Conversion {
  kind: string
  group: string
  version: string
}

export interface Negotiated {
  /** One of the offered types. */
  type: string
  as?: Conversion
  pretty: boolean
}

export interface NegotiateOptions {
  /** The value of Accept; undefined or '' takes the first offer. */
  accept: string | undefined
  /** In order of preference, such as {@link objectTypes}. */
  offers: readonly string[]
  /** Whether the endpoint can answer in another shape; ranges that ask for one it cannot are passed over. */
  allowsConversion?: (as: Conversion) => boolean
  /** Watches: protobuf and JSON ranges may say `stream=watch`. */
  streaming?: boolean
}

/** The best range that an offer meets; undefined when none does (answer 406). */
export function negotiate({
  accept,
  offers,
  allowsConversion = () => false,
  streaming = false,
}: NegotiateOptions): Negotiated | undefined {
  const [first] = offers
  if (first === undefined) return undefined
  if (accept === undefined || accept.trim() === '') return { type: first, pretty: false }
  for (const range of parseAccept(accept)) {
    const type = offers.find((offer) => matches(range.type, offer))
    if (type === undefined) continue
    const { as: kind, g: group = '', v: version = '', stream, pretty } = range.params
    if (stream !== undefined && (!streaming || stream !== 'watch')) continue
    const result: Negotiated = { type, pretty: pretty === '1' || pretty === 'true' }
    if (kind === undefined) return result
    const as = { kind, group, version }
    if (allowsConversion(as)) return { ...result, as }
  }
  return undefined
}

function matches(range: string, offer: string): boolean {
  return range === '*/*' || range === offer || (range.endsWith('/*') && offer.startsWith(range.slice(0, -1)))
}

/** The bare media type of a Content-Type header; JSON when there is none. */
export function contentTypeOf(header: string | undefined): string {
  return header === undefined || header.trim() === '' ? jsonType : parseMediaType(header).type
}

/** The text of a 415 for a body in a type the endpoint does not read. */
export const unknownBodyFormat = (accepted: readonly string[] = objectTypes): string =>
  `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`
