import { deleted } from '@kapell/openapi/meta/status'
import type { RequestContext } from '../pipeline/context.ts'
import { deleteObject } from '../registry/delete.ts'
import type { StoredResource } from '../registry/resource-table.ts'
import type { Answer } from '../server/answer.ts'
import { readDeleteOptions } from './delete-options.ts'
import { encodeForm } from './encode-form.ts'
import type { DeleteOptions } from './query-options.ts'
import { objectAnswer, objectForm } from './respond.ts'
import type { EndpointServer } from './server.ts'
import { addWarning, requestScope } from './write-scope.ts'

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
