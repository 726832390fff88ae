import { badRequest, unsupportedMediaType } from '../meta/status.ts'
import type { GroupVersionKind } from '../meta/object.ts'
import { decodeText, parseJson } from './json.ts'
import { contentTypeOf, jsonType, protobufType, unknownBodyFormat, yamlType } from './media.ts'
import { decodeProtobuf } from './protobuf.ts'
import { decodeYaml, YamlError } from './yaml.ts'

/** Fewer digits are held exactly. */
const manyDigits = /\d[\d_]{15}/

/** A request's body as JSON, whatever it was written in. */
export interface DecodedBody {
  value: unknown
  /** The JSON text, when it was JSON: what duplicate members are looked for in. */
  text?: string
  /** Keys that YAML set twice: `line 5: key "name" already set in map`. */
  problems: string[]
  /** The value, with whole numbers that a double would round as BigInts; where YAML may hold such. */
  exact?: unknown
  /** What a protobuf envelope says the object is. */
  gvk?: GroupVersionKind
}

export interface DecodeBodyOptions {
  contentType: string | undefined
  bytes: Uint8Array
  /** The kind the endpoint takes, for messages. */
  kind: string
}

/** Throws ApiError 400, or 415 for a type that is neither JSON nor YAML nor protobuf. */
export async function decodeBody({ contentType, bytes, kind }: DecodeBodyOptions): Promise<DecodedBody> {
  const unrecognized = (why: string, text?: string): Error =>
    badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why} (${excerpt(bytes, text)})`)
  switch (contentTypeOf(contentType)) {
    case jsonType: {
      const text = decodeText(bytes)
      const parsed = parseJson(text, (why) => unrecognized(`couldn't get version/kind; json parse error: ${why}`, text))
      return { value: mustBeObject(parsed, unrecognized), text, problems: [] }
    }
    case yamlType:
      try {
        const text = decodeUtf8(bytes)
        const { value, problems } = await decodeYaml(text)
        const decoded = { value: mustBeObject(value ?? {}, unrecognized), problems }
        return manyDigits.test(text) ? { ...decoded, exact: (await decodeYaml(text, { exact: true })).value } : decoded
      } catch (error) {
        throw error instanceof YamlError ? unrecognized(error.message) : error
      }
    case protobufType: {
      const { object, gvk } = decodeProtobuf(bytes, unrecognized)
      return { value: object, gvk, problems: [] }
    }
    default:
      throw unsupportedMediaType(unknownBodyFormat())
  }
}

const strictDecoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })

/** YAML's readers refuse what is no UTF-8, where JSON's replace it. Throws YamlError. */
function decodeUtf8(bytes: Uint8Array): string {
  try {
    return strictDecoder.decode(bytes)
  } catch {
    throw new YamlError('yaml: invalid leading UTF-8 octet')
  }
}

/** The text that strict validation puts YAML's problems in. */
export const strictYamlProblems = (problems: readonly string[]): string[] =>
  problems.length === 0 ? [] : [`yaml: unmarshal errors:\n${problems.map((p) => `  ${p}`).join('\n')}`]

function mustBeObject(value: unknown, unrecognized: (why: string) => Error): unknown {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value
  if (value === null) return {}
  const found = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value
  throw unrecognized(
    `couldn't get version/kind; json parse error: json: cannot unmarshal ${found} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
  )
}

/** The start of a body: text when it is a JSON object's, hexadecimal otherwise. */
function excerpt(bytes: Uint8Array, text?: string): string {
  const max = 30
  if (bytes.length === 0) return '<empty>'
  const more = bytes.length > max ? ' ...' : ''
  if (bytes[0] === 0x7b) return `${(text ?? decodeText(bytes.subarray(0, max))).slice(0, max)}${more}`
  return `${[...bytes.subarray(0, max)].map((b) => b.toString(16).padStart(2, '0')).join('')}${more}`
}
