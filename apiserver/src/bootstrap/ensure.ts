import type { KubeObject } from '@kapell/openapi/meta/object'
import { isReason } from '@kapell/openapi/meta/status'
import type { ObjectAccess, ResourceName } from '../registry/services.ts'

/** Creates an object unless it is there; another server may have been faster. True when it was created here. */
export async function ensureExists(
  objects: ObjectAccess,
  resource: ResourceName,
  object: KubeObject,
): Promise<boolean> {
  const at = {
    name: object.metadata?.name ?? '',
    ...(object.metadata?.namespace === undefined ? {} : { namespace: object.metadata.namespace }),
  }
  if (objects.get(resource, at) !== undefined) return false
  try {
    await objects.create(resource, object)
    return true
  } catch (error) {
    if (isReason(error, 'AlreadyExists')) return false
    throw error
  }
}
