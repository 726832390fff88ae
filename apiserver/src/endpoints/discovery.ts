import { createHash } from 'node:crypto'
import { mergedVersions, noRemoteGroups, type RemoteGroups, type RemoteVersion } from '../aggregation/remote-groups.ts'
import { localGroupPriority } from '../bootstrap/api-services.ts'
import type { RequestContext } from '../pipeline/context.ts'
import type { Subresource } from '../registry/definition.ts'
import { subresourcesOf, type ResourceTable, type ServedResource } from '../registry/resource-table.ts'
import { bytesAnswer, jsonBytes, type Answer } from '../server/answer.ts'
import { aggregatedType, discoveryAnswer, withAggregatedParameters } from './discovery-form.ts'
import { encodeForm } from './encode-form.ts'
import { isKnownTag } from './openapi.ts'
import type { MediaType } from './negotiate.ts'
import { scaleKind } from './scale-wanted.ts'

/** Discovery documents, in both their forms. Source: "The Kubernetes API", "Discovery API". */

/** All groups but the nameless one, as discovery lists them: by the priority of their APIServices, then by name. */
export function orderedGroups(table: ResourceTable, remote: RemoteGroups = noRemoteGroups): string[] {
  const priority = new Map<string, number>()
  for (const group of table.groups()) if (group !== '') priority.set(group, localGroupPriority(group))
  for (const { group, groupPriority } of remote.list()) {
    priority.set(group, Math.max(groupPriority, priority.get(group) ?? 0))
  }
  return [...priority.keys()].sort((a, b) => (priority.get(b) ?? 0) - (priority.get(a) ?? 0) || (a < b ? -1 : 1))
}

const remoteOf = (remote: RemoteGroups, group: string): RemoteVersion[] =>
  remote.list().filter((one) => one.group === group)

interface SubresourceEntry {
  name: string
  kind: { group: string; version: string; kind: string }
  verbs: readonly string[]
  /** The kind is not the resource's own. */
  foreign: boolean
}

function subresourceEntry(resource: ServedResource, name: string, sub: Subresource<never>): SubresourceEntry {
  const own = { group: resource.group, version: resource.version, kind: resource.kind }
  switch (sub.type) {
    case 'view':
      return { name, kind: own, verbs: [...sub.verbs].sort(), foreign: false }
    case 'scale':
      return { name, kind: scaleKind, verbs: ['get', 'patch', 'update'], foreign: true }
    case 'action':
      return {
        name,
        kind: sub.kind,
        verbs: ['create'],
        foreign: sub.kind.group !== resource.group || sub.kind.version !== resource.version,
      }
    default:
      return { name, kind: { ...own, kind: sub.kind }, verbs: sub.verbs, foreign: false }
  }
}

