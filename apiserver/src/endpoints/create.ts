import type { KubeObject } from '@kapell/openapi/meta/object'
import { badRequest } from '@kapell/openapi/meta/status'
import type { RequestContext } from '../pipeline/context.ts'
import { createObject } from '../registry/create.ts'
import { trackUpdate } from '../registry/managed-fields.ts'
import type { StoredResource } from '../registry/resource-table.ts'
import type { Answer } from '../server/answer.ts'
import { decodeBody } from './parse-body.ts'
import { parseWriteOptions } from './query-options.ts'
import { objectAnswer, objectForm } from './respond.ts'
import type { EndpointServer } from './server.ts'
import { addWarning, managerOf, requestScope } from './write-scope.ts'

/** The object lives where the request says; one that says otherwise is refused. */
export function settleNamespace(object: KubeObject, resource: StoredResource, namespace: string): void {
  const metadata = (object.metadata ??= {})
  if (!resource.namespaced) {
    delete metadata.namespace
    return
  }
  const own = metadata.namespace ?? ''
  if (own === '') metadata.namespace = namespace
  else if (own !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
}

export async function createEndpoint(
  server: EndpointServer,
  context: RequestContext,
  resource: StoredResource,
): Promise<Answer> {
  const options = parseWriteOptions(context.query, 'CreateOptions')
  const form = objectForm(context, resource)
  const object = await decodeBody(context, {
    gvk: resource,
    custom: resource.definition.custom,
    validation: options.fieldValidation,
    warn: (text) => addWarning(context, text),
  })
  settleNamespace(object, resource, context.info.namespace)
  resource.definition.default?.(object)
  trackUpdate({
    live: undefined,
    object,
    resource,
    manager: managerOf(context, options.fieldManager),
    now: context.now,
    subresource: '',
  })
  const scope = requestScope(server, context, resource, {
    dryRun: options.dryRun,
    admissionOptions: admissionOptionsOf('CreateOptions', options),
  })
  const outcome = await createObject({ ...scope, name: object.metadata?.name ?? '' }, object)
  return objectAnswer(context, resource, 201, outcomeBody(outcome), form)
}

export function outcomeBody(outcome: { object: KubeObject; json: () => Uint8Array }): {
  object: () => KubeObject
  json: () => Uint8Array
} {
  return { object: () => outcome.object, json: outcome.json }
}

/** The options as admission plug-ins and webhooks see them. */
export function admissionOptionsOf(
  kind: string,
  options: { dryRun: boolean; fieldManager?: string; fieldValidation?: string; force?: boolean | undefined },
): Record<string, unknown> {
  return {
    kind,
    apiVersion: 'meta.k8s.io/v1',
    ...(options.dryRun ? { dryRun: ['All'] } : {}),
    ...(options.fieldManager === undefined || options.fieldManager === ''
      ? {}
      : { fieldManager: options.fieldManager }),
    ...(options.fieldValidation === undefined ? {} : { fieldValidation: options.fieldValidation }),
    ...(options.force === undefined ? {} : { force: options.force }),
  }
}
