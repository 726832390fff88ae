import { apiVersionOf, parseApiVersion, type GroupVersionKind, type KubeObject } from '@kapell/openapi/meta/object'
import { ApiError, badRequest, invalidObject } from '@kapell/openapi/meta/status'
import { fieldErrorMessage, causeMessage, invalid, type FieldError } from '@kapell/openapi/meta/field-errors'
import { applyJsonPatch, parseJsonPatch, type JsonPatchOperation } from '@kapell/openapi/patch/json-patch'
import { applyMergePatch, parseMergePatch } from '@kapell/openapi/patch/merge-patch'
import { applyStrategicPatch, parseStrategicPatch } from '@kapell/openapi/patch/strategic-merge'
import { decodeOrThrow, noSuchKind } from '@kapell/openapi/schema/decode-object'
import { DecodeError } from '@kapell/openapi/schema/problems'
import { isKnownKind, schemaOf } from '@kapell/openapi/schema/registry'
import { decodeText } from '@kapell/openapi/wire/json'
import { unheldNumber, type UnheldNumber } from '@kapell/openapi/wire/number-text'
import type { RequestContext } from '../pipeline/context.ts'
import type { StoredResource } from '../registry/resource-table.ts'
import { bodyType, unheldText, unknownFieldsOf, unsupportedBody, type DecodeRequest } from './parse-body.ts'
import { applyType, customPatchTypes, unknownPatchType } from './patch-type.ts'

type JsonObject = Record<string, unknown>

/** A patch as the request carries it, read but not yet applied. */
export type PatchBody =
  | { type: 'json'; operations: readonly JsonPatchOperation[] }
  | { type: 'merge'; patch: JsonObject }
  | { type: 'strategic'; patch: JsonObject }
  | { type: 'apply'; bytes: Uint8Array }

/** A patch that is no JSON at all is told of by whoever reads it. */
function refuseUnheld(text: string): void {
  let unheld: UnheldNumber | undefined
  try {
    unheld = unheldNumber(text)
  } catch {
    return
  }
  if (unheld !== undefined) throw badRequest(unheldText(unheld))
}

/** Throws 400 and 415. */
export async function readPatch(context: RequestContext, resource: StoredResource): Promise<PatchBody> {
  const type = context.header('content-type') === undefined ? '' : bodyType(context)
  const text = async (): Promise<string> => {
    const given = decodeText(await context.body())
    if (resource.definition.custom !== undefined && given.trimStart().startsWith('{')) refuseUnheld(given)
    return given
  }
  switch (type) {
    case 'application/json-patch+json':
      return { type: 'json', operations: parseJsonPatch(await text()) }
    case 'application/merge-patch+json':
      return { type: 'merge', patch: parseMergePatch(await text()) }
    case 'application/strategic-merge-patch+json':
      if (schemaOf(resource) === undefined) {
        throw unsupportedBody(customPatchTypes)
      }
      return { type: 'strategic', patch: parseStrategicPatch(await text()) }
    case applyType:
      return { type: 'apply', bytes: await context.body() }
    default:
      // The router of built-in resources has refused it.
      throw unsupportedBody(customPatchTypes)
  }
}

/** The 422 of a patch whose result is no object of the kind. */
function badResult(result: unknown, why: string): ApiError {
  const error: FieldError = { type: 'FieldValueInvalid', field: 'patch', badValue: JSON.stringify(result), detail: why }
  return new ApiError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: ` "" is invalid: ${fieldErrorMessage(error)}`,
    reason: 'Invalid',
    details: { causes: [{ reason: error.type, message: causeMessage(error), field: error.field }] },
    code: 422,
  })
}

function applied(current: KubeObject, body: PatchBody, gvk: GroupVersionKind): unknown {
  switch (body.type) {
    case 'json':
      return applyJsonPatch(current, body.operations)
    case 'merge':
      return applyMergePatch(current, body.patch)
    case 'strategic': {
      const schema = schemaOf(gvk)
      if (schema === undefined) throw unknownPatchType()
      return applyStrategicPatch(schema, current as unknown as JsonObject, body.patch)
    }
    default:
      throw unknownPatchType()
  }
}

/** A patch cannot move a custom resource to another version; the error names no group, as the original has it. */
function checkOwnVersion(result: unknown, current: KubeObject, gvk: GroupVersionKind): void {
  const { apiVersion = '' } = (result ?? {}) as { apiVersion?: unknown }
  const wanted = apiVersionOf(gvk)
  if (apiVersion === wanted) return
  throw invalidObject({ group: '', kind: gvk.kind }, current.metadata?.name, [
    invalid('apiVersion', apiVersion, `must be ${wanted}`),
  ])
}

/** The current object with the patch applied, decoded anew as its kind. Throws 400 and 422. */
export async function patchedObject(current: KubeObject, body: PatchBody, request: DecodeRequest): Promise<KubeObject> {
  const { gvk } = request
  const result = applied(current, body, gvk)
  if (request.custom !== undefined) {
    checkOwnVersion(result, current, gvk)
    try {
      const { object, unknown } = request.custom.decode(result, { unknownFields: unknownFieldsOf(request.validation) })
      for (const text of unknown) request.warn(text)
      return object
    } catch (error) {
      throw error instanceof DecodeError ? badResult(result, error.message) : error
    }
  }
  const given = result as { apiVersion?: unknown; kind?: unknown }
  const apiVersion = typeof given?.apiVersion === 'string' ? given.apiVersion : ''
  const kind = typeof given?.kind === 'string' ? given.kind : ''
  const named = { ...parseApiVersion(apiVersion), kind }
  if (kind !== gvk.kind || named.group !== gvk.group || named.version !== gvk.version) {
    const why = isKnownKind(named)
      ? `converting (${named.version}.${kind}) to (${gvk.group === '' ? 'core' : gvk.group.split('.')[0]}.${gvk.kind}): unknown conversion`
      : noSuchKind(named)
    throw badResult(result, why)
  }
  try {
    const { object, unknown } = decodeOrThrow(gvk, result, { unknownFields: unknownFieldsOf(request.validation) })
    for (const text of unknown) request.warn(text)
    return object
  } catch (error) {
    throw error instanceof DecodeError ? badResult(result, error.message) : error
  }
}
