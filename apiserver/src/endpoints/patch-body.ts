import { apiVersionOf, parseApiVersion, type GroupVersionKind, type KubeObject } from '@kapell/openapi/meta/object'
import { ApiError, badRequest, invalidObject } from '@kapell/openapi/meta/status'
import { fieldErrorMessage, causeMessage, invalid, type FieldError } from '@kapell/openapi/meta/field-errors'
import { applyJsonPatch, parseJsonPatch, type JsonPatchOperation } from '@kapell/openapi/patch/json-patch'
import { applyMergePatch, parseMergePatch } from '@kapell/openapi/patch/merge-patch'
import { applyStrategicPatch, parseStrategicPatch } from '@kapell/openapi/patch/strategic-merge'
import { goPrint } from '@kapell/openapi/patch/json'
import { decodeOrThrow, noSuchKind } from '@kapell/openapi/schema/decode-object'
import { DecodeError } from '@kapell/openapi/schema/problems'
import { isKnownKind, schemaOf } from '@kapell/openapi/schema/registry'
import { decodeText } from '@kapell/openapi/wire/json'
import { withExactIntegers } from '@kapell/openapi/wire/exact-integers'
import { unheldNumber, type UnheldNumber } from '@kapell/openapi/wire/number-text'
import type { RequestContext } from '../pipeline/context.ts'
import type { StoredResource } from '../registry/resource-table.ts'
import { bodyType, tooLargeText, unknownFieldsOf, unsupportedBody, type DecodeRequest } from './parse-body.ts'
import { customPatchTypes, unknownPatchType } from './patch-type.ts'

type JsonObject = Record<string, unknown>

/** A patch as the request carries it, read but not yet applied. */
export type PatchBody =
  | { type: 'json'; operations: readonly JsonPatchOperation[] }
  | { type: 'merge'; patch: JsonObject }
  | { type: 'strategic'; patch: JsonObject }

/** A patch that is no JSON at all is told of by whoever reads it. */
function isExactlyHeld(text: string): boolean {
  let unheld: UnheldNumber | undefined
  try {
    unheld = unheldNumber(text)
  } catch {
    return true
  }
  if (unheld?.isTooLarge === true) throw badRequest(tooLargeText(unheld.source))
  return unheld === undefined
}

/**
 * Reads the body; what is answered parses it, once there is an object to patch: a missing one is told of first. Throws
 * 413 and 415, and what is answered 400.
 */
export async function readPatch(context: RequestContext, resource: StoredResource): Promise<() => PatchBody> {
  const type = context.header('content-type') === undefined ? '' : bodyType(context)
  const parse = parsers[type]
  // The router of built-in resources has refused other types.
  if (parse === undefined) throw unsupportedBody(customPatchTypes)
  const isCustom = schemaOf(resource) === undefined
  if (isCustom && type === strategicType) throw unsupportedBody(customPatchTypes)
  const text = decodeText(await context.body())
  let parsed: PatchBody | undefined
  return () => {
    if (parsed !== undefined) return parsed
    parsed = parse(text, { keepsText: !isCustom })
    // The shape is right by now; only the numbers are read again.
    if (isCustom && !isExactlyHeld(text)) parsed = withExactNumbers(parsed, withExactIntegers(text))
    return parsed
  }
}

function withExactNumbers(body: PatchBody, exact: unknown): PatchBody {
  if (body.type === 'merge') return { type: 'merge', patch: exact as JsonObject }
  if (body.type !== 'json') return body
  const operations = body.operations.map((operation, i) => {
    const { value } = (exact as { value?: unknown }[])[i] ?? {}
    return value === undefined ? operation : { ...operation, value }
  })
  return { type: 'json', operations }
}

const strategicType = 'application/strategic-merge-patch+json'

const parsers: Readonly<Record<string, (text: string, how: { keepsText: boolean }) => PatchBody>> = {
  'application/json-patch+json': (text, how) => ({ type: 'json', operations: parseJsonPatch(text, how) }),
  'application/merge-patch+json': (text, how) => ({ type: 'merge', patch: parseMergePatch(text, how) }),
  [strategicType]: (text) => ({ type: 'strategic', patch: parseStrategicPatch(text) }),
}

const metadataOrder = [
  'name',
  'generateName',
  'namespace',
  'selfLink',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'ownerReferences',
  'finalizers',
  'managedFields',
]

