import type { KubeObject } from '@kapell/openapi/meta/object'
import { badRequest } from '@kapell/openapi/meta/status'
import type { RequestContext } from '../pipeline/context.ts'
import { createObject } from '../registry/create.ts'
import { trackUpdate } from '../registry/managed-fields.ts'
import type { StoredResource } from '../registry/resource-table.ts'
import { updateObject } from '../registry/update.ts'
import type { Answer } from '../server/answer.ts'
import { admissionOptionsOf, outcomeBody, settleNamespace } from './create.ts'
import { decodeBody } from './parse-body.ts'
import { parseWriteOptions } from './query-options.ts'
import { objectAnswer, objectForm } from './respond.ts'
import type { EndpointServer } from './server.ts'
import { addWarning, managerOf, requestScope } from './write-scope.ts'

/** The object's name must be the one in the path. */
export function checkName(object: KubeObject, name: string): void {
  const own = object.metadata?.name ?? ''
  if (own === '')
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`)
  if (own !== name) throw badRequest(`the name of the object (${own}) does not match the name on the URL (${name})`)
}

/** What is not there is made through these doors, where the kind allows it: the original does so for a status as well. */
export const createsMissing = (subresource: string): boolean => subresource === '' || subresource === 'status'

/** PUT of an object or of one of its views. */
export async function updateEndpoint(
  server: EndpointServer,
  context: RequestContext,
  resource: StoredResource,
): Promise<Answer> {
  const options = parseWriteOptions(context.query, 'UpdateOptions')
  const form = objectForm(context, resource)
  const decode = async (): Promise<KubeObject> => {
    const object = await decodeBody(context, {
      gvk: resource,
      custom: resource.definition.custom,
      validation: options.fieldValidation,
      warn: (text) => addWarning(context, text),
    })
    settleNamespace(object, resource, context.info.namespace)
    checkName(object, context.info.name)
    resource.definition.default?.(object)
    return object
  }
  // Decoded before anything is read; after a lost race again, because the first try has changed it.
  let decoded: KubeObject | undefined = await decode()
  const wanted = async (): Promise<KubeObject> => {
    const object = decoded ?? (await decode())
    decoded = undefined
    return object
  }
  const { subresource } = context.info
  const scope = requestScope(server, context, resource, {
    dryRun: options.dryRun,
    admissionOptions: admissionOptionsOf('UpdateOptions', options),
  })
  const manager = managerOf(context, options.fieldManager)
  const outcome = await updateObject(scope, {
    next: async (current) => {
      const next = await wanted()
      trackUpdate({ live: current, object: next, resource, manager, now: context.now, subresource })
      return next
    },
    ...(resource.definition.allowCreateOnUpdate === true && createsMissing(subresource)
      ? {
          createMissing: async () => {
            const fresh = await wanted()
            delete fresh.metadata?.resourceVersion
            delete fresh.metadata?.uid
            trackUpdate({ live: undefined, object: fresh, resource, manager, now: context.now, subresource })
            return createObject(scope, fresh)
          },
        }
      : {}),
  })
  return objectAnswer(context, resource, outcome.created ? 201 : 200, outcomeBody(outcome), form)
}
