import type { GroupVersionKind, KubeObject } from '@kapell/openapi/meta/object'
import { apiVersionOf, parseApiVersion } from '@kapell/openapi/meta/object'
import { badRequest, unsupportedMediaType, type ApiError } from '@kapell/openapi/meta/status'
import { cannotBeHandled, decodeObject, noSuchKind, type UnknownFields } from '@kapell/openapi/schema/decode-object'
import { isReadableAs } from '@kapell/openapi/schema/old-versions'
import { DecodeError } from '@kapell/openapi/schema/problems'
import { isKnownKind } from '@kapell/openapi/schema/registry'
import { decodeBody as readBody, strictYamlProblems, type DecodedBody } from '@kapell/openapi/wire/body'
import { keepWrittenNumbers, mayHoldWrittenNumbers } from '@kapell/openapi/wire/written-number'
import { withExactIntegers } from '@kapell/openapi/wire/exact-integers'
import { unheldNumber } from '@kapell/openapi/wire/number-text'
import { contentTypeOf, jsonType, protobufType, unknownBodyFormat, yamlType } from '@kapell/openapi/wire/media'
import type { CustomShape } from '../registry/definition.ts'
import type { RequestContext } from '../pipeline/context.ts'
import type { FieldValidation } from './query-options.ts'

/** Types of bodies that hold an object. */
const readable = new Set([jsonType, yamlType, protobufType])

export function unsupportedBody(accepted?: readonly string[]): ApiError {
  return unsupportedMediaType(unknownBodyFormat(accepted))
}

/** The body's media type; absent means JSON. */
export const bodyType = (context: RequestContext): string => contentTypeOf(context.header('content-type'))

/** How Go names the package that holds a group's internal types. */
function internalPackage(group: string): string {
  return group === '' ? 'core' : (group.split('.')[0] ?? group)
}

export interface DecodeRequest {
  /** The kind this endpoint takes; bodies without a kind are taken for it. */
  gvk: GroupVersionKind
  /** Versions besides gvk's whose objects have the same fields. */
  alsoVersions?: readonly string[]
  /** For custom resources. */
  custom?: CustomShape | undefined
  validation: FieldValidation
  warn: (text: string) => void
}

export const unknownFieldsOf = (validation: FieldValidation): UnknownFields =>
  validation === 'Strict' ? 'strict' : validation === 'Warn' ? 'warn' : 'ignore'

/** An object of the kind, but in a version that is not the endpoint's. */
export const otherVersion = (given: string, expected: string): string =>
  `the API version in the data (${given}) does not match the expected API version (${expected})`

/** A decoded body as an object of the wanted kind. Throws 400. */
export function decodeParsed(parsed: DecodedBody, request: DecodeRequest): KubeObject {
  const { gvk } = request
  if (request.custom !== undefined) return decodeCustom(request.custom, parsed, request)
  const given = (parsed.value ?? {}) as { apiVersion?: unknown; kind?: unknown }
  const kind = typeof given.kind === 'string' && given.kind !== '' ? given.kind : gvk.kind
  const apiVersion = typeof given.apiVersion === 'string' ? given.apiVersion : ''
  const named = apiVersion === '' ? { group: gvk.group, version: gvk.version } : parseApiVersion(apiVersion)
  const isOld = request.alsoVersions?.includes(named.version) ?? false
  if (kind !== gvk.kind || named.group !== gvk.group || (named.version !== gvk.version && !isOld)) {
    const other = { ...named, kind }
    if (isReadableAs(other, gvk)) throw badRequest(otherVersion(apiVersion, apiVersionOf(gvk)))
    const { version } = named
    const why =
      isKnownKind(other) || isKnownListKind(other)
        ? `converting (${version}.${kind}) to (${internalPackage(gvk.group)}.${gvk.kind}): unknown conversion`
        : noSuchKind(other)
    throw cannotBeHandled({ kind, version }, gvk.kind, why)
  }
  const strict = request.validation === 'Strict'
  const isOdd = parsed.text !== undefined && mayHoldWrittenNumbers(parsed.text)
  const value = isOdd ? keepWrittenNumbers(parsed.text ?? '') : (parsed.value ?? {})
  const { object, unknown } = decodeObject(gvk, value, {
    unknownFields: unknownFieldsOf(request.validation),
    text: parsed.text,
    problems: strict ? strictYamlProblems(parsed.problems) : parsed.problems,
  })
  for (const text of unknown) request.warn(text)
  return object
}

function decodeCustom(shape: CustomShape, parsed: DecodedBody, request: DecodeRequest): KubeObject {
  const { gvk } = request
  const given = (parsed.value ?? {}) as { apiVersion?: unknown; kind?: unknown }
  const kind = given.kind ?? ''
  if (typeof kind !== 'string' || kind === '') {
    const text = parsed.text ?? JSON.stringify(parsed.value)
    const why =
      kind === ''
        ? `Object 'Kind' is missing in '${text}'`
        : `couldn't get version/kind; json parse error: json: cannot unmarshal ${typeof kind} into Go struct field .kind of type string`
    const start = text.startsWith('{') ? text.slice(0, 30) : Buffer.from(text.slice(0, 30)).toString('hex')
    const excerpt = text.length > 30 ? `${start} ...` : start
    throw badRequest(`the object provided is unrecognized (must be of type ${gvk.kind}): ${why} (${excerpt})`)
  }
  const unheld = parsed.text === undefined ? undefined : unheldNumber(parsed.text)
  if (unheld?.isTooLarge === true) throw cannotBeHandled(gvk, gvk.kind, tooLargeText(unheld.source))
  const value = parsed.exact ?? (unheld === undefined ? parsed.value : withExactIntegers(parsed.text ?? ''))
  try {
    const { object, unknown } = shape.decode(value ?? {}, {
      unknownFields: unknownFieldsOf(request.validation),
      text: parsed.text,
      problems: request.validation === 'Strict' ? strictYamlProblems(parsed.problems) : parsed.problems,
    })
    for (const text of unknown) request.warn(text)
    return object
  } catch (error) {
    throw error instanceof DecodeError ? cannotBeHandled(gvk, gvk.kind, error.message) : error
  }
}

/** Of a number beyond all doubles. */
export const tooLargeText = (source: string): string =>
  `json: cannot unmarshal number ${source} into Go value of type float64`

function isKnownListKind(gvk: GroupVersionKind): boolean {
  return gvk.kind.endsWith('List') && isKnownKind({ ...gvk, kind: gvk.kind.slice(0, -4) })
}

async function readProtobuf(bytes: Uint8Array, gvk: GroupVersionKind): Promise<DecodedBody> {
  const { decodeProtobuf } = await import('@kapell/openapi/wire/protobuf')
  const shown = Buffer.from(bytes.subarray(0, 30)).toString('hex')
  const { object } = decodeProtobuf(bytes, (why) =>
    badRequest(
      `the object provided is unrecognized (must be of type ${gvk.kind}): ${why} (${shown}${bytes.length > 30 ? ' ...' : ''})`,
    ),
  )
  return { value: object, problems: [] }
}

/** The request's body as an object of the kind. Throws 400, 413, 415. */
export async function decodeBody(context: RequestContext, request: DecodeRequest): Promise<KubeObject> {
  const type = bodyType(context)
  if (!readable.has(type)) throw unsupportedBody()
  const bytes = await context.body()
  if (type === protobufType) return decodeParsed(await readProtobuf(bytes, request.gvk), request)
  return decodeParsed(await readBody({ contentType: type, bytes, kind: request.gvk.kind }), request)
}