type Touched = { [key: string]: Touched }

/** The parts of an object that a patch goes into. */
function touchedBy(body: PatchBody): Touched {
  if (body.type === 'merge') return touchedByMerge(body.patch)
  // A name is whatever the request says, __proto__ as well.
  const touched = Object.create(null) as Touched
  if (body.type !== 'json') return touched
  for (const { path } of body.operations) {
    let at = touched
    const names = path.split('/').slice(1, -1)
    for (const name of names)
      at = at[name.replaceAll('~1', '/').replaceAll('~0', '~')] ??= Object.create(null) as Touched
  }
  return touched
}

function touchedByMerge(patch: JsonObject): Touched {
  return Object.fromEntries(
    Object.entries(patch)
      .filter(([, value]) => typeof value === 'object' && value !== null && !Array.isArray(value))
      .map(([key, value]) => [key, touchedByMerge(value as JsonObject)]),
  )
}

/** As messages show it: what the patch goes into by letter, other metadata in the order of the API's type. */
function shown(result: unknown, touched: Touched): unknown {
  if (typeof result !== 'object' || result === null) return result
  if (Array.isArray(result)) {
    return result.map((item: unknown, i) => (Object.hasOwn(touched, i) ? shown(item, touched[i] ?? {}) : item))
  }
  const place = (key: string): number => metadataOrder.indexOf(key)
  const sorted = Object.entries(result).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(
    sorted.map(([key, value]) => {
      if (Object.hasOwn(touched, key)) return [key, shown(value, touched[key] ?? {})]
      return key === 'metadata' && typeof value === 'object' && value !== null
        ? [key, Object.fromEntries(Object.entries(value as object).sort(([a], [b]) => place(a) - place(b)))]
        : [key, value as unknown]
    }),
  )
}

/** The 422 of a patch whose result is no object of the kind. */
function badResult(result: string, why: string): ApiError {
  const error: FieldError = {
    type: 'FieldValueInvalid',
    field: 'patch',
    badValue: result,
    detail: why,
  }
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
export function patchedObject(current: KubeObject, body: PatchBody, request: DecodeRequest): KubeObject {
  const { gvk } = request
  const result = applied(current, body, gvk)
  if (request.custom !== undefined) {
    checkOwnVersion(result, current, gvk)
    try {
      const { object, unknown } = request.custom.decode(result, { unknownFields: unknownFieldsOf(request.validation) })
      for (const text of unknown) request.warn(text)
      return object
    } catch (error) {
      throw error instanceof DecodeError ? badResult(textOf(result, body), error.message) : error
    }
  }
  const given = result as { apiVersion?: unknown; kind?: unknown }
  const apiVersion = typeof given?.apiVersion === 'string' ? given.apiVersion : ''
  const kind = typeof given?.kind === 'string' ? given.kind : ''
  const named = { ...parseApiVersion(apiVersion), kind }
  if (kind !== gvk.kind || named.group !== gvk.group || named.version !== gvk.version) {
    throw badResult(textOf(result, body), isKnownKind(named) ? whyNotOf(named, result, gvk) : noSuchKind(named))
  }
  try {
    const { object, unknown } = decodeOrThrow(gvk, result, { unknownFields: unknownFieldsOf(request.validation) })
    // What a merge patch leaves is written down anew by the original, in the order of its keys.
    for (const text of body.type === 'merge' ? unknown.toSorted() : unknown) request.warn(text)
    return object
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    throw body.type === 'strategic'
      ? badResult(goPrint(body.patch), error.restored)
      : badResult(textOf(result, body), error.message)
  }
}

/** An object of another kind: what is wrong with it as that kind, or else that it is one. */
function whyNotOf(named: GroupVersionKind, result: unknown, wanted: GroupVersionKind): string {
  try {
    decodeOrThrow(named, result, { unknownFields: 'ignore' })
  } catch (error) {
    if (error instanceof DecodeError) return error.message
    throw error
  }
  const group = wanted.group === '' ? 'core' : (wanted.group.split('.')[0] ?? '')
  return `converting (${named.version}.${named.kind}) to (${group}.${wanted.kind}): unknown conversion`
}

const textOf = (result: unknown, body: PatchBody): string => JSON.stringify(shown(result, touchedBy(body)))
