import {
  deleteAnswersObject,
  deleteCollectionParameters,
  deleteParameters,
  listParameters,
  subresourceParameters,
} from '../facts/operations.ts'
import { resources } from '../facts/resources.ts'
import { apiVersionOf, parseApiVersion } from '../meta/object.ts'
import { namesIn } from './fact-tables.ts'
import { isAlike } from './likeness.ts'
import { discoveryPaths } from './discovery-operations.ts'
import {
  anyType,
  metaDefinition,
  objectTypes,
  patchTypes,
  watchTypes,
  type Operation,
  type PathItem,
} from './operation.ts'

export interface GroupVersion {
  group: string
  version: string
  package: string
}

export interface Resource {
  at: GroupVersion
  plural: string
  subresource: string
  kind: string
  /** Of the objects sent and answered: a subresource may speak another group's kind. */
  kindAt: { group: string; version: string; package: string }
  parentKind: string
  namespaced: boolean
  verbs: ReadonlySet<string>
}

const usualVerbs = 'create,delete,deletecollection,get,list,patch,update,watch'
const usualSubresourceVerbs = 'get,patch,update'
const words = (text: string): string[] => text.trim().split(/\s+/)
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
const deleteAnswers = namesIn(deleteAnswersObject)

/** "rbac.authorization.k8s.io" -> "rbacAuthorization"; the core group is "core". */
export function groupTag(group: string): string {
  if (group === '') return 'core'
  const [first = '', ...rest] = group.replace(/\.k8s\.io$/, '').split('.')
  return first + rest.map(capital).join('')
}

/** Every path of these versions, sorted; the discovery of groups is for those who come with them. */
export function buildPaths(versions: readonly (GroupVersion & { resources: string })[] = resources): PathItem[] {
  const items = versions.flatMap((at) => resourcesOf(at).flatMap(pathsOfResource))
  return [...discoveryPaths(versions), ...items].sort((a, b) => (a.path < b.path ? -1 : 1))
}

function resourcesOf(at: GroupVersion & { resources: string }): Resource[] {
  const parents = new Map<string, string>()
  return at.resources
    .trim()
    .split('\n')
    .map((line) => {
      const [name = '', kindText = '', ...rest] = words(line)
      const [plural = '', subresource = ''] = name.split('/')
      const kind = kindText.slice(kindText.lastIndexOf('/') + 1)
      if (subresource === '') parents.set(plural, kind)
      const verbs = rest.find((word) => word !== 'ns') ?? (subresource === '' ? usualVerbs : usualSubresourceVerbs)
      return {
        at,
        plural,
        subresource,
        kind,
        kindAt: kindText === kind ? at : packageOf(kindText.slice(0, kindText.lastIndexOf('/'))),
        parentKind: parents.get(plural) ?? '',
        namespaced: rest[0] === 'ns',
        verbs: new Set(verbs.split(',')),
      }
    })
}

function packageOf(apiVersion: string): GroupVersion {
  const { group, version } = parseApiVersion(apiVersion)
  const found = resources.find((r) => r.group === group && r.version === version)
  if (found === undefined) throw new Error(`no resources are known of ${apiVersion}`)
  return found
}

/** The paths of one resource or subresource. */
export function pathsOfResource(resource: Resource): PathItem[] {
  const { at, plural, subresource, namespaced, verbs } = resource
  const document = at.group === '' ? `api/${at.version}` : `apis/${apiVersionOf(at)}`
  const scope = namespaced ? '/namespaces/{namespace}' : ''
  const item = (path: string, parameters: string[], operations: Operation[]): PathItem => ({
    path: `/${document}${path}`,
    document,
    parameters: [...(path.includes('{namespace}') ? ['namespace'] : []), ...parameters].sort(),
    ...(path.includes('{name}') ? { nameDescription: `name of the ${resource.kind}` } : {}),
    operations,
  })
  if (subresource !== '') return subresourcePaths(resource, item, `${scope}/${plural}/{name}/${subresource}`)
  const all = words(listParameters)
  const items: PathItem[] = []
  const objectOperations = operationsOn(resource, ['get', 'update', 'patch', 'delete'])
  const collectionOperations = operationsOn(resource, ['list', 'create', 'deletecollection'])
  const onlyLists = collectionOperations.length === 1 && verbs.has('list')
  if (collectionOperations.length > 0)
    items.push(collectionItem(item, `${scope}/${plural}`, collectionOperations, onlyLists))
  if (objectOperations.length > 0) items.push(item(`${scope}/${plural}/{name}`, ['pretty'], objectOperations))
  if (namespaced && verbs.has('list')) {
    items.push(item(`/${plural}`, [...all, 'pretty'], [listOperation(resource, 'ForAllNamespaces', false)]))
  }
  if (verbs.has('watch')) {
    const watch = (path: string, operation: Operation): PathItem =>
      item(`/watch${path}`, [...all, 'pretty'], [operation])
    items.push(watch(`${scope}/${plural}`, watchOperation(resource, 'List', namespaced)))
    items.push(watch(`${scope}/${plural}/{name}`, watchOperation(resource, '', namespaced)))
    if (namespaced) items.push(watch(`/${plural}`, watchOperation(resource, 'ListForAllNamespaces', false)))
  }
  return items
}

