import type { KubeObject } from '@kapell/openapi/meta/object'
import { spliceResourceVersion } from '../storage/watch-cache/splice.ts'
import { encodeServed, encodeStored } from './encode.ts'
import type { StoredResource } from './resource-table.ts'

/** What a write left behind, in the version that was asked for. */
export interface Outcome {
  object: KubeObject
  /** The JSON to serve. */
  json: () => Uint8Array
  /** The object was made by this request. */
  created: boolean
  /** The object is gone. */
  removed: boolean
}

export function outcomeOf(
  object: KubeObject,
  flags: { created?: boolean; removed?: boolean; json?: Uint8Array } = {},
): Outcome {
  return {
    object,
    json: () => flags.json ?? encodeServed(object),
    created: flags.created ?? false,
    removed: flags.removed ?? false,
  }
}

/** The object's bytes as they are stored: in the storage version. */
export function toStoredBytes(resource: StoredResource, object: KubeObject): Uint8Array | Promise<Uint8Array> {
  const conversion = resource.definition.conversion
  if (conversion?.remote !== undefined) return conversion.remote.toStored(object).then(encodeStored)
  return encodeStored(conversion === undefined ? object : conversion.toStored(object))
}

/** The outcome of a write that the store acknowledged as `revision`. */
export function writtenOutcome(
  resource: StoredResource,
  object: KubeObject,
  stored: Uint8Array,
  revision: number,
  created = false,
): Outcome {
  const metadata = (object.metadata ??= {})
  metadata.resourceVersion = String(revision)
  return {
    object,
    json: () =>
      resource.definition.conversion === undefined ? spliceResourceVersion(stored, revision) : encodeServed(object),
    created,
    removed: false,
  }
}
