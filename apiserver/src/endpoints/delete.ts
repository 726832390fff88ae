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
  'resource.k8s.io/deviceclasses',
  'resource.k8s.io/resourceclaims',
  'resource.k8s.io/resourceclaimtemplates',
  'resource.k8s.io/resourceslices',
  'storage.k8s.io/csidrivers',
  'storage.k8s.io/csinodes',
  'storage.k8s.io/storageclasses',
  'storage.k8s.io/volumeattachments',
  'storage.k8s.io/volumeattributesclasses',
])
const nameOf = ({ group, plural }: StoredResource): string => (group === '' ? plural : `${group}/${plural}`)

export function deleteAdmissionOptions(options: DeleteOptions): Record<string, unknown> {
  const { dryRun, ...rest } = options
  return { kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/v1', ...(dryRun ? { dryRun: ['All'] } : {}), ...rest }
}

/** Pods of Jobs stay unless the request says otherwise, which surprises people. */
export function warnOfOrphans(context: RequestContext, resource: StoredResource, options: DeleteOptions): void {
  const unsaid = options.propagationPolicy === undefined && options.orphanDependents === undefined
  if (resource.definition.deletion?.orphanByDefault !== true || !unsaid || resource.group !== 'batch') return
  addWarning(
    context,
    'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
  )
}

export async function deleteEndpoint(
  server: EndpointServer,
  context: RequestContext,
  resource: StoredResource,
): Promise<Answer> {
  const options = await readDeleteOptions(context)
  const form = objectForm(context, resource)
  const rules = resource.definition.deletion
  warnOfOrphans(context, resource, options)
  const scope = requestScope(server, context, resource, {
    dryRun: options.dryRun,
    admissionOptions: deleteAdmissionOptions(options),
  })
  const outcome = await deleteObject(scope, options)
  if (outcome.removed && !(rules?.answersObject ?? answersObject.has(nameOf(resource)))) {
    const status = deleted(
      { group: resource.group, plural: resource.plural },
      context.info.name,
      outcome.object.metadata?.uid ?? '',
    )
    return encodeForm(200, status, form.mediaType)
  }
  return objectAnswer(context, resource, 200, { object: () => outcome.object, json: outcome.json }, form)
}
