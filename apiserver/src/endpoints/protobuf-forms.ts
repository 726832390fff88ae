import type { GroupVersionKind, KubeObject } from '@kapell/openapi/meta/object'
import { servedFromCache } from '../registry/conversion.ts'
import { EncodedForms } from '../registry/encoded-forms.ts'
import type { StoredResource } from '../registry/resource-table.ts'
import type { CachedObject } from '../storage/watch-cache/types.ts'

type Encode = (gvk: GroupVersionKind, object: object) => Uint8Array

const contents = new EncodedForms<Uint8Array>({ budgetBytes: 24 * 1024 * 1024, sizeOf: (bytes) => bytes.length })

/** A cached object as protobuf, without its envelope; encoded once a version. */
export function protobufContent(resource: StoredResource, cached: CachedObject, encodeContent: Encode): Uint8Array {
  return contents.of(resource.definition, cached, () =>
    encodeContent(resource, servedFromCache(resource.definition, cached) as KubeObject),
  )
}
