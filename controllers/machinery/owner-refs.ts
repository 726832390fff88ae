import { apiVersionOf, type KubeObject, type OwnerReference } from '@kapell/openapi/meta/object'
import type { ResourceRef } from '@kapell/openapi/meta/resource-ref'
import { isReason } from '@kapell/openapi/meta/status'

/** The one owner that manages `object`, if any. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata?.ownerReferences?.find((ref) => ref.controller === true)
}

/** The reference a controller puts on what it makes. */
export function controllerReference(
  owner: KubeObject,
  kind: Pick<ResourceRef, 'group' | 'version' | 'kind'>,
): OwnerReference {
  return {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    name: owner.metadata?.name ?? '',
    uid: owner.metadata?.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  }
}

/** True when `owner` is the managing owner of `object`. */
export function isControlledBy(object: KubeObject, owner: KubeObject): boolean {
  return controllerOf(object)?.uid === owner.metadata?.uid
}

export interface ClaimOptions<T extends KubeObject> {
  owner: KubeObject
  objects: readonly T[]
  /** The owner's selector, and whatever else must hold. */
  matches: (object: T) => boolean
  /** Reads the owner anew; false when it is gone, replaced or being deleted. Asked at most once, before adopting. */
  mayAdopt: () => Promise<boolean>
  adopt: (object: T) => Promise<T | void>
  release: (object: T) => Promise<void>
}

/**
 * The objects that are the owner's: its own, with those that no longer match released, and matching orphans adopted.
 * Objects of other owners are left alone. Errors of single objects come together at the end.
 */
export async function claimObjects<T extends KubeObject>(options: ClaimOptions<T>): Promise<T[]> {
  const { owner, objects, matches, adopt, release } = options
  const claimed: T[] = []
  const errors: unknown[] = []
  const ownerLeaving = owner.metadata?.deletionTimestamp !== undefined
  let mayAdopt: Promise<boolean> | undefined
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      // Gone, or given to a successor of the same name meanwhile: nothing to claim any more.
      if (!isReason(error, 'NotFound', 'Invalid')) errors.push(error)
    }
  }
  for (const object of objects) {
    const ref = controllerOf(object)
    if (ref !== undefined) {
      if (ref.uid !== owner.metadata?.uid) continue
      if (matches(object)) claimed.push(object)
      else if (!ownerLeaving) await attempt(() => release(object))
      continue
    }
    if (ownerLeaving || object.metadata?.deletionTimestamp !== undefined || !matches(object)) continue
    mayAdopt ??= options.mayAdopt()
    await attempt(async () => {
      if ((await mayAdopt) === true) claimed.push((await adopt(object)) ?? object)
    })
  }
  if (errors.length > 0) throw new AggregateError(errors, errors.map((e) => String(e)).join('; '))
  return claimed
}

/** A strategic merge patch that gives an object this managing owner; `uid` guards against a namesake. */
export function adoptionPatch(object: KubeObject, reference: OwnerReference): object {
  return { metadata: { uid: object.metadata?.uid, ownerReferences: [reference] } }
}

/** A strategic merge patch that takes an owner away. */
export function releasePatch(object: KubeObject, ownerUid: string): object {
  return { metadata: { uid: object.metadata?.uid, ownerReferences: [{ $patch: 'delete', uid: ownerUid }] } }
}
