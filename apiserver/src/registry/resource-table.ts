import { apiVersionOf } from '@kapell/openapi/meta/object'
import type { Storage } from '../storage/storage.ts'
import type { RunningWatchCache } from '../storage/watch-cache/watch-cache.ts'
import type { AnyDefinition, ResourceDefinition, Subresource, Verb, VirtualResourceDefinition } from './definition.ts'
import { headText } from './encode.ts'

const allVerbs: readonly Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']

/** Where the objects of one stored kind live, shared by every version that serves it. */
export interface ObjectStore {
  /** "/registry/pods/". */
  readonly prefix: string
  readonly storage: Storage
  /** The definition whose shape is stored. */
  readonly definition: ResourceDefinition
  /** Starts on first use. */
  cache(): RunningWatchCache
  stopCache(): Promise<void>
}

interface Served {
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly apiVersion: string
  readonly kind: string
  readonly listKind: string
  readonly namespaced: boolean
  readonly verbs: ReadonlySet<Verb>
}

export interface StoredResource extends Served {
  readonly type: 'stored'
  readonly definition: ResourceDefinition
  readonly store: ObjectStore
  /** `{"kind":"Pod","apiVersion":"v1",`: what every object's JSON begins with. */
  readonly head: Uint8Array
  /** Items of a list repeat kind and apiVersion (custom resources do, built-in ones do not). */
  readonly itemsKeepKind: boolean
}

export interface VirtualResource extends Served {
  readonly type: 'virtual'
  readonly definition: VirtualResourceDefinition
}

export type ServedResource = StoredResource | VirtualResource

export function subresourcesOf(resource: ServedResource): Readonly<Record<string, Subresource<never>>> {
  return resource.type === 'stored'
    ? ((resource.definition.subresources ?? {}) as Readonly<Record<string, Subresource<never>>>)
    : {}
}

/** Groups whose keys upstream lays out under the group's name; all others are named by the plural alone. */
const groupedPrefixes = new Set(['apiextensions.k8s.io', 'apiregistration.k8s.io'])

export function storagePrefixOf(definition: Pick<ResourceDefinition, 'group' | 'plural' | 'storagePrefix'>): string {
  const builtIn = definition.group === '' || !definition.group.includes('.') || definition.group.endsWith('.k8s.io')
  const prefix =
    definition.storagePrefix ??
    (builtIn && !groupedPrefixes.has(definition.group) ? definition.plural : `${definition.group}/${definition.plural}`)
  return `/registry/${prefix}/`
}

/** Everything the server serves, by group, version and plural; resources come and go at run time. */
export class ResourceTable {
  readonly #byVersion = new Map<string, Map<string, ServedResource>>()
  readonly #stores = new Map<string, ObjectStore>()
  readonly #storage: Storage
  readonly #createCache: (store: { prefix: string; definition: ResourceDefinition }) => RunningWatchCache
  /** Not served, though what is served may be stored as them. */
  readonly #unserved = new Map<string, ResourceDefinition>()
  #named = { generation: -1, byName: new Map<string, ServedResource>() }
  /** Counted up at every change: discovery documents are built anew when it moved. */
  generation = 0

  constructor(options: {
    storage: Storage
    createCache: (store: { prefix: string; definition: ResourceDefinition }) => RunningWatchCache
  }) {
    this.#storage = options.storage
    this.#createCache = options.createCache
  }

  /** All at once, so that a version may be stored as one that comes later. Duplicates are an error of the programmer. */
  addAll(
    definitions: readonly AnyDefinition[],
    options: { custom?: boolean; unserved?: readonly AnyDefinition[] } = {},
  ): void {
    for (const { type, definition } of options.unserved ?? [])
      if (type === 'stored') this.#unserved.set(`${apiVersionOf(definition)} ${definition.plural}`, definition)
    const later: AnyDefinition[] = []
    for (const entry of definitions) {
      if (entry.type === 'stored' && entry.definition.conversion !== undefined) later.push(entry)
      else this.#add(entry, options.custom ?? false)
    }
    for (const entry of later) this.#add(entry, options.custom ?? false)
    this.generation++
  }

  remove(at: { group: string; version: string; plural: string }): void {
    const key = apiVersionOf(at)
    const byPlural = this.#byVersion.get(key)
    byPlural?.delete(at.plural)
    if (byPlural?.size === 0) this.#byVersion.delete(key)
    this.generation++
  }

  /** Forgets where a kind's objects are kept, once nobody serves it any more. */
  dropStore(prefix: string): void {
    void this.#stores.get(prefix)?.stopCache()
    this.#stores.delete(prefix)
  }

