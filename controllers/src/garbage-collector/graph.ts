import type { KubeObject, OwnerReference } from '@kapell/openapi/meta/object'
import { parseApiVersion } from '@kapell/openapi/meta/object'
import type { ResourceRef } from '@kapell/openapi/meta/resource-ref'

/** Who owns whom, over all kinds, by uid. Holds no objects: some hundred bytes for each. */
export interface Identity {
  apiVersion: string
  kind: string
  namespace: string
  name: string
  uid: string
}

export interface Node {
  identity: Identity
  /** How to address it; unknown for owners named by references only. */
  ref: ResourceRef | undefined
  owners: readonly OwnerReference[]
  /** As last seen: what is decided on these holds for this version only. */
  resourceVersion: string
  finalizers: readonly string[]
  dependents: Set<Node>
  /** Known from references of others only, not seen itself. */
  virtual: boolean
  beingDeleted: boolean
  /** Waits for its dependents to be deleted first (foreground deletion). */
  deletingDependents: boolean
}

export const foregroundFinalizer = 'foregroundDeletion'
export const orphanFinalizer = 'orphan'

/** What a change of the graph asks for. */
export interface GraphSink {
  /** Look whether it has to go. */
  toDelete(node: Node): void
  /** It is leaving and wants its dependents to stay. */
  toOrphan(node: Node): void
}

/** The graph, kept by what the watches tell. Synchronous: every change is whole. */
export class Graph {
  private readonly nodes = new Map<string, Node>()
  private readonly sink: GraphSink

  constructor(sink: GraphSink) {
    this.sink = sink
  }

  get size(): number {
    return this.nodes.size
  }
  get(uid: string): Node | undefined {
    return this.nodes.get(uid)
  }

  /** An object was added or changed. */
  put(ref: ResourceRef, object: KubeObject): void {
    const metadata = object.metadata ?? {}
    const { uid = '', name = '', namespace = '', ownerReferences = [], finalizers = none } = metadata
    const identity = { apiVersion: apiVersion(ref), kind: ref.kind, namespace, name, uid }
    const leaving = metadata.deletionTimestamp !== undefined
    const waits = leaving && finalizers.includes(foregroundFinalizer)
    const orphans = leaving && finalizers.includes(orphanFinalizer)
    const known = this.nodes.get(uid)
    const node = known ?? makeNode(identity)
    const wasWaiting = node.deletingDependents
    const wasLeaving = node.beingDeleted && !node.virtual
    // What references said of it may have been wrong: now it is seen.
    const mistaken = known?.virtual === true && !sameIdentity(known.identity, identity)
    node.identity = identity
    node.ref = ref
    node.virtual = false
    node.resourceVersion = metadata.resourceVersion ?? ''
    node.finalizers = finalizers
    node.beingDeleted = leaving
    node.deletingDependents = waits
    if (known === undefined) this.nodes.set(uid, node)
    this.setOwners(node, ownerReferences)
    if (mistaken) for (const dependent of node.dependents) this.sink.toDelete(dependent)
    if (orphans && !wasLeaving) this.sink.toOrphan(node)
    if (waits && !wasWaiting) {
      for (const dependent of node.dependents) this.sink.toDelete(dependent)
      this.sink.toDelete(node)
    }
    // First seen: owners that nobody has seen may be gone long since.
    if (known === undefined && ownerReferences.some((reference) => !this.isSeen(reference, identity.namespace)))
      this.sink.toDelete(node)
  }

  /** An object is gone, or was never there. */
  remove(uid: string): void {
    const node = this.nodes.get(uid)
    if (node === undefined) return
    this.nodes.delete(uid)
    for (const { uid: owner } of node.owners) {
      const ownerNode = this.nodes.get(owner)
      if (ownerNode === undefined) continue
      ownerNode.dependents.delete(node)
      // It may have been the last that its owner waited for.
      if (ownerNode.deletingDependents) this.sink.toDelete(ownerNode)
      if (ownerNode.virtual && ownerNode.dependents.size === 0) this.nodes.delete(owner)
    }
    for (const dependent of node.dependents) this.sink.toDelete(dependent)
    if (node.dependents.size > 0) {
      // Others still name it: kept as known by name, so that their number stays right.
      node.virtual = true
      node.beingDeleted = false
      node.deletingDependents = false
      node.owners = []
      node.finalizers = none
      this.nodes.set(uid, node)
    }
  }

  /** True when the owner is there, and is what the reference says. */
  private isSeen(reference: OwnerReference, namespace: string): boolean {
    const owner = this.nodes.get(reference.uid)
    return owner?.virtual === false && sameIdentity({ ...referenced(reference), namespace }, owner.identity)
  }

  private setOwners(node: Node, next: readonly OwnerReference[]): void {
    const before = node.owners
    node.owners = next
    const nextByUid = new Map(next.map((reference) => [reference.uid, reference]))
    const beforeByUid = new Map(before.map((reference) => [reference.uid, reference]))
    let looked = false
    for (const { uid, blockOwnerDeletion } of before) {
      const owner = this.nodes.get(uid)
      const kept = nextByUid.get(uid)
      if (kept === undefined) {
        owner?.dependents.delete(node)
        if (owner?.virtual === true && owner.dependents.size === 0) this.nodes.delete(uid)
      }
      const unblocked = blockOwnerDeletion === true && kept?.blockOwnerDeletion !== true
      if ((kept === undefined || unblocked) && owner?.deletingDependents === true) this.sink.toDelete(owner)
    }
    for (const reference of next) {
      if (beforeByUid.has(reference.uid)) continue
      let owner = this.nodes.get(reference.uid)
      if (owner === undefined) {
        owner = makeNode({ ...referenced(reference), namespace: node.identity.namespace })
        owner.virtual = true
        this.nodes.set(reference.uid, owner)
      }
      owner.dependents.add(node)
      if ((owner.deletingDependents || before.length > 0) && !looked) {
        looked = true
        this.sink.toDelete(node)
      }
    }
  }
}

/** Most have none: one list for all of them. */
const none: readonly string[] = []

/** What the graph knows of an object, in the object's own form. */
export function seen({ identity, owners, resourceVersion, finalizers }: Node): KubeObject {
  const { name, namespace, uid } = identity
  return {
    metadata: { name, namespace, uid, resourceVersion, ownerReferences: [...owners], finalizers: [...finalizers] },
  }
}

const apiVersion = (ref: ResourceRef): string => (ref.group === '' ? ref.version : `${ref.group}/${ref.version}`)
const referenced = ({ apiVersion: version, kind, name, uid }: OwnerReference) => ({
  apiVersion: version,
  kind,
  name,
  uid,
})

function makeNode(identity: Identity): Node {
  return {
    identity,
    ref: undefined,
    owners: [],
    resourceVersion: '',
    finalizers: none,
    dependents: new Set(),
    virtual: false,
    beingDeleted: false,
    deletingDependents: false,
  }
}

function sameIdentity(a: Identity, b: Identity): boolean {
  return (
    a.kind === b.kind &&
    a.name === b.name &&
    (a.namespace === b.namespace || b.namespace === '') &&
    parseApiVersion(a.apiVersion).group === parseApiVersion(b.apiVersion).group
  )
}
