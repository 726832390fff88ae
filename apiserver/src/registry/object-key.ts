import { badRequest } from '@kapell/openapi/meta/status'
import type { ObjectStore } from './resource-table.ts'

/** Throws 400 for a requested name that can be no part of a key: it would lead to another place in the store. */
export function checkNameSegment(name: string): void {
  const bad = name.includes('/') ? '/' : name.includes('%') ? '%' : undefined
  const problem = name === '.' || name === '..' ? `may not be '${name}'` : bad && `may not contain '${bad}'`
  if (problem !== undefined) throw badRequest(`Name parameter invalid: ${JSON.stringify(name)}: ${problem}`)
}

/** The storage key of an object. */
export function keyOf(store: ObjectStore, at: { namespace: string; name: string }): string {
  return store.definition.namespaced ? `${store.prefix}${at.namespace}/${at.name}` : `${store.prefix}${at.name}`
}

/** The prefix that all objects of a namespace, or all objects, have in common. */
export function keyPrefixOf(store: ObjectStore, namespace: string): string {
  return store.definition.namespaced && namespace !== '' ? `${store.prefix}${namespace}/` : store.prefix
}
