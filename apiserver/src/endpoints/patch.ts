import type { RequestContext } from '../pipeline/context.ts'
import { trackUpdate } from '../registry/managed-fields.ts'
import type { StoredResource } from '../registry/resource-table.ts'
import { updateObject } from '../registry/update.ts'
import type { Answer } from '../server/answer.ts'
import { applyEndpoint } from './apply.ts'
import { admissionOptionsOf, outcomeBody, settleNamespace } from './create.ts'
import { bodyType } from './parse-body.ts'
import { patchedObject, readPatch } from './patch-body.ts'
import { applyType } from './patch-type.ts'
import { parseWriteOptions } from './query-options.ts'
import { objectAnswer, objectForm } from './respond.ts'
import type { EndpointServer } from './server.ts'
import { checkName } from './update.ts'
import { addWarning, managerOf, requestScope } from './write-scope.ts'

/** PATCH of an object or of one of its views: JSON, merge and strategic merge patches; apply goes its own way. */
export async function patchEndpoint(
  server: EndpointServer,
  context: RequestContext,
  resource: StoredResource,
): Promise<Answer> {
  if (bodyType(context) === applyType) return applyEndpoint(server, context, resource)
  const options = parseWriteOptions(context.query, 'PatchOptions', false)
  const form = objectForm(context, resource)
  const body = await readPatch(context, resource)
  const { info } = context
  const manager = managerOf(context, options.fieldManager)
  const warn = (text: string): void => addWarning(context, text)
  const scope = requestScope(server, context, resource, {
    dryRun: options.dryRun,
    admissionOptions: admissionOptionsOf('PatchOptions', options),
  })
  const outcome = await updateObject(scope, {
    patch: true,
    next: (current) => {
      const next = patchedObject(current, body(), {
        gvk: resource,
        custom: resource.definition.custom,
        validation: options.fieldValidation,
        warn,
      })
      settleNamespace(next, resource, info.namespace)
      checkName(next, info.name)
      resource.definition.default?.(next)
      trackUpdate({ live: current, object: next, resource, manager, now: context.now, subresource: info.subresource })
      return next
    },
  })
  return objectAnswer(context, resource, 200, outcomeBody(outcome), form)
}
