import { parseApiVersion, type KubeObject } from '@kapell/openapi/meta/object'
import { keyOf, keyPrefixOf } from './object-key.ts'
import type { ResourceTable, StoredResource } from './resource-table.ts'

/** Reads objects of a kind that somebody names, such as the parameters of admission policies. */
export interface KindAccess {
  readonly namespaced: boolean
  get(at: { namespace: string; name: string }): Promise<KubeObject | undefined>
  /** Of all namespaces when none is given. */
  list(namespace: string): Promise<KubeObject[]>
}

/** Undefined for a kind that is not served, or not stored. */
export function createKindAccess(
  table: ResourceTable,
): (kind: { apiVersion: string; kind: string }) => KindAccess | undefined {
  return ({ apiVersion, kind }) => {
    const { group, version } = parseApiVersion(apiVersion)
    const found = table.resourcesOf(group, version).find((one) => one.kind === kind)
    return found?.type === 'stored' ? accessTo(found) : undefined
  }
}

function accessTo(resource: StoredResource): KindAccess {
  const { store } = resource
  const { conversion } = resource.definition
  const served = async (stored: readonly KubeObject[]): Promise<KubeObject[]> => {
    if (conversion === undefined) return [...stored]
    return conversion.remote?.fromStored(stored) ?? stored.map((one) => conversion.fromStored(one))
  }
  return {
    namespaced: resource.namespaced,
    async get(at) {
      const cache = store.cache()
      await cache.ready()
      const found = cache.get(keyOf(store, at))
      return found === undefined ? undefined : (await served([found.object]))[0]
    },
    async list(namespace) {
      const cache = store.cache()
      await cache.ready()
      const entries = [...cache.snapshot().entries(keyPrefixOf(store, namespace))]
      return served(entries.map(({ object }) => object))
    },
  }
}