type MakeItem = (path: string, parameters: string[], operations: Operation[]) => PathItem

/** Parameters of the only operation of a path stand with the path. */
function collectionItem(item: MakeItem, path: string, operations: Operation[], onlyLists: boolean): PathItem {
  const [only] = operations
  if (operations.length === 1 && only !== undefined && (onlyLists || only.action === 'post')) {
    return item(path, [...only.parameters, 'pretty'], [{ ...only, parameters: [] }])
  }
  return item(path, ['pretty'], operations)
}

function subresourcePaths(resource: Resource, item: MakeItem, path: string): PathItem[] {
  const { kind, plural, subresource, verbs } = resource
  const own = subresourceParameters[`${plural}/${subresource}`]
  if (kind.endsWith('Options')) {
    const methods =
      verbs.size > 2
        ? (['get', 'post', 'put', 'patch', 'delete', 'head', 'options'] as const)
        : (['get', 'post'] as const)
    const operations = methods.map((method) => connectOperation(resource, method, ''))
    const items = [item(path, words(own ?? ''), operations)]
    if (subresource === 'proxy') {
      const withPath = methods.map((method) => connectOperation(resource, method, 'WithPath'))
      items.push(item(`${path}/{path}`, ['path', ...words(own ?? '')], withPath))
    }
    return items
  }
  const operations = operationsOn(resource, ['get', 'update', 'patch', 'create'])
  if (own !== undefined)
    return [
      item(
        path,
        words(own),
        operations.map((o) => ({ ...o, parameters: [] })),
      ),
    ]
  const [only] = operations
  return operations.length === 1 && only !== undefined && only.action !== 'get'
    ? [item(path, [...only.parameters, 'pretty'], [{ ...only, parameters: [] }])]
    : [item(path, ['pretty'], operations)]
}

function operationsOn(resource: Resource, verbs: string[]): Operation[] {
  return verbs.filter((verb) => resource.verbs.has(verb)).map((verb) => operationOf(resource, verb))
}

function base(resource: Resource): Pick<Operation, 'tag' | 'gvk'> {
  const { at, kind, kindAt } = resource
  return {
    tag: `${groupTag(at.group)}_${at.version}`,
    gvk: { group: kindAt.group, kind, version: kindAt.version },
  }
}

/** "CoreV1NamespacedPodStatus" with the verb before it. */
function operationId(resource: Resource, verb: string, options: { scope?: boolean; before?: string } = {}): string {
  const { at, namespaced, subresource, kind, parentKind } = resource
  const scope = namespaced && (options.scope ?? true) ? 'Namespaced' : ''
  const name = subresource === '' ? kind : parentKind + capital(subresource)
  return `${verb}${capital(groupTag(at.group))}${capital(at.version)}${options.before ?? ''}${scope}${name}`
}

const definitionOf = ({ kind, kindAt }: Resource): string => `${kindAt.package}.${kind}`

