import { ApiError } from '@kapell/openapi/meta/status'

export type MediaType = 'application/json' | 'application/yaml' | 'application/vnd.kubernetes.protobuf'

/** In which form the client takes the answer. Source: API concepts, "Alternate representations of resources". */
export interface Form {
  mediaType: MediaType
  /** What the objects are turned into first. */
  as?: 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList'
  /** The version of that, when it is not v1. */
  version?: 'v1beta1'
  /** JSON over several lines. */
  pretty?: true
}

/** The apiVersion of what objects are turned into. */
export const metaVersion = (form: Pick<Form, 'version'>): string => `meta.k8s.io/${form.version ?? 'v1'}`

interface Clause {
  type: string
  quality: number
  parameters: Record<string, string>
}

const cacheLimit = 256
const cache = new Map<string, readonly Clause[]>()

/** The clauses of an Accept, best first. */
export function parseAccept(header: string): readonly Clause[] {
  const known = cache.get(header)
  if (known !== undefined) return known
  const clauses = header
    .split(',')
    .map((text, order) => {
      const [type = '', ...rest] = text.split(';').map((part) => part.trim())
      const parameters: Record<string, string> = {}
      for (const part of rest) {
        const at = part.indexOf('=')
        if (at > 0) parameters[part.slice(0, at).toLowerCase()] = part.slice(at + 1)
      }
      const quality = Number(parameters['q'] ?? 1)
      return { type, quality: Number.isNaN(quality) ? 1 : quality, parameters, order }
    })
    .filter((clause) => clause.type !== '')
    .sort((a, b) => b.quality - a.quality || a.order - b.order)
  if (cache.size >= cacheLimit) cache.clear()
  cache.set(header, clauses)
  return clauses
}

const transforms = new Set(['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList'])
const isTransform = ({ as, g, v }: Record<string, string>): boolean =>
  as !== undefined && transforms.has(as) && g === 'meta.k8s.io' && (v === 'v1' || v === 'v1beta1')

function mediaTypeOf(type: string, offered: readonly MediaType[]): MediaType | undefined {
  if (type === '*/*' || type === '*' || type === 'application/*') return offered[0]
  return offered.find((one) => one === type)
}

const json: Form = { mediaType: 'application/json' }

export const protobufType = 'application/vnd.kubernetes.protobuf'

/** Everything this server can write objects as, most liked first. */
export const objectTypes: readonly MediaType[] = ['application/json', 'application/yaml', protobufType]
export const streamTypes: readonly MediaType[] = ['application/json', protobufType]
/** Custom resources have no protobuf form. */
export const customObjectTypes = objectTypes.slice(0, 2)
export const customStreamTypes = streamTypes.slice(0, 1)

/** The best form on offer, or undefined when the client takes none of them. */
export function negotiateForm(
  accept: string | undefined,
  options: { offered: readonly MediaType[]; transform: boolean; /** Default: true. */ tables?: boolean },
): Form | undefined {
  if (accept === undefined || accept === '' || accept === 'application/json' || accept === '*/*') return json
  for (const { type, parameters } of parseAccept(accept)) {
    const mediaType = mediaTypeOf(type, options.offered)
    if (mediaType === undefined) continue
    const { as, g, v, stream } = parameters
    if (stream !== undefined && stream !== 'watch') continue
    const pretty = parameters['pretty'] === '1' ? ({ pretty: true } as const) : {}
    if (as === undefined && g === undefined && v === undefined) return { mediaType, ...pretty }
    // Tables have no protobuf form.
    if (as === 'Table' && (mediaType === protobufType || options.tables === false)) continue
    if (!options.transform || !isTransform(parameters)) continue
    return { mediaType, as: as as NonNullable<Form['as']>, ...(v === 'v1beta1' ? { version: v } : {}), ...pretty }
  }
  return undefined
}

/**
 * Whether the router lets an Accept pass that names these types: parameters do not count here, and of ranges only the
 * widest is known.
 */
export function routerTakes(accept: string | undefined, offered: readonly string[]): boolean {
  if (accept === undefined || accept === '' || accept === '*/*' || offered.includes(accept)) return true
  return accept.split(',').some((clause) => {
    const type = clause.split(';', 1)[0]?.trim() ?? ''
    return type === '*/*' || offered.includes(type)
  })
}

export function notAcceptableObject(offered: readonly string[]): ApiError {
  return notAcceptable(`406: Not Acceptable\n\nAvailable representations: ${offered.join(', ')}`, {})
}

/** Said by whoever writes the answer, where no router looked first. */
export const onlyAccepted = (types: readonly string[] = objectTypes): ApiError =>
  notAcceptable(`only the following media types are accepted: ${types.join(', ')}`)

export function notAcceptable(message: string, details?: Record<string, never>): ApiError {
  return new ApiError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason: 'NotAcceptable',
    ...(details === undefined ? {} : { details }),
    code: 406,
  })
}

export const namedStreamTypes: readonly string[] = streamTypes.map((type) => `${type};stream=watch`)

/** A watch's 406: forms that no object has, and streams that there are not, by who would write them. */
export function notAcceptableStream(accept: string | undefined): ApiError {
  const isObject = negotiateForm(accept, { offered: objectTypes, transform: true }) !== undefined
  return onlyAccepted(isObject ? namedStreamTypes : objectTypes)
}
