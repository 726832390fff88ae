import type { KubeObject, ObjectMeta } from '@kapell/openapi/meta/object'
import type { CachedObject } from '../storage/watch-cache/types.ts'
import type { ResourceDefinition } from './definition.ts'
import { decodeStored } from './encode.ts'

/** Objects as a definition serves them, where that is not how they are stored. */

/** What webhooks made of cached objects, for as long as those are cached and the definition is served. */
const ahead = new WeakMap<ResourceDefinition, WeakMap<CachedObject, KubeObject>>()
/** A webhook is asked for no more objects at once. */
const batchSize = 500

/** Converts cached objects that a webhook has to be asked for, so that reading them needs not wait. */
export async function convertAhead(
  definition: ResourceDefinition,
  entries: Iterable<CachedObject | undefined>,
): Promise<void> {
  const remote = definition.conversion?.remote
  if (remote === undefined) return
  let known = ahead.get(definition)
  if (known === undefined) ahead.set(definition, (known = new WeakMap()))
  const missing: CachedObject[] = []
  for (const entry of entries) if (entry !== undefined && !known.has(entry)) missing.push(entry)
  for (let from = 0; from < missing.length; from += batchSize) {
    const batch = missing.slice(from, from + batchSize)
    const converted = await remote.fromStored(batch.map((entry) => entry.object))
    batch.forEach((entry, i) => {
      const object = converted[i]
      if (object !== undefined) known.set(entry, object)
    })
  }
}

/** A cached object in the version that a definition serves. */
export function servedFromCache(definition: ResourceDefinition, cached: CachedObject): KubeObject {
  const { conversion } = definition
  if (conversion === undefined) return cached.object
  return ahead.get(definition)?.get(cached) ?? conversion.fromStored(cached.object)
}

/** Stored bytes as objects of the version that a definition serves; they belong to the caller. */
export async function servedFromStore(
  definition: ResourceDefinition,
  stored: readonly { value: Uint8Array; revision: number }[],
): Promise<(KubeObject & { metadata: ObjectMeta })[]> {
  const objects = stored.map(({ value, revision }) => decodeStored(value, revision))
  const { conversion } = definition
  if (conversion === undefined) return objects
  if (conversion.remote === undefined) {
    return objects.map((object) => conversion.fromStored(object) as KubeObject & { metadata: ObjectMeta })
  }
  const converted: KubeObject[] = []
  for (let from = 0; from < objects.length; from += batchSize) {
    converted.push(...(await conversion.remote.fromStored(objects.slice(from, from + batchSize))))
  }
  return converted as (KubeObject & { metadata: ObjectMeta })[]
}