function operationOf(resource: Resource, verb: string): Operation {
  const { kind, parentKind, subresource } = resource
  const definition = definitionOf(resource)
  const specified = subresource === '' ? `the specified ${kind}` : `${subresource} of the specified ${parentKind}`
  const common = { ...base(resource), produces: objectTypes, consumes: anyType }
  switch (verb) {
    case 'list':
      return listOperation(resource, '', true)
    case 'create':
      return {
        ...common,
        method: 'post',
        action: 'post',
        id: operationId(resource, 'create'),
        description:
          subresource === ''
            ? `create ${article(kind)} ${kind}`
            : `create ${subresource} of ${article(parentKind)} ${parentKind}`,
        parameters: ['dryRun', 'fieldManager', 'fieldValidation'],
        body: { definition, required: true },
        responses: { 200: definition, 201: definition, 202: definition },
      }
    case 'deletecollection':
      return {
        ...common,
        method: 'delete',
        action: 'deletecollection',
        id: operationId(resource, 'delete', { before: 'Collection' }),
        description: `delete collection of ${kind}`,
        parameters: words(deleteCollectionParameters),
        body: { definition: metaDefinition('DeleteOptions'), required: false },
        responses: { 200: metaDefinition('Status') },
      }
    case 'delete': {
      const answer = isAlike(deleteAnswers, definition) ? definition : metaDefinition('Status')
      return {
        ...common,
        method: 'delete',
        action: 'delete',
        id: operationId(resource, 'delete'),
        description: `delete ${article(kind)} ${kind}`,
        parameters: words(deleteParameters),
        body: { definition: metaDefinition('DeleteOptions'), required: false },
        responses: { 200: answer, 202: answer },
      }
    }
    case 'update':
      return {
        ...common,
        method: 'put',
        action: 'put',
        id: operationId(resource, 'replace'),
        description: `replace ${specified}`,
        parameters: ['dryRun', 'fieldManager', 'fieldValidation'],
        body: { definition, required: true },
        responses: { 200: definition, 201: definition },
      }
    case 'patch':
      return {
        ...common,
        method: 'patch',
        action: 'patch',
        id: operationId(resource, 'patch'),
        description: `partially update ${specified}`,
        consumes: patchTypes,
        parameters: ['dryRun', 'fieldManager@patch', 'fieldValidation', 'force@patch'],
        body: { definition: metaDefinition('Patch'), required: true },
        responses: { 200: definition, 201: definition },
      }
    default:
      return {
        ...common,
        method: 'get',
        action: 'get',
        id: operationId(resource, 'read'),
        description: `read ${specified}`,
        ...(subresource === 'log' ? { produces: ['text/plain', ...objectTypes] } : {}),
        parameters: [],
        responses: { 200: subresource === 'log' ? 'string' : definition },
      }
  }
}

const article = (kind: string): string => (/^[AEIOU]/.test(kind) ? 'an' : 'a')

function listOperation(resource: Resource, suffix: string, scoped: boolean): Operation {
  const { kind } = resource
  return {
    ...base(resource),
    method: 'get',
    action: 'list',
    id: `${operationId(resource, 'list', { scope: scoped })}${suffix}`,
    description: `list ${resource.verbs.has('watch') ? 'or watch ' : ''}objects of kind ${kind}`,
    consumes: anyType,
    produces: watchTypes,
    parameters: scoped ? words(listParameters) : [],
    responses: { 200: `${definitionOf(resource)}List` },
  }
}

function watchOperation(resource: Resource, suffix: string, scoped: boolean): Operation {
  const { kind } = resource
  return {
    ...base(resource),
    method: 'get',
    action: suffix === '' ? 'watch' : 'watchlist',
    id: `${operationId(resource, 'watch', { scope: scoped })}${suffix}`,
    description: `watch ${suffix === '' ? `an object of kind ${kind}` : `the list of ${kind}`}; deprecated: use the watch parameter of a list`,
    consumes: anyType,
    produces: watchTypes,
    parameters: [],
    responses: { 200: metaDefinition('WatchEvent') },
  }
}

function connectOperation(resource: Resource, method: Operation['method'], suffix: string): Operation {
  const { parentKind, subresource, at, namespaced } = resource
  const prefix = `connect${capital(groupTag(at.group))}${capital(at.version)}${capital(method)}`
  return {
    ...base(resource),
    method,
    action: 'connect',
    id: `${prefix}${namespaced ? 'Namespaced' : ''}${parentKind}${capital(subresource)}${suffix}`,
    description: `connect ${method.toUpperCase()} requests to ${subresource} of ${parentKind}`,
    consumes: anyType,
    produces: anyType,
    parameters: [],
    responses: { 200: 'string' },
  }
}
