import { BoundedMap } from '@kapell/controllers/machinery/bounded-map'
import type { ApiClient } from '@kapell/controllers/machinery/client'
import {
  defineController,
  type ControllerContext,
  type ReconcileResult,
} from '@kapell/controllers/machinery/controller'
import { errorText } from '@kapell/controllers/machinery/log'
import { apiVersionOf, type KubeObject, type OwnerReference } from '@kapell/openapi/meta/object'
import { customResourceDefinitions } from '@kapell/openapi/meta/refs'
import type { ResourceRef } from '@kapell/openapi/meta/resource-ref'
import { isReason } from '@kapell/openapi/meta/status'
import { Graph, foregroundFinalizer, orphanFinalizer, seen, type Node } from './graph.ts'
import { createMonitors, type Monitors } from './monitors.ts'
import { blockers, finalizerPatch, judge, unblockPatch, unreferencePatch, type OwnerState } from './reconcile.ts'

/** Kinds come and go mostly with their definitions, which are watched; anything else is found this often. */
const refreshMs = 60_000
const name = 'generic-garbage-collector'
const orphanPrefix = 'orphan/'

interface Dependencies {
  context: ControllerContext
  graph: Graph
  monitors: Monitors
  metadataClient: ApiClient
  /** Owners that were looked for and are not there: uid and where it was looked. */
  absent: BoundedMap<string, true>
  ready: Promise<void>
}

/**
 * Deletes what its owners left behind, for all kinds there are. Keys are uids; those to orphan bear a prefix.
 * Source: concepts pages "Garbage Collection" and "Owners and Dependents".
 */
export const garbageCollector = defineController<Dependencies, KubeObject>({
  name,
  queue: 'garbage_collector_attempt_to_delete',
  component: 'garbage-collector-controller',
  // Deletions share their flush to disk: more of them at once cost less each (measured: a third less than by 20).
  workers: 32,
  setup,
  reconcile: async (key, d) => {
    await d.ready
    return key.startsWith(orphanPrefix) ? orphan(key.slice(orphanPrefix.length), d) : collect(key, d)
  },
})

function setup(context: ControllerContext): Dependencies {
  const { queue, clock, log, signal, client } = context
  const graph = new Graph({
    toDelete: ({ identity }) => queue.add(identity.uid),
    toOrphan: ({ identity }) => queue.add(orphanPrefix + identity.uid),
  })
  const metadataClient = context.metadataClientFor(name)
  const monitors = createMonitors({ client, metadataClient, graph, clock, log, signal })
  const help = '[ALPHA] Times that what there is to watch could not be learnt.'
  const failures = context.metrics.counter('garbagecollector_controller_resources_sync_error_total', help, {})
  const refresh = async (): Promise<void> => {
    try {
      await monitors.refresh()
    } catch (error) {
      failures.inc()
      if (!signal.aborted) log.warn(`garbage collector: discovery: ${errorText(error)}`)
    }
  }
  const start = async (): Promise<void> => {
    await refresh()
    await monitors.synced()
  }
  // A definition is served a moment after it is stored.
  const soon = (): void => {
    cancel?.()
    cancel = clock.after(500, () => void refresh())
  }
  let cancel: (() => void) | undefined
  signal.addEventListener('abort', () => cancel?.(), { once: true })
  context.informer(customResourceDefinitions).onChange({ add: soon, update: soon, delete: soon })
  clock.every(refreshMs, refresh, signal)
  return { context, graph, monitors, metadataClient, absent: new BoundedMap(1000), ready: start() }
}

async function read(
  d: Dependencies,
  ref: ResourceRef,
  at: { namespace: string; name: string },
): Promise<KubeObject | undefined> {
  try {
    return await d.metadataClient.resource<KubeObject>(ref, ref.namespaced ? at.namespace : undefined).get(at.name)
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined
    throw error
  }
}

async function patch(d: Dependencies, node: Node, body: object): Promise<void> {
  const { namespace, name: object } = node.identity
  if (node.ref === undefined) return
  try {
    await d.metadataClient
      .resource<KubeObject>(node.ref, node.ref.namespaced ? namespace : undefined)
      .patch(object, 'merge', body)
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
  }
}

async function collect(uid: string, d: Dependencies): Promise<ReconcileResult | undefined> {
  const node = d.graph.get(uid)
  if (node === undefined || node.virtual) return undefined
  if (node.deletingDependents) return waitForDependents(node, d)
  if (node.beingDeleted || node.ref === undefined) return undefined
  try {
    // Mostly the watch has told all there is: every write names the version it was decided on.
    await collectAs(seen(node), node, d)
  } catch (error) {
    if (!isReason(error, 'Conflict')) throw error
    const object = await read(d, node.ref, node.identity)
    // Gone or replaced: the watch will tell, nothing to do for this one.
    if (object === undefined || object.metadata?.uid !== uid) return undefined
    await collectAs(object, node, d)
  }
  return undefined
}

