import type { ObjectStore } from './resource-table.ts'

/** The storage key of an object. */
export function keyOf(store: ObjectStore, at: { namespace: string; name: string }): string {
  return store.definition.namespaced ? `${store.prefix}${at.namespace}/${at.name}` : `${store.prefix}${at.name}`
}

/** The prefix that all objects of a namespace, or all objects, have in common. */
export function keyPrefixOf(store: ObjectStore, namespace: string): string {
  return store.definition.namespaced && namespace !== '' ? `${store.prefix}${namespace}/` : store.prefix
}
