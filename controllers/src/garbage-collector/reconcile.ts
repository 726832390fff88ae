import type { KubeObject, OwnerReference } from '@kapell/openapi/meta/object'
import { foregroundFinalizer, orphanFinalizer, type Node } from './graph.ts'

/** How an owner that a reference names stands. */
export type OwnerState = 'solid' | 'gone' | 'waiting'

export type Verdict =
  | { do: 'nothing' }
  /** Some owners hold it: the references to the others are dropped. */
  | { do: 'unreference'; uids: string[] }
  | { do: 'delete'; policy: 'Orphan' | 'Foreground' | 'Background'; unblock: boolean }

/** Whether an object goes, by what became of its owners. Source: concepts page "Garbage Collection". */
export function judge(
  object: KubeObject,
  owners: readonly { reference: OwnerReference; state: OwnerState }[],
  node: Pick<Node, 'dependents'>,
): Verdict {
  if (owners.length === 0) return { do: 'nothing' }
  const rest = owners.filter(({ state }) => state !== 'solid')
  if (rest.length === 0) return { do: 'nothing' }
  if (rest.length < owners.length) return { do: 'unreference', uids: rest.map(({ reference }) => reference.uid) }
  if (rest.some(({ state }) => state === 'waiting') && node.dependents.size > 0) {
    // In a ring each waits for the next: one must not block.
    const ring = [...node.dependents].some((dependent) => dependent.deletingDependents)
    return { do: 'delete', policy: 'Foreground', unblock: ring }
  }
  const finalizers = object.metadata?.finalizers ?? []
  if (finalizers.includes(orphanFinalizer)) return { do: 'delete', policy: 'Orphan', unblock: false }
  if (finalizers.includes(foregroundFinalizer)) return { do: 'delete', policy: 'Foreground', unblock: false }
  return { do: 'delete', policy: 'Background', unblock: false }
}

/** Dependents that an owner in foreground deletion still waits for. */
export function blockers(node: Node): Node[] {
  return [...node.dependents].filter((dependent) =>
    dependent.owners.some(({ uid, blockOwnerDeletion }) => uid === node.identity.uid && blockOwnerDeletion === true),
  )
}

/** Merge patch without these owners, good for exactly this version of the object. */
export function unreferencePatch(object: KubeObject, uids: readonly string[]): object {
  const rest = (object.metadata?.ownerReferences ?? []).filter(({ uid }) => !uids.includes(uid))
  return guarded(object, { ownerReferences: rest })
}

/** Merge patch by which no owner waits for the object any more. */
export function unblockPatch(object: KubeObject): object {
  const references = (object.metadata?.ownerReferences ?? []).map((one) => ({ ...one, blockOwnerDeletion: false }))
  return guarded(object, { ownerReferences: references })
}

export function finalizerPatch(object: KubeObject, finalizer: string): object {
  return guarded(object, { finalizers: (object.metadata?.finalizers ?? []).filter((one) => one !== finalizer) })
}

function guarded(object: KubeObject, metadata: object): object {
  return {
    metadata: { resourceVersion: object.metadata?.resourceVersion, uid: object.metadata?.uid, ...metadata },
  }
}