async function collectAs(object: KubeObject, node: Node, d: Dependencies): Promise<void> {
  const references = object.metadata?.ownerReferences ?? []
  const owners: { reference: OwnerReference; state: OwnerState }[] = []
  for (const reference of references) owners.push({ reference, state: await ownerState(reference, node, object, d) })
  const verdict = judge(object, owners, node)
  if (verdict.do === 'unreference') await patch(d, node, unreferencePatch(object, verdict.uids))
  if (verdict.do !== 'delete') return
  if (verdict.unblock) await patch(d, node, unblockPatch(object))
  await remove(d, node, verdict.policy, verdict.unblock ? undefined : object.metadata?.resourceVersion)
}

async function remove(
  d: Dependencies,
  node: Node,
  propagationPolicy: 'Orphan' | 'Foreground' | 'Background',
  resourceVersion: string | undefined,
): Promise<void> {
  const { namespace, name: object, uid } = node.identity
  if (node.ref === undefined) return
  try {
    await d.context.client.resource<KubeObject>(node.ref, node.ref.namespaced ? namespace : undefined).delete(object, {
      propagationPolicy,
      // Its owners were judged in this version: a new owner meanwhile must save it.
      preconditions: { uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
    })
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
  }
}

/** An owner lives in the namespace of what it owns, or in none. */
function tellWrongNamespace(d: Dependencies, node: Node, { apiVersion, kind, name: owner, uid }: OwnerReference): void {
  const { namespace, name: object, uid: own } = node.identity
  if (node.ref === undefined) return
  const reference = {
    kind: node.ref.kind,
    apiVersion: apiVersionOf(node.ref),
    ...(namespace === '' ? {} : { namespace }),
    name: object,
    uid: own,
  }
  d.context.events.event(
    { reference },
    'Warning',
    'OwnerRefInvalidNamespace',
    `ownerRef [${apiVersion}/${kind}, namespace: ${namespace}, name: ${owner}, uid: ${uid}] does not exist in namespace ${JSON.stringify(namespace)}`,
  )
}

async function ownerState(
  reference: OwnerReference,
  node: Node,
  object: KubeObject,
  d: Dependencies,
): Promise<OwnerState> {
  const { apiVersion, kind, name: owner, uid } = reference
  const namespace = object.metadata?.namespace ?? ''
  const ref = d.monitors.refOf(apiVersion, kind)
  // An unknown kind may be one that is not served yet, or again: nothing is deleted on a guess.
  if (ref === undefined)
    throw new Error(`no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}`)
  const id = [uid, kind, apiVersion, namespace, owner].join('|')
  if (d.absent.get(id) === true) return 'gone'
  if (ref.namespaced && namespace === '') {
    tellWrongNamespace(d, node, reference)
    d.absent.set(id, true)
    return 'gone'
  }
  const known = d.graph.get(uid)
  // Seen alive and well by the watch, where the reference says: no need to ask.
  if (
    known !== undefined &&
    !known.virtual &&
    !known.beingDeleted &&
    at(known, kind, owner, ref.namespaced ? namespace : '')
  )
    return 'solid'
  const found = await read(d, ref, { namespace, name: owner })
  if (found === undefined || found.metadata?.uid !== uid) {
    const elsewhere = known !== undefined && !known.virtual && known.identity.namespace !== ''
    if (elsewhere && known.identity.namespace !== namespace) tellWrongNamespace(d, node, reference)
    d.absent.set(id, true)
    return 'gone'
  }
  const { deletionTimestamp, finalizers = [] } = found.metadata
  return deletionTimestamp !== undefined && finalizers.includes(foregroundFinalizer) ? 'waiting' : 'solid'
}

const at = ({ identity }: Node, kind: string, owner: string, namespace: string): boolean =>
  identity.kind === kind && identity.name === owner && identity.namespace === namespace

/** Foreground deletion: the owner goes when nothing blocks it any more. */
async function waitForDependents(node: Node, d: Dependencies): Promise<undefined> {
  const waitingFor = blockers(node)
  if (waitingFor.length > 0) {
    for (const dependent of waitingFor) if (!dependent.deletingDependents) d.context.queue.add(dependent.identity.uid)
    return
  }
  await removeFinalizer(node, foregroundFinalizer, d)
}

/** Leaves the dependents without this owner, then lets it go. */
async function orphan(uid: string, d: Dependencies): Promise<undefined> {
  const node = d.graph.get(uid)
  if (node === undefined || node.virtual) return
  const results = await Promise.allSettled(
    [...node.dependents].map(async (dependent) => {
      if (dependent.ref === undefined) return
      const object = await read(d, dependent.ref, dependent.identity)
      if (object === undefined || object.metadata?.uid !== dependent.identity.uid) return
      if (!(object.metadata.ownerReferences ?? []).some((reference) => reference.uid === uid)) return
      await patch(d, dependent, unreferencePatch(object, [uid]))
    }),
  )
  const failed = results.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  await removeFinalizer(node, orphanFinalizer, d)
}

async function removeFinalizer(node: Node, finalizer: string, d: Dependencies): Promise<void> {
  if (node.ref === undefined) return
  const object = await read(d, node.ref, node.identity)
  if (object === undefined || object.metadata?.uid !== node.identity.uid) return
  if (!(object.metadata.finalizers ?? []).includes(finalizer)) return
  await patch(d, node, finalizerPatch(object, finalizer))
}
