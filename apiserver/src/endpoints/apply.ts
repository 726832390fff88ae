import type { GroupVersionKind, KubeObject } from '@kapell/openapi/meta/object'
import { badRequest } from '@kapell/openapi/meta/status'
import { rfc3339 } from '@kapell/openapi/meta/time'
import { applyPatch, type ApplyResult } from '@kapell/openapi/patch/apply'
import { decodeOrThrow } from '@kapell/openapi/schema/decode-object'
import { DecodeError } from '@kapell/openapi/schema/problems'
import type { StructSchema } from '@kapell/openapi/schema/schema'
import { strictYamlProblems } from '@kapell/openapi/wire/body'
import { decodeText } from '@kapell/openapi/wire/json'
import { decodeYaml, YamlError } from '@kapell/openapi/wire/yaml'
import type { RequestContext } from '../pipeline/context.ts'
import { createObject } from '../registry/create.ts'
import { deepEqual } from '../registry/deep-equal.ts'
import type { CustomShape } from '../registry/definition.ts'
import { resetFieldsOf, structSchemaOf } from '../registry/managed-fields.ts'
import type { StoredResource } from '../registry/resource-table.ts'
import { updateObject } from '../registry/update.ts'
import type { Answer } from '../server/answer.ts'
import { admissionOptionsOf, outcomeBody, settleNamespace } from './create.ts'
import { unknownFieldsOf, unsupportedBody } from './parse-body.ts'
import { parseWriteOptions, type FieldValidation } from './query-options.ts'
import { objectAnswer, objectForm } from './respond.ts'
import type { EndpointServer } from './server.ts'
import { checkName, createsMissing } from './update.ts'
import { addWarning, requestScope } from './write-scope.ts'

function isSameContent(live: KubeObject, next: KubeObject): boolean {
  const { managedFields } = live.metadata ?? {}
  return deepEqual(live, { ...next, metadata: { ...next.metadata, ...(managedFields && { managedFields }) } })
}

const notAnObject =
  'error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}'

/** What is to be applied, and what its text says twice. */
interface AppliedBody {
  value: unknown
  problems: readonly string[]
}

/**
 * Reads the body; what is answered gives what is in it, once there is an object to apply it to: a missing one is told of
 * first. `exact` keeps whole numbers of 64 bits. Throws 413, and what is answered 400.
 */
export async function readApplied(context: RequestContext, exact = false): Promise<() => AppliedBody> {
  const text = decodeText(await context.body())
  try {
    const { value, problems } = await decodeYaml(text, { exact })
    return () => {
      if (Array.isArray(value)) throw badRequest(notAnObject)
      return { value, problems }
    }
  } catch (error) {
    if (!(error instanceof YamlError)) throw error
    return () => {
      throw badRequest(`error decoding YAML: error converting YAML to JSON: ${error.message}`)
    }
  }
}

/** Keys that stand twice are told of once all else is well. */
function checkText({ problems }: AppliedBody, { options, warn }: ApplyRequest): void {
  const [told] = strictYamlProblems(problems)
  if (told !== undefined && options.fieldValidation === 'Strict') {
    throw badRequest(`error strict decoding YAML: error converting YAML to JSON: ${told}`)
  }
  if (options.fieldValidation === 'Warn') for (const problem of problems) warn(problem)
}

interface ApplyRequest {
  schema: StructSchema
  gvk: GroupVersionKind
  custom?: CustomShape | undefined
  applied: () => AppliedBody
  options: { fieldManager: string; force?: boolean | undefined; fieldValidation: FieldValidation }
  subresource: string
  resetFields: readonly string[]
  now: Date
  warn: (text: string) => void
}

/** What is there with what is applied merged into it, decoded anew, with its managed fields. Throws 400 and 409. */
export function mergedObject(live: KubeObject | undefined, request: ApplyRequest): ApplyResult {
  const { schema, gvk, custom, options } = request
  const body = request.applied()
  const result = applyPatch({
    schema,
    gvk,
    live,
    applied: body.value,
    manager: options.fieldManager,
    force: options.force ?? false,
    subresource: request.subresource,
    time: rfc3339(request.now),
    resetFields: request.resetFields,
    keepsNulls: custom !== undefined,
  })
  checkText(body, request)
  if (!result.changed) return result
  const { managedFields } = result.object.metadata ?? {}
  let object: KubeObject
  try {
    const how = { unknownFields: unknownFieldsOf(options.fieldValidation) }
    const decoded =
      custom === undefined
        ? decodeOrThrow(gvk, result.object, how)
        : // The original takes what was merged as it is: a null where none may be is refused.
          custom.decode(result.object, { ...how, keepNulls: true })
    for (const text of decoded.unknown) request.warn(text)
    object = decoded.object
  } catch (error) {
    throw error instanceof DecodeError ? badRequest(error.message) : error
  }
  const metadata = (object.metadata ??= {})
  if (managedFields !== undefined) metadata.managedFields = managedFields
  return { ...result, object }
}

/** Server-side apply: creates what is missing, merges into what is there, keeps account of who owns which field. */
export async function applyEndpoint(
  server: EndpointServer,
  context: RequestContext,
  resource: StoredResource,
): Promise<Answer> {
  const options = parseWriteOptions(context.query, 'PatchOptions', true)
  const form = objectForm(context, resource)
  const schema = structSchemaOf(resource)
  if (schema === undefined) throw unsupportedBody(['application/json-patch+json', 'application/merge-patch+json'])
  const { info } = context
  const request: ApplyRequest = {
    schema,
    gvk: resource,
    custom: resource.definition.custom,
    applied: await readApplied(context, resource.definition.custom !== undefined),
    options,
    subresource: info.subresource,
    resetFields: resetFieldsOf(resource, info.subresource),
    now: context.now,
    warn: (text) => addWarning(context, text),
  }

  const merged = (live: KubeObject | undefined): { object: KubeObject; changed: boolean } => {
    const result = mergedObject(live, request)
    if (!result.changed) return result
    const { object } = result
    const metadata = (object.metadata ??= {})
    metadata.name ??= info.name
    settleNamespace(object, resource, info.namespace)
    checkName(object, info.name)
    resource.definition.default?.(object)
    // Nulls may be all that was different, and have become defaults.
    const isAsBefore = live !== undefined && !result.ownersChanged && isSameContent(live, object)
    return { object, changed: !isAsBefore }
  }

  const scope = requestScope(server, context, resource, {
    dryRun: options.dryRun,
    admissionOptions: admissionOptionsOf('PatchOptions', options),
  })
  const outcome = await updateObject(scope, {
    patch: true,
    next: (current, copy) => {
      const { object, changed } = merged(current)
      return changed ? object : copy()
    },
    ...(info.subresource === '' ||
    (resource.definition.allowCreateOnUpdate === true && createsMissing(info.subresource))
      ? {
          createMissing: () => {
            const { object } = merged(undefined)
            delete object.metadata?.resourceVersion
            delete object.metadata?.uid
            return createObject(scope, object)
          },
        }
      : {}),
  })
  return objectAnswer(context, resource, outcome.created ? 201 : 200, outcomeBody(outcome), form)
}
