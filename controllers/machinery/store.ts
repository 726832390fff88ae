import type { KubeObject } from '@kapell/openapi/meta/object'

/** Values an object is filed under, such as its node's name. */
export type IndexFunction<T> = (object: T) => readonly string[]
export type Indexers<T> = Record<string, IndexFunction<T>>

/** Reads of an informer's cache. Objects are shared: read-only, to the last leaf. */
export interface Lister<T extends KubeObject> {
  /** `key` is "namespace/name", or "name" in cluster scope. */
  get(key: string): T | undefined
  list(): T[]
  /** Objects filed under `value`. Throws when there is no such index. */
  byIndex(index: string, value: string): T[]
  /** All objects of a namespace: the index every cache has. */
  inNamespace(namespace: string): T[]
  readonly size: number
}

/** "namespace/name", or "name" in cluster scope. */
export function keyOf(object: KubeObject): string {
  const { namespace, name } = object.metadata ?? {}
  return namespace === undefined || namespace === '' ? (name ?? '') : `${namespace}/${name ?? ''}`
}

/** The inverse of {@link keyOf}; namespace '' in cluster scope. */
export function splitKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/')
  return slash < 0 ? { namespace: '', name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}

const byNamespace: IndexFunction<KubeObject> = (object) => [object.metadata?.namespace ?? '']

/** Objects by key, with indexes kept in step. */
export class IndexedStore<T extends KubeObject> implements Lister<T> {
  private readonly objects = new Map<string, T>()
  private readonly indexers = new Map<string, IndexFunction<T>>([['namespace', byNamespace]])
  private readonly indexes = new Map<string, Map<string, Map<string, T>>>([['namespace', new Map()]])

  constructor(indexers: Indexers<T> = {}) {
    this.addIndexers(indexers)
  }

  /** Adds indexes, also over what is already stored. A name that exists keeps its function. */
  addIndexers(indexers: Indexers<T>): void {
    for (const [name, indexer] of Object.entries(indexers)) {
      if (this.indexers.has(name)) continue
      this.indexers.set(name, indexer)
      this.indexes.set(name, new Map())
      for (const [key, object] of this.objects) this.file(name, indexer, key, object)
    }
  }

  get size(): number {
    return this.objects.size
  }
  get(key: string): T | undefined {
    return this.objects.get(key)
  }
  keys(): IterableIterator<string> {
    return this.objects.keys()
  }
  list(): T[] {
    return [...this.objects.values()]
  }
  byIndex(index: string, value: string): T[] {
    const values = this.indexes.get(index)
    if (values === undefined) throw new Error(`this cache has no index named "${index}"`)
    const found = values.get(value)
    return found === undefined ? [] : [...found.values()]
  }
  inNamespace(namespace: string): T[] {
    return this.byIndex('namespace', namespace)
  }

  /** Stores `object` and answers what was there before. */
  set(key: string, object: T): T | undefined {
    const old = this.objects.get(key)
    this.objects.set(key, object)
    for (const [name, indexer] of this.indexers) {
      if (old !== undefined) this.unfile(name, indexer, key, old)
      this.file(name, indexer, key, object)
    }
    return old
  }

  delete(key: string): T | undefined {
    const old = this.objects.get(key)
    if (old === undefined) return undefined
    this.objects.delete(key)
    for (const [name, indexer] of this.indexers) this.unfile(name, indexer, key, old)
    return old
  }

  private file(name: string, indexer: IndexFunction<T>, key: string, object: T): void {
    const index = this.indexes.get(name)!
    for (const value of indexer(object)) {
      let entries = index.get(value)
      if (entries === undefined) index.set(value, (entries = new Map()))
      entries.set(key, object)
    }
  }

  private unfile(name: string, indexer: IndexFunction<T>, key: string, object: T): void {
    const index = this.indexes.get(name)!
    for (const value of indexer(object)) {
      const entries = index.get(value)
      if (entries?.delete(key) === true && entries.size === 0) index.delete(value)
    }
  }
}
