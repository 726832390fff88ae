import type { GroupVersionKind, KubeObject } from '@kapell/openapi/meta/object'
import { parseApiVersion } from '@kapell/openapi/meta/object'
import { badRequest } from '@kapell/openapi/meta/status'
import { decodeOrThrow, noSuchKind } from '@kapell/openapi/schema/decode-object'
import { DecodeError } from '@kapell/openapi/schema/problems'
import { decodeText, parseJson } from '@kapell/openapi/wire/json'
import { jsonType, protobufType, yamlType } from '@kapell/openapi/wire/media'
import { decodeYaml } from '@kapell/openapi/wire/yaml'
import type { RequestContext } from '../pipeline/context.ts'
import { bodyType, unsupportedBody } from './parse-body.ts'
import { checkDeleteOptions, deleteOptionsOfQuery, type DeleteOptions } from './query-options.ts'

const gvk: GroupVersionKind = { group: '', version: 'v1', kind: 'DeleteOptions' }
const noKind = (why: string): string => `couldn't get version/kind; json parse error: ${why}`

function jsonTypeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

async function parseBody(bytes: Uint8Array, type: string): Promise<unknown> {
  if (type === protobufType) {
    return (await import('@kapell/openapi/wire/protobuf')).decodeProtobuf(bytes).object
  }
  const text = decodeText(bytes)
  return type === jsonType ? parseJson(text, (why) => badRequest(noKind(why))) : (await decodeYaml(text)).value
}

/** Throws 400 for a body that is no object, or says that it is something else. */
function checkKind(body: unknown): asserts body is Record<string, unknown> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    const wanted = `struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`
    throw badRequest(noKind(`json: cannot unmarshal ${jsonTypeOf(body)} into Go value of type ${wanted}`))
  }
  const given = body as Record<string, unknown>
  for (const field of ['apiVersion', 'kind']) {
    const value = given[field] ?? ''
    if (typeof value !== 'string') {
      const type = jsonTypeOf(value)
      throw badRequest(noKind(`json: cannot unmarshal ${type} into Go struct field .${field} of type string`))
    }
  }
  const apiVersion = (given['apiVersion'] as string | null | undefined) || 'meta.k8s.io/v1'
  const kind = (given['kind'] as string | null | undefined) || gvk.kind
  if (apiVersion.split('/').length > 2) throw badRequest(`unexpected GroupVersion string: ${apiVersion}`)
  if (kind !== gvk.kind) throw badRequest(noSuchKind({ ...parseApiVersion(apiVersion), kind }))
}

type OptionsBody = KubeObject & Parameters<typeof checkDeleteOptions>[0]

/** DeleteOptions from the body, or from the query when there is none. Throws 400, 415, 422. */
export async function readDeleteOptions(context: RequestContext): Promise<DeleteOptions> {
  const bytes = await context.body()
  if (bytes.length === 0) return checkDeleteOptions(deleteOptionsOfQuery(context.query))
  const type = bodyType(context)
  if (type !== jsonType && type !== yamlType && type !== protobufType) throw unsupportedBody()
  const body = (await parseBody(bytes, type)) ?? {}
  checkKind(body)
  try {
    return checkDeleteOptions(decodeOrThrow<OptionsBody>(gvk, body, { unknownFields: 'ignore' }).object)
  } catch (error) {
    throw error instanceof DecodeError ? badRequest(error.message) : error
  }
}
