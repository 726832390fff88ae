import type { KubeObject } from '@kapell/openapi/meta/object'
import { badRequest, deleted } from '@kapell/openapi/meta/status'
import { noSuchKind } from '@kapell/openapi/schema/decode-object'
import { parseApiVersion } from '@kapell/openapi/meta/object'
import { decodeText, parseJson } from '@kapell/openapi/wire/json'
import { jsonType, protobufType, yamlType } from '@kapell/openapi/wire/media'
import { decodeYaml } from '@kapell/openapi/wire/yaml'
import type { RequestContext } from '../pipeline/context.ts'
import { deleteObject } from '../registry/delete.ts'
import type { StoredResource } from '../registry/resource-table.ts'
import type { Answer } from '../server/answer.ts'
import { encodeForm } from './encode-form.ts'
import { bodyType, unsupportedBody } from './parse-body.ts'
import { checkDeleteOptions, deleteOptionsOfQuery, type DeleteOptions } from './query-options.ts'
import { objectAnswer, objectForm } from './respond.ts'
import type { EndpointServer } from './server.ts'
import { addWarning, requestScope } from './write-scope.ts'

async function parseOptionsBody(bytes: Uint8Array, type: string): Promise<unknown> {
  if (type === protobufType) {
    return (await import('@kapell/openapi/wire/protobuf')).decodeProtobuf(bytes).object
  }
  const text = decodeText(bytes)
  const value =
    type === jsonType
      ? parseJson(text, (why) => badRequest(`couldn't get version/kind; json parse error: ${why}`))
      : (await decodeYaml(text)).value
  if (value === null) return {}
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw badRequest("couldn't get version/kind; json parse error: not an object")
  }
  return value
}

/** DeleteOptions from the body, or from the query when there is none. */
export async function readDeleteOptions(context: RequestContext): Promise<DeleteOptions> {
  const bytes = await context.body()
  if (bytes.length === 0) return checkDeleteOptions(deleteOptionsOfQuery(context.query))
  const type = bodyType(context)
  if (type !== jsonType && type !== yamlType && type !== protobufType) throw unsupportedBody()
  const body = (await parseOptionsBody(bytes, type)) as KubeObject
  const kind = body.kind ?? 'DeleteOptions'
  if (kind !== 'DeleteOptions') throw badRequest(noSuchKind({ ...parseApiVersion(body.apiVersion ?? 'v1'), kind }))
  return checkDeleteOptions(body as Parameters<typeof checkDeleteOptions>[0])
}

/** Kinds whose DELETE answers with the object itself. */
const answersObject = new Set([
  'pods',
  'podtemplates',
  'services',
  'serviceaccounts',
  'resourcequotas',
  'persistentvolumes',
  'persistentvolumeclaims',
])

export function deleteAdmissionOptions(options: DeleteOptions): Record<string, unknown> {
  const { dryRun, ...rest } = options
  return { kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/v1', ...(dryRun ? { dryRun: ['All'] } : {}), ...rest }
}

export async function deleteEndpoint(
  server: EndpointServer,
  context: RequestContext,
  resource: StoredResource,
): Promise<Answer> {
  const options = await readDeleteOptions(context)
  const form = objectForm(context, resource)
  const rules = resource.definition.deletion
  const unsaid = options.propagationPolicy === undefined && options.orphanDependents === undefined
  if (rules?.orphanByDefault === true && unsaid && resource.group === 'batch') {
    addWarning(
      context,
      'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
    )
  }
  const scope = requestScope(server, context, resource, {
    dryRun: options.dryRun,
    admissionOptions: deleteAdmissionOptions(options),
  })
  const outcome = await deleteObject(scope, options)
  if (outcome.removed && !(rules?.answersObject ?? (resource.group === '' && answersObject.has(resource.plural)))) {
    const status = deleted(
      { group: resource.group, plural: resource.plural },
      context.info.name,
      outcome.object.metadata?.uid ?? '',
    )
    return encodeForm(200, status, form.mediaType)
  }
  return objectAnswer(context, resource, 200, { object: () => outcome.object, json: outcome.json }, form)
}