  #add(entry: AnyDefinition, custom: boolean): void {
    const { group, version, plural } = entry.definition
    const apiVersion = apiVersionOf({ group, version })
    let byPlural = this.#byVersion.get(apiVersion)
    if (byPlural === undefined) {
      byPlural = new Map()
      this.#byVersion.set(apiVersion, byPlural)
    }
    if (byPlural.has(plural)) throw new Error(`${apiVersion} ${plural} is defined twice`)
    byPlural.set(plural, this.describe(entry, { custom }))
  }

  /** What would serve a definition, without serving it. */
  describe(entry: AnyDefinition, options: { custom?: boolean } = {}): ServedResource {
    const { group, version, plural, kind, namespaced } = entry.definition
    const apiVersion = apiVersionOf({ group, version })
    const served = { group, version, plural, apiVersion, kind, namespaced }
    if (entry.type === 'virtual') {
      return {
        ...served,
        type: 'virtual',
        definition: entry.definition,
        listKind: `${kind}List`,
        verbs: new Set(entry.definition.verbs),
      }
    }
    return {
      ...served,
      type: 'stored',
      definition: entry.definition,
      listKind: entry.definition.listKind ?? `${kind}List`,
      verbs: new Set(entry.definition.verbs ?? allVerbs),
      store: this.#storeOf(entry.definition),
      head: new TextEncoder().encode(headText(apiVersion, kind)),
      itemsKeepKind: options.custom ?? false,
    }
  }

  #storeOf(definition: ResourceDefinition): ObjectStore {
    const storedAs = definition.conversion?.storedAs
    if (storedAs !== undefined) {
      const other = this.find(storedAs.group, storedAs.version, storedAs.plural)
      if (other?.type === 'stored') return other.store
      const unserved = this.#unserved.get(`${apiVersionOf(storedAs)} ${storedAs.plural}`)
      if (unserved !== undefined) return this.#storeOf(unserved)
      // The version that is stored need not be one that is served.
      if (definition.custom === undefined)
        throw new Error(`${definition.kind} is stored as an unknown ${storedAs.plural}`)
    }
    const prefix = storagePrefixOf(definition)
    let store = this.#stores.get(prefix)
    if (store === undefined) {
      let cache: RunningWatchCache | undefined
      store = {
        prefix,
        storage: this.#storage,
        definition,
        cache: () => (cache ??= this.#createCache({ prefix, definition })),
        stopCache: async () => cache?.close(),
      }
      this.#stores.set(prefix, store)
    }
    return store
  }

  find(group: string, version: string, plural: string): ServedResource | undefined {
    return this.#byVersion.get(group === '' ? version : `${group}/${version}`)?.get(plural)
  }

  /** Any version of a resource: the one asked for, or the first served. */
  named(name: { group: string; version?: string; plural: string }): ServedResource | undefined {
    const { group, plural } = name
    if (name.version !== undefined) return this.find(group, name.version, plural)
    if (this.#named.generation !== this.generation) this.#named = { generation: this.generation, byName: new Map() }
    const { byName } = this.#named
    const key = `${group}/${plural}`
    const known = byName.get(key)
    if (known !== undefined) return known
    for (const version of this.versionsOf(group)) {
      const found = this.find(group, version, plural)
      if (found === undefined) continue
      byName.set(key, found)
      return found
    }
    return undefined
  }

  /** The served groups in order of their first definition, '' included. */
  groups(): string[] {
    const groups = new Set<string>()
    for (const key of this.#byVersion.keys()) groups.add(key.includes('/') ? key.slice(0, key.indexOf('/')) : '')
    return [...groups]
  }

  /** Preferred first: v2 before v1 before v1beta1. */
  versionsOf(group: string): string[] {
    const versions: string[] = []
    for (const key of this.#byVersion.keys()) {
      const slash = key.indexOf('/')
      if ((slash < 0 ? '' : key.slice(0, slash)) === group) versions.push(key.slice(slash + 1))
    }
    return versions.sort(compareVersions)
  }

  resourcesOf(group: string, version: string): ServedResource[] {
    return [...(this.#byVersion.get(apiVersionOf({ group, version }))?.values() ?? [])]
  }

  all(): ServedResource[] {
    return [...this.#byVersion.values()].flatMap((byPlural) => [...byPlural.values()])
  }

  stores(): ObjectStore[] {
    return [...this.#stores.values()]
  }
}

/** Kubernetes order of version names: GA before beta before alpha, higher before lower. */
export function compareVersions(a: string, b: string): number {
  const parse = (v: string): [number, number, number] => {
    const m = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(v)
    if (m === null) return [-1, 0, 0]
    const stage = m[2] === undefined ? 2 : m[2] === 'beta' ? 1 : 0
    return [stage, Number(m[1]), Number(m[3] ?? 0)]
  }
  const [x, y] = [parse(a), parse(b)]
  for (const i of [0, 1, 2] as const) if (x[i] !== y[i]) return y[i] - x[i]
  return a < b ? -1 : a > b ? 1 : 0
}
