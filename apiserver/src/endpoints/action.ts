import type { RequestContext } from '../pipeline/context.ts'
import type { ActionSubresource } from '../registry/definition.ts'
import type { StoredResource } from '../registry/resource-table.ts'
import { admissionAttributes } from '../registry/write-scope.ts'
import type { Answer } from '../server/answer.ts'
import { admissionOptionsOf, settleNamespace } from './create.ts'
import { decodeBody } from './parse-body.ts'
import { parseWriteOptions } from './query-options.ts'
import { actionForm, objectAnswer } from './respond.ts'
import type { EndpointServer } from './server.ts'
import { addWarning, requestScope } from './write-scope.ts'

/** POST of another kind that does something to the object: binding, eviction, token. */
export async function actionEndpoint(
  server: EndpointServer,
  context: RequestContext,
  resource: StoredResource,
  action: ActionSubresource,
): Promise<Answer> {
  const options = parseWriteOptions(context.query, 'CreateOptions')
  const form = actionForm(context)
  const warn = (text: string): void => addWarning(context, text)
  const request = { gvk: action.kind, validation: options.fieldValidation, warn }
  const body = await decodeBody(context, { ...request, alsoVersions: action.alsoVersions ?? [] })
  settleNamespace(body, resource, context.info.namespace)
  const scope = requestScope(server, context, resource, {
    dryRun: options.dryRun,
    admissionOptions: admissionOptionsOf('CreateOptions', options),
  })
  const attributes = admissionAttributes(scope, 'CREATE', { object: body })
  await server.admission.mutate(attributes)
  await server.admission.validate(attributes)
  const answer = await action.create({
    namespace: context.info.namespace,
    name: context.info.name,
    body,
    user: context.user,
    dryRun: options.dryRun,
    now: context.now,
    services: server.services,
    warn,
  })
  return objectAnswer(context, resource, 201, { object: () => answer }, form)
}