function subresourceEntries(resource: ServedResource): SubresourceEntry[] {
  return Object.entries(subresourcesOf(resource))
    .map(([name, sub]) => subresourceEntry(resource, name, sub))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

const byPlural = (a: ServedResource, b: ServedResource): number => (a.plural < b.plural ? -1 : 1)

/** Custom resources list theirs in an order of their own. */
const customVerbs = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch']

function verbsOf(resource: ServedResource): string[] {
  return resource.type === 'stored' && resource.itemsKeepKind ? customVerbs : [...resource.verbs].sort()
}

/** Names the version that is stored, for migrators. */
function storageVersionHash(resource: ServedResource): string | undefined {
  if (resource.type !== 'stored') return undefined
  const { group, version: stored } = resource.definition.conversion?.storedAs ?? resource.store.definition
  const version = resource.store.definition.hashedVersion ?? stored
  const { kind } = resource
  return createHash('sha256').update(`${group}/${version}/${kind}`).digest().subarray(0, 8).toString('base64')
}

export function apiResourceList(table: ResourceTable, group: string, version: string): unknown {
  const resources: unknown[] = []
  for (const resource of table.resourcesOf(group, version).sort(byPlural)) {
    const { definition } = resource
    const hash = storageVersionHash(resource)
    const categories = 'categories' in definition ? definition.categories : undefined
    resources.push({
      name: resource.plural,
      singularName: definition.singular ?? resource.kind.toLowerCase(),
      namespaced: resource.namespaced,
      kind: resource.kind,
      verbs: verbsOf(resource),
      ...(definition.shortNames === undefined ? {} : { shortNames: definition.shortNames }),
      ...(categories === undefined ? {} : { categories }),
      ...(hash === undefined ? {} : { storageVersionHash: hash }),
    })
    for (const entry of subresourceEntries(resource)) {
      resources.push({
        name: `${resource.plural}/${entry.name}`,
        singularName: '',
        namespaced: resource.namespaced,
        ...(entry.foreign ? { group: entry.kind.group, version: entry.kind.version } : {}),
        kind: entry.kind.kind,
        verbs: entry.verbs,
      })
    }
  }
  return {
    kind: 'APIResourceList',
    ...(group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion: group === '' ? version : `${group}/${version}`,
    resources,
  }
}

function apiGroup(name: string, ordered: readonly string[], standalone: boolean): unknown {
  const versions = ordered.map((version) => ({ groupVersion: `${name}/${version}`, version }))
  return {
    ...(standalone ? { kind: 'APIGroup', apiVersion: 'v1' } : {}),
    name,
    versions,
    preferredVersion: versions[0],
  }
}

function responseKind(kind: { group: string; version: string; kind: string }, foreign: boolean): unknown {
  return foreign
    ? { group: kind.group, version: kind.version, kind: kind.kind }
    : { group: '', version: '', kind: kind.kind }
}

function aggregatedVersion(table: ResourceTable, group: string, version: string): unknown {
  return {
    version,
    resources: table
      .resourcesOf(group, version)
      .sort(byPlural)
      .map((resource) => {
        const { definition } = resource
        const categories = 'categories' in definition ? definition.categories : undefined
        const subresources = subresourceEntries(resource).map((entry) => ({
          subresource: entry.name,
          responseKind: responseKind(entry.kind, entry.foreign),
          verbs: entry.verbs,
        }))
        return {
          resource: resource.plural,
          responseKind: responseKind(resource, false),
          scope: resource.namespaced ? 'Namespaced' : 'Cluster',
          singularResource: definition.singular ?? resource.kind.toLowerCase(),
          verbs: verbsOf(resource),
          ...(definition.shortNames === undefined ? {} : { shortNames: definition.shortNames }),
          ...(categories === undefined ? {} : { categories }),
          ...(subresources.length === 0 ? {} : { subresources }),
        }
      }),
    freshness: 'Current',
  }
}

function aggregated(table: ResourceTable, groups: readonly string[], remote: RemoteGroups): unknown {
  const versionOf = (group: string, version: string, elsewhere: readonly RemoteVersion[]): unknown => {
    const found = elsewhere.find((one) => one.version === version)
    if (found === undefined) return aggregatedVersion(table, group, version)
    const { resources } = found
    return resources === undefined ? { version, freshness: 'Stale' } : { version, resources, freshness: 'Current' }
  }
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map((group) => {
      const elsewhere = remoteOf(remote, group)
      return {
        metadata: group === '' ? {} : { name: group },
        versions: mergedVersions(table.versionsOf(group), elsewhere).map((version) =>
          versionOf(group, version, elsewhere),
        ),
      }
    }),
  }
}

/** Serves `/api`, `/apis` and what is below; undefined for other paths. */
export function createDiscovery(options: {
  table: ResourceTable
  serverAddress: () => string
  /** What other servers answer for; default: nothing. */
  remote?: RemoteGroups
}): (context: RequestContext) => Promise<Answer> | Answer | undefined {
  const { table, remote = noRemoteGroups } = options
  const cache = new Map<string, { generation: string; bytes: Uint8Array; etag: string }>()
  const versionsOf = (group: string): string[] => mergedVersions(table.versionsOf(group), remoteOf(remote, group))

  const cached = async (
    context: RequestContext,
    { path, groups, type }: { path: string; groups: readonly string[]; type: MediaType },
  ): Promise<Answer> => {
    let entry = cache.get(path)
    const generation = `${table.generation} ${remote.generation}`
    if (entry?.generation !== generation) {
      const bytes = jsonBytes(aggregated(table, groups, remote))
      const etag = `"${createHash('sha512').update(bytes).digest('hex').toUpperCase()}"`
      entry = { generation, bytes, etag }
      cache.set(path, entry)
    }
    const headers = { etag: entry.etag, vary: 'Accept', 'cache-control': 'public' }
    if (isKnownTag(context.header('if-none-match'), entry.etag)) return { status: 304, headers }
    const named = withAggregatedParameters(type)
    if (type === 'application/json') {
      const answer = bytesAnswer(200, named, entry.bytes)
      return { ...answer, headers: { ...answer.headers, ...headers } }
    }
    const answer = await encodeForm(200, JSON.parse(new TextDecoder().decode(entry.bytes)), type)
    return { ...answer, headers: { ...answer.headers, ...headers, 'content-type': named } }
  }

  return (context) => {
    const path = context.path.replace(/\/$/, '')
    if (path === '/api') {
      const type = aggregatedType(context)
      if (type !== undefined) return cached(context, { path, groups: [''], type })
      const versions = {
        kind: 'APIVersions',
        versions: table.versionsOf(''),
        serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: options.serverAddress() }],
      }
      return discoveryAnswer(context, versions, { listed: true })
    }
    if (path === '/apis') {
      const groups = orderedGroups(table, remote)
      const type = aggregatedType(context)
      if (type !== undefined) return cached(context, { path, groups, type })
      return discoveryAnswer(context, {
        kind: 'APIGroupList',
        apiVersion: 'v1',
        groups: groups.map((group) => apiGroup(group, versionsOf(group), false)),
      })
    }
    const [, root, first, second, extra] = path.split('/')
    if (extra !== undefined) return undefined
    if (root === 'api' && first !== undefined && second === undefined) {
      return table.versionsOf('').includes(first)
        ? discoveryAnswer(context, apiResourceList(table, '', first), { listed: true })
        : undefined
    }
    if (root !== 'apis' || first === undefined || first === '') return undefined
    const versions = versionsOf(first)
    if (versions.length === 0) return undefined
    if (second === undefined) return discoveryAnswer(context, apiGroup(first, versions, true))
    return table.versionsOf(first).includes(second)
      ? discoveryAnswer(context, apiResourceList(table, first, second), { listed: true })
      : undefined
  }
}
