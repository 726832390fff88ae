import type { ObjectMeta } from '@kapell/openapi/meta/object'
import { methodNotAllowed, notFound } from '@kapell/openapi/meta/status'
import type { RequestContext } from '../pipeline/context.ts'
import type { VirtualResource } from '../registry/resource-table.ts'
import type { Answer } from '../server/answer.ts'
import { encodeForm } from './encode-form.ts'
import { metaVersion } from './negotiate.ts'
import { decodeBody } from './parse-body.ts'
import { parseListOptions, parseWriteOptions } from './query-options.ts'
import { actionForm, checkListForm, objectAnswer, objectForm } from './respond.ts'
import { parseSelection } from './selection.ts'
import type { EndpointServer } from './server.ts'
import { includeObjectOf, tableOf } from './table.ts'
import { addWarning } from './write-scope.ts'

/** What only the server says of objects, and a namespace where there is none. */
function dropSystemMetadata(metadata: ObjectMeta | undefined, namespaced: boolean): void {
  if (metadata === undefined) return
  delete metadata.creationTimestamp
  delete metadata.deletionTimestamp
  delete metadata.deletionGracePeriodSeconds
  delete metadata.selfLink
  delete metadata.uid
  if (!namespaced) delete metadata.namespace
}

/** Kinds that are answered rather than stored: reviews, component statuses. */
export async function virtualEndpoint(
  server: EndpointServer,
  context: RequestContext,
  resource: VirtualResource,
): Promise<Answer> {
  const { definition } = resource
  const { services } = server
  const { info, user } = context
  const form = info.verb === 'create' ? actionForm(context) : objectForm(context, resource)
  if (info.verb === 'create' && definition.create !== undefined) {
    const options = parseWriteOptions(context.query, 'CreateOptions')
    const warn = (text: string): void => addWarning(context, text)
    const body = await decodeBody(context, { gvk: resource, validation: options.fieldValidation, warn })
    dropSystemMetadata(body.metadata, definition.namespaced)
    const answer = await definition.create({
      namespace: info.namespace,
      body,
      user,
      dryRun: options.dryRun,
      now: context.now,
      services,
      warn,
    })
    return objectAnswer(context, resource, 201, { object: () => answer }, form)
  }
  if (info.verb === 'get' && definition.get !== undefined) {
    const object = await definition.get({ name: info.name, namespace: info.namespace, user, services })
    if (object === undefined) throw notFound({ group: resource.group, plural: resource.plural }, info.name)
    return objectAnswer(context, resource, 200, { object: () => object }, form)
  }
  if (info.verb === 'list' && definition.list !== undefined) {
    checkListForm(form, resource)
    const { matches } = parseSelection(resource, parseListOptions(context.query, false))
    const items = (await definition.list({ namespace: info.namespace, user, services })).filter(matches)
    if (form.as === 'Table') {
      const table = tableOf(resource, items, {
        include: includeObjectOf(context.query),
        now: context.now,
        metadata: {},
        apiVersion: metaVersion(form),
      })
      return encodeForm(200, table, form.mediaType)
    }
    const list = { kind: resource.listKind, apiVersion: resource.apiVersion, metadata: {}, items }
    return encodeForm(200, list, form.mediaType)
  }
  throw methodNotAllowed({ group: resource.group, plural: resource.plural }, info.verb)
}
