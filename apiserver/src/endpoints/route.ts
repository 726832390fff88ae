import type { KubeObject } from '@kapell/openapi/meta/object'
import { ApiError, pathNotFound } from '@kapell/openapi/meta/status'
import type { RequestContext } from '../pipeline/context.ts'
import type { Subresource, Verb } from '../registry/definition.ts'
import { subresourcesOf, type ServedResource } from '../registry/resource-table.ts'
import { isPatchType, unknownPatchType } from './patch-type.ts'
import { namedStreamTypes, notAcceptableObject, objectTypes, routerTakes } from './negotiate.ts'

/**
 * What the paths of built-in resources allow, before anything else of a request is looked at: a path that is none is
 * 404, a method that it does not have 405, an Accept that names no type of its answers 406.
 */

export function methodNotAllowed(): ApiError {
  return new ApiError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'the server does not allow this method on the requested resource',
    reason: 'MethodNotAllowed',
    details: {},
    code: 405,
  })
}

const itemVerbs: readonly Verb[] = ['get', 'update', 'patch', 'delete']
const collectionTypes = [...objectTypes, ...namedStreamTypes]
const has = (verbs: readonly string[], verb: string): boolean => verbs.includes(verb)

/** Throws the Status of a request that leads nowhere. */
export function checkRoute(context: RequestContext, resource: ServedResource): void {
  const { info, method } = context
  const isItem = info.name !== '' && !has(['list', 'deletecollection'], info.verb) && !isCollectionWatch(context)
  checkPath(context, resource, isItem)
  if (info.subresource !== '') {
    const found = subresourcesOf(resource)[info.subresource] as Subresource<KubeObject>
    if (!allows(found, context)) throw methodNotAllowed()
    // What streams is told of by who streams.
    if (found.type !== 'connect') checkTypes(context, objectTypes)
    return
  }
  if (resource.type === 'virtual' && context.path.includes('/watch/')) throw pathNotFound()
  if (method === 'HEAD' || method === 'OPTIONS' || info.verb === '') throw methodNotAllowed()
  if (info.verb === 'watch' && method !== 'GET') throw methodNotAllowed()
  const isVirtualWatch = info.verb === 'watch' && resource.type === 'virtual' && resource.verbs.has('list')
  if (!resource.verbs.has(info.verb as Verb) && !isVirtualWatch) throw methodNotAllowed()
  if (info.verb === 'create' ? isItem : has(['update', 'patch'], info.verb) && !isItem) throw methodNotAllowed()
  checkTypes(context, info.verb === 'list' || info.verb === 'watch' ? collectionTypes : objectTypes)
}

/** A watch by its parameter, whose name comes from a selector. */
function isCollectionWatch({ info, path }: RequestContext): boolean {
  return info.verb === 'watch' && !path.includes('/watch/')
}

function checkPath({ info }: RequestContext, resource: ServedResource, isItem: boolean): void {
  // A prefix of long ago.
  if (info.verb === 'proxy') throw pathNotFound()
  const isNamespace = resource.plural === 'namespaces' && resource.group === ''
  if (info.namespace !== '' && !resource.namespaced && !isNamespace) throw pathNotFound()
  if (resource.namespaced && info.namespace === '') {
    if (isItem || !resource.verbs.has('list')) throw pathNotFound()
    if (info.verb !== 'list' && info.verb !== 'watch') throw methodNotAllowed()
  }
  if (isItem && !itemVerbs.some((verb) => resource.verbs.has(verb))) throw pathNotFound()
  if (info.subresource === '') return
  const found = subresourcesOf(resource)[info.subresource] as Subresource<KubeObject> | undefined
  if (found === undefined || (info.rest !== '' && !leadsOn(found))) throw pathNotFound()
}

/** Only what is behind a proxy has paths of its own. */
const leadsOn = (found: Subresource<KubeObject>): boolean =>
  found.type === 'connect' && found.handler.endsWith('-proxy')

function allows(found: Subresource<KubeObject>, { info, method }: RequestContext): boolean {
  if (found.type === 'connect') return has(found.methods, method)
  if (method === 'HEAD' || method === 'OPTIONS') return false
  if (found.type === 'action') return info.verb === 'create'
  return has(found.type === 'scale' ? ['get', 'update', 'patch'] : found.verbs, info.verb)
}

function checkTypes(context: RequestContext, offered: readonly string[]): void {
  if (context.method === 'PATCH' && !isPatchType(context)) throw unknownPatchType()
  if (!routerTakes(context.header('accept'), offered)) throw notAcceptableObject(offered)
}
