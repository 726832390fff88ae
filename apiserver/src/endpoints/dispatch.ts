import type { KubeObject } from '@kapell/openapi/meta/object'
import { badRequest, methodNotAllowed as verbNotSupported, notFound, pathNotFound } from '@kapell/openapi/meta/status'
import type { RequestContext } from '../pipeline/context.ts'
import type { Handler } from '../pipeline/pipeline.ts'
import type {
  ActionSubresource,
  ConnectSubresource,
  ScaleSubresource,
  Subresource,
  Verb,
} from '../registry/definition.ts'
import { subresourcesOf, type ServedResource, type StoredResource } from '../registry/resource-table.ts'
import { textAnswer, type Answer } from '../server/answer.ts'
import { actionEndpoint } from './action.ts'
import { createEndpoint } from './create.ts'
import { deleteCollectionEndpoint } from './delete-collection.ts'
import { deleteEndpoint } from './delete.ts'
import { getObject } from './get.ts'
import { listObjects } from './list.ts'
import { patchEndpoint } from './patch.ts'
import { checkRoute, methodNotAllowed } from './route.ts'
import { scaleEndpoint } from './scale.ts'
import type { EndpointServer } from './server.ts'
import { updateEndpoint } from './update.ts'
import { virtualEndpoint } from './virtual.ts'
import { watchObjects } from './watch.ts'
import { addWarning } from './write-scope.ts'

/** Serves connect subresources: exec, attach, port-forward, log, proxy. */
export type ConnectHandler = (
  context: RequestContext,
  resource: StoredResource,
  connect: ConnectSubresource,
) => Promise<Answer>

/** What paths that lead nowhere at all are answered. */
export function plainNotFound(): Answer {
  return textAnswer(404, '404 page not found\n')
}

/** What the paths of custom resources allow: there is no router that knows them. */
function checkCustomRoute(context: RequestContext, resource: ServedResource): Answer | undefined {
  const { info, method } = context
  if (method === 'OPTIONS' && !isConnect(resource, info.subresource)) throw methodNotAllowed()
  const namespaced = info.namespace !== ''
  const isCollection = ['list', 'watch', 'deletecollection'].includes(info.verb)
  if (resource.namespaced && !namespaced && info.name !== '' && !isCollection) return plainNotFound()
  if (namespaced && !resource.namespaced) throw pathNotFound()
  if (resource.namespaced && !namespaced && info.verb !== 'list' && info.verb !== 'watch') {
    throw info.path.split('/').length > 5 ? pathNotFound() : methodNotAllowed()
  }
  return undefined
}

export function createDispatcher(
  server: EndpointServer,
  options: { connect: ConnectHandler; nonResource: (context: RequestContext) => Promise<Answer> | Answer },
): Handler {
  return async (context) => {
    const { info } = context
    if (!info.isResourceRequest) return options.nonResource(context)
    const resource = server.table.find(info.group, info.version, info.resource)
    if (resource === undefined) {
      if (info.group !== '' && isUnknownGroup(server, info.group, info.version)) return plainNotFound()
      throw pathNotFound()
    }
    const custom = isCustom(resource)
    if (custom) {
      const nowhere = checkCustomRoute(context, resource)
      if (nowhere !== undefined) return nowhere
    } else checkRoute(context, resource)
    const deprecated = resource.definition.deprecationWarning
    if (deprecated !== undefined)
      addWarning(context, `${resource.apiVersion} ${resource.kind} is deprecated in ${deprecated}`)
    const retiring = resource.type === 'stored' ? resource.definition.deprecationText : undefined
    if (retiring !== undefined) addWarning(context, retiring)
    if (info.verb === 'update' && info.name === '' && custom) throw badRequest('name must be provided')
    if (info.subresource !== '') return subresource(server, context, resource, options.connect)
    if (resource.type === 'virtual') {
      if (info.verb === 'watch' && resource.verbs.has('list')) {
        throw verbNotSupported({ group: resource.group, plural: resource.plural }, 'watch')
      }
      if (!resource.verbs.has(info.verb as Verb)) throw methodNotAllowed()
      return virtualEndpoint(server, context, resource)
    }
    if (!resource.verbs.has(info.verb as Verb)) throw methodNotAllowed()
    if (info.verb === 'create' && info.name !== '') throw methodNotAllowed()
    if ((info.verb === 'update' || info.verb === 'patch') && info.name === '') throw methodNotAllowed()
    switch (info.verb) {
      case 'get':
        return getObject(context, resource)
      case 'list':
        return listObjects(context, resource)
      case 'watch':
        return watchObjects(server, context, resource)
      case 'create':
        return createEndpoint(server, context, resource)
      case 'update':
        return updateEndpoint(server, context, resource)
      case 'patch':
        return patchEndpoint(server, context, resource)
      case 'delete':
        return deleteEndpoint(server, context, resource)
      case 'deletecollection':
        return deleteCollectionEndpoint(server, context, resource)
      default:
        throw methodNotAllowed()
    }
  }
}

/** Groups nobody serves, and versions that a group of custom resources does not have. */
function isUnknownGroup(server: EndpointServer, group: string, version: string): boolean {
  const versions = server.table.versionsOf(group)
  if (versions.length === 0) return true
  // Where all is custom, what is missing is told of by nobody.
  const at = versions.includes(version) ? version : (versions[0] ?? '')
  return server.table.resourcesOf(group, at).every((one) => one.type === 'stored' && one.itemsKeepKind)
}

const isCustom = (resource: ServedResource): boolean =>
  resource.type === 'stored' && resource.definition.custom !== undefined

function isConnect(resource: ServedResource, name: string): boolean {
  const sub = subresourcesOf(resource)[name] as Subresource<KubeObject> | undefined
  return sub?.type === 'connect'
}

async function subresource(
  server: EndpointServer,
  context: RequestContext,
  resource: ServedResource,
  connect: ConnectHandler,
): Promise<Answer> {
  const { info } = context
  const found = subresourcesOf(resource)[info.subresource] as Subresource<KubeObject> | undefined
  if (found === undefined && resource.type === 'stored' && resource.definition.custom !== undefined) {
    throw notFound({ group: resource.group, plural: resource.plural }, info.name)
  }
  if (found === undefined || resource.type !== 'stored') throw pathNotFound()
  if (found.type === 'connect') {
    if (!(found.methods as readonly string[]).includes(context.method)) throw methodNotAllowed()
    return connect(context, resource, found as ConnectSubresource)
  }
  if (info.rest !== '') throw pathNotFound()
  if (resource.definition.custom !== undefined && !['get', 'update', 'patch'].includes(info.verb)) {
    throw verbNotSupported({ group: resource.group, plural: resource.plural }, info.verb)
  }
  if (found.type === 'action') {
    if (info.verb !== 'create') throw methodNotAllowed()
    return actionEndpoint(server, context, resource, found as ActionSubresource)
  }
  if (found.type === 'scale') {
    if (!['get', 'update', 'patch'].includes(info.verb)) throw methodNotAllowed()
    return scaleEndpoint(server, context, resource, found as ScaleSubresource<KubeObject>)
  }
  if (!(found.verbs as readonly string[]).includes(info.verb)) throw methodNotAllowed()
  if (info.verb === 'get') return getObject(context, resource)
  if (info.verb === 'update') return updateEndpoint(server, context, resource)
  return patchEndpoint(server, context, resource)
}
