import { ApiError } from '@kapell/openapi/meta/status'

export type MediaType = 'application/json' | 'application/yaml' | 'application/vnd.kubernetes.protobuf'

/** In which form the client takes the answer. Source: API concepts, "Alternate representations of resources". */
export interface Form {
  mediaType: MediaType
  /** What the objects are turned into first. */
  as?: 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList'
}

interface Clause {
  type: string
  quality: number
  parameters: Record<string, string>
}

const cacheLimit = 256
const cache = new Map<string, readonly Clause[]>()

function parseAccept(header: string): readonly Clause[] {
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
      return { type: type.toLowerCase(), quality: Number(parameters['q'] ?? 1), parameters, order }
    })
    .filter((clause) => clause.type !== '')
    .sort((a, b) => b.quality - a.quality || a.order - b.order)
  if (cache.size >= cacheLimit) cache.clear()
  cache.set(header, clauses)
  return clauses
}

const transforms = new Set(['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList'])

function mediaTypeOf(type: string, offered: readonly MediaType[]): MediaType | undefined {
  if (type === '*/*' || type === 'application/*') return offered[0]
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
  options: { offered: readonly MediaType[]; transform: boolean },
): Form | undefined {
  if (accept === undefined || accept === '' || accept === 'application/json' || accept === '*/*') return json
  for (const { type, parameters } of parseAccept(accept)) {
    const mediaType = mediaTypeOf(type, options.offered)
    if (mediaType === undefined) continue
    const as = parameters['as']
    if (as === undefined) return { mediaType }
    const known = transforms.has(as) && parameters['g'] === 'meta.k8s.io' && parameters['v'] === 'v1'
    // Tables have no protobuf form.
    if (as === 'Table' && mediaType === protobufType) continue
    if (options.transform && known) return { mediaType, as: as as NonNullable<Form['as']> }
  }
  return undefined
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

/**
 * A watch's 406. Types that no answer of the path has are told of by the router, which custom resources do not have;
 * forms that no object has and streams that there are not by who would write them.
 */
export function notAcceptableStream(accept: string | undefined, resource: { itemsKeepKind: boolean }): ApiError {
  const named = streamTypes.map((type) => `${type};stream=watch`)
  const types = (accept ?? '').split(',').map((clause) => clause.split(';', 1)[0]?.trim() ?? '')
  if (!resource.itemsKeepKind && !types.some((type) => (objectTypes as readonly string[]).includes(type))) {
    return notAcceptableObject([...objectTypes, ...named])
  }
  const offered = resource.itemsKeepKind ? customObjectTypes : objectTypes
  const isObject = negotiateForm(accept, { offered, transform: true }) !== undefined
  return onlyAccepted(isObject ? named : objectTypes)
}
