import type { KubeObject } from '@kapell/openapi/meta/object'
import { badRequest } from '@kapell/openapi/meta/status'
import { rfc3339 } from '@kapell/openapi/meta/time'
import { applyPatch } from '@kapell/openapi/patch/apply'
import { decodeOrThrow } from '@kapell/openapi/schema/decode-object'
import { DecodeError } from '@kapell/openapi/schema/problems'
import { strictYamlProblems } from '@kapell/openapi/wire/body'
import { decodeText } from '@kapell/openapi/wire/json'
import { decodeYaml, YamlError } from '@kapell/openapi/wire/yaml'
import type { RequestContext } from '../pipeline/context.ts'
import { createObject } from '../registry/create.ts'
import { deepEqual } from '../registry/deep-equal.ts'
import { resetFieldsOf, structSchemaOf } from '../registry/managed-fields.ts'
import type { StoredResource } from '../registry/resource-table.ts'
import { updateObject } from '../registry/update.ts'
import type { Answer } from '../server/answer.ts'
import { admissionOptionsOf, outcomeBody, settleNamespace } from './create.ts'
import { unknownFieldsOf, unsupportedBody } from './parse-body.ts'
import { parseWriteOptions, type FieldValidation } from './query-options.ts'
import { objectAnswer, objectForm } from './respond.ts'
import type { EndpointServer } from './server.ts'
import { checkName } from './update.ts'
import { addWarning, requestScope } from './write-scope.ts'

function isSameContent(live: KubeObject, next: KubeObject): boolean {
  const { managedFields } = live.metadata ?? {}
  return deepEqual(live, { ...next, metadata: { ...next.metadata, ...(managedFields && { managedFields }) } })
}

const notAnObject =
  'error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}'

async function readApplied(context: RequestContext, validation: FieldValidation): Promise<unknown> {
  try {
    const { value, problems } = await decodeYaml(decodeText(await context.body()))
    const [told] = strictYamlProblems(problems)
    if (told !== undefined && validation === 'Strict') {
      throw badRequest(`error strict decoding YAML: error converting YAML to JSON: ${told}`)
    }
    if (validation === 'Warn') for (const problem of problems) addWarning(context, problem)
    if (Array.isArray(value)) throw badRequest(notAnObject)
    return value
  } catch (error) {
    if (!(error instanceof YamlError)) throw error
    throw badRequest(`error decoding YAML: error converting YAML to JSON: ${error.message}`)
  }
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
  const applied = await readApplied(context, options.fieldValidation)

  const merged = (live: KubeObject | undefined): { object: KubeObject; changed: boolean } => {
    const result = applyPatch({
      schema,
      gvk: resource,
      live,
      applied,
      manager: options.fieldManager,
      force: options.force ?? false,
      subresource: info.subresource,
      time: rfc3339(context.now),
      resetFields: resetFieldsOf(resource, info.subresource),
      keepsNulls: resource.definition.custom !== undefined,
    })
    if (!result.changed) return result
    const { managedFields } = result.object.metadata ?? {}
    let object: KubeObject
    try {
      const how = { unknownFields: unknownFieldsOf(options.fieldValidation) }
      const { custom } = resource.definition
      const decoded =
        custom === undefined
          ? decodeOrThrow(resource, result.object, how)
          : // The original takes what was merged as it is: a null where none may be is refused.
            custom.decode(result.object, { ...how, keepNulls: true })
      for (const text of decoded.unknown) addWarning(context, text)
      object = decoded.object
    } catch (error) {
      throw error instanceof DecodeError ? badRequest(error.message) : error
    }
    const metadata = (object.metadata ??= {})
    if (managedFields !== undefined) metadata.managedFields = managedFields
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
    ...(info.subresource === ''
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
