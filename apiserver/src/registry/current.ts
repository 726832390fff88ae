import type { KubeObject, ObjectMeta } from '@kapell/openapi/meta/object'
import { servedFromStore } from './conversion.ts'
import { decodeStored } from './encode.ts'
import { keyOf } from './object-key.ts'
import type { StoredResource } from './resource-table.ts'

/** What is stored now, parsed into the served version; the object belongs to the caller. */
export interface Current {
  key: string
  revision: number
  /** As it is stored; kinds that are stored as they are served may find the resourceVersion in it. */
  value: Uint8Array
  object: KubeObject & { metadata: ObjectMeta }
  /** Another copy, to change. Parsing again is cheaper than cloning. */
  copy(): KubeObject & { metadata: ObjectMeta }
}

/** Stored bytes as an object of the resource's own version. */
export function decodeServed(
  resource: StoredResource,
  value: Uint8Array,
  revision: number,
): KubeObject & { metadata: ObjectMeta } {
  const stored = decodeStored(value, revision)
  const conversion = resource.definition.conversion
  if (conversion === undefined) return stored
  return conversion.fromStored(stored) as KubeObject & { metadata: ObjectMeta }
}

/** Straight from the store. */
export async function readCurrent(
  resource: StoredResource,
  at: { namespace: string; name: string },
): Promise<Current | undefined> {
  const { store } = resource
  const key = keyOf(store, at)
  const cached = resource.definition.conversion === undefined ? store.cache().get(key) : undefined
  const found =
    cached !== undefined && store.storage.isNewest?.(key, cached.revision) === true
      ? { value: cached.json, revision: cached.revision }
      : await store.storage.get(key)
  if (found === undefined) return undefined
  const { value, revision } = found
  if (resource.definition.conversion?.remote !== undefined) {
    const [object] = await servedFromStore(resource.definition, [{ value: found.value, revision: found.revision }])
    if (object === undefined) return undefined
    return { key, revision, value, object, copy: () => structuredClone(object) }
  }
  const copy = (): Current['object'] => decodeServed(resource, value, revision)
  return { key, revision, value, object: copy(), copy }
}
