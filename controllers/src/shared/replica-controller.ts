import { isNamespaceTerminating } from '@kapell/controllers/machinery/namespace-terminating'
import type { ResourceClient } from '@kapell/controllers/machinery/client'
import {
  defineController,
  type Controller,
  type ControllerContext,
  type ReconcileResult,
} from '@kapell/controllers/machinery/controller'
import { createExpectations, type Expectations } from '@kapell/controllers/machinery/expectations'
import { errorText } from '@kapell/controllers/machinery/log'
import { claimObjects, controllerOf, controllerReference } from '@kapell/controllers/machinery/owner-refs'
import type { SharedInformer } from '@kapell/controllers/machinery/shared-informer'
import { keyOf, splitKey, type Lister } from '@kapell/controllers/machinery/store'
import type { Selector } from '@kapell/openapi/meta/labels'
import { pods as podsRef } from '@kapell/openapi/meta/refs'
import type { ResourceRef } from '@kapell/openapi/meta/resource-ref'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1Pod } from '@kapell/openapi/types'
import { sameMeaning } from './equal.ts'
import { createPodControl, type PodControl } from './pod-control.ts'
import { podFromTemplate } from './pod-from-template.ts'
import { orphansOf, podsByController } from './pod-index.ts'
import { isActive, isDeleting } from './pods.ts'
import { podsToDelete } from './rank-pods.ts'
import { planReplicas, replicasSeen, type ReplicasFailure, type ReplicasObject } from './replicas.ts'
import { forEachAtOnce, slowStart } from './slow-start.ts'

export interface ReplicaControllerOptions<T extends ReplicasObject> {
  name: string
  queue: string
  /** The source of its events. */
  component: string
  ref: ResourceRef<T>
  selectorOf: (owner: T) => Selector
  countTerminating: boolean
}

interface Dependencies<T extends ReplicasObject> extends ReplicaControllerOptions<T> {
  owners: Lister<T>
  pods: Lister<V1Pod>
  resource: (namespace: string) => ResourceClient<T>
  control: PodControl
  expectations: Expectations
  now: () => Date
}

/** Keeps the number of pods of each owner as wanted. Its two kinds differ only in their selector. */
export function replicaController<T extends ReplicasObject>(options: ReplicaControllerOptions<T>): Controller {
  return defineController<Dependencies<T>, T>({
    name: options.name,
    queue: options.queue,
    component: options.component,
    primary: options.ref,
    workers: 5,
    setup: (context) => setup(options, context),
    reconcile,
  })
}

function setup<T extends ReplicasObject>(
  options: ReplicaControllerOptions<T>,
  context: ControllerContext,
): Dependencies<T> {
  const { client, clock, events, queue } = context
  const owners = context.informer(options.ref, { indexers: { owner: (o) => [controllerOf(o)?.uid ?? ''] } })
  const pods = context.informer(podsRef, { indexers: podsByController })
  const expectations = createExpectations(clock)
  owners.onChange({ delete: (owner) => expectations.forget(keyOf(owner)) })
  watchPods({ options, owners, pods, expectations, enqueue: (key) => queue.add(key) })
  return {
    ...options,
    owners: owners.lister,
    pods: pods.lister,
    resource: (namespace) => client.resource(options.ref, namespace),
    control: createPodControl(client, events),
    expectations,
    now: () => clock.now(),
  }
}

/** Which owner a change of a pod concerns, and what it answers of the expectations. */
function watchPods<T extends ReplicasObject>(wiring: {
  options: ReplicaControllerOptions<T>
  owners: SharedInformer<T>
  pods: SharedInformer<V1Pod>
  expectations: Expectations
  enqueue: (key: string) => void
}): void {
  const { options, owners, pods, expectations, enqueue } = wiring
  const ownerKey = (pod: V1Pod): string | undefined => {
    const ref = controllerOf(pod)
    if (ref?.kind !== options.ref.kind) return undefined
    const key = `${pod.metadata?.namespace}/${ref.name}`
    return owners.lister.get(key)?.metadata?.uid === ref.uid ? key : undefined
  }
  const matchingOwners = (pod: V1Pod): void => {
    for (const owner of owners.lister.inNamespace(pod.metadata?.namespace ?? ''))
      if (options.selectorOf(owner).matches(pod.metadata?.labels)) enqueue(keyOf(owner))
  }
  const deleted = (pod: V1Pod): void => {
    const key = ownerKey(pod)
    if (key === undefined) return
    expectations.deletionObserved(key, keyOf(pod))
    enqueue(key)
  }
  pods.onChange({
    add: (pod) => {
      if (isDeleting(pod)) {
        // Seen for the first time on its way out, as after a restart: it was not made for us.
        deleted(pod)
        return
      }
      const key = ownerKey(pod)
      if (key !== undefined) {
        expectations.creationObserved(key)
        enqueue(key)
      } else if (controllerOf(pod) === undefined) matchingOwners(pod)
    },
    update: (old, pod) => {
      if (isDeleting(pod)) {
        deleted(pod)
        if (old.metadata?.uid !== pod.metadata?.uid) deleted(old)
        return
      }
      const before = controllerOf(old)?.uid
      const after = controllerOf(pod)?.uid
      const key = ownerKey(pod)
      if (before !== after) {
        const oldKey = ownerKey(old)
        if (oldKey !== undefined) enqueue(oldKey)
      }
      if (key !== undefined) enqueue(key)
      else if (after === undefined && (before !== after || !sameMeaning(old.metadata?.labels, pod.metadata?.labels)))
        matchingOwners(pod)
    },
    delete: deleted,
  })
}

async function reconcile<T extends ReplicasObject>(
  key: string,
  d: Dependencies<T>,
): Promise<ReconcileResult | undefined> {
  const owner = d.owners.get(key)
  if (owner === undefined) {
    d.expectations.forget(key)
    return undefined
  }
  // Looked at before the pods: what arrives in between is then decided on next time.
  const mayAct = d.expectations.satisfied(key)
  const selector = d.selectorOf(owner)
  const claimed = await claim(d, owner, selector)
  const errors: unknown[] = []
  let failure: ReplicasFailure | undefined
  if (mayAct && !isDeleting(owner)) failure = await act(d, key, owner, claimed.filter(isActive), errors)
  else failure = knownFailure(owner)

  const { countTerminating } = d
  const { status, afterMs } = replicasSeen({ owner, pods: claimed, failure, countTerminating, now: d.now() })
  if (!sameMeaning(status, owner.status))
    await d.resource(splitKey(key).namespace ?? '').updateStatus({ ...owner, status })
  if (errors.length > 0) throw errors[0]
  return afterMs === undefined ? undefined : { afterMs }
}

/** The failure the status already tells of stays until a plan was carried out. */
function knownFailure(owner: ReplicasObject): ReplicasFailure | undefined {
  const known = owner.status?.conditions?.find(({ type }) => type === 'ReplicaFailure')
  return known === undefined
    ? undefined
    : { reason: known.reason === 'FailedDelete' ? 'FailedDelete' : 'FailedCreate', message: known.message ?? '' }
}

function claim<T extends ReplicasObject>(d: Dependencies<T>, owner: T, selector: Selector): Promise<V1Pod[]> {
  const { namespace = '', name = '', uid = '' } = owner.metadata ?? {}
  const reference = controllerReference(owner, d.ref)
  const candidates = [...d.pods.byIndex('controller', uid), ...d.pods.byIndex('controller', orphansOf(namespace))]
  return claimObjects<V1Pod>({
    owner,
    // Finished pods of its own count in nothing; finished orphans are nobody's.
    objects: candidates.filter((pod) => isActive(pod) || controllerOf(pod) !== undefined),
    matches: (pod) => selector.matches(pod.metadata?.labels),
    mayAdopt: async () => {
      const fresh = await d.resource(namespace).get(name)
      return fresh.metadata?.uid === uid && !isDeleting(fresh)
    },
    adopt: (pod) => d.control.adopt(pod, reference),
    release: (pod) => d.control.release(pod, uid),
  })
}

async function act<T extends ReplicasObject>(
  d: Dependencies<T>,
  key: string,
  owner: T,
  active: V1Pod[],
  errors: unknown[],
): Promise<ReplicasFailure | undefined> {
  const plan = planReplicas(owner, active.length)
  if (plan === undefined) return undefined
  if ('create' in plan) {
    errors.push(...(await createPods(d, key, owner, plan.create)))
    return errors.length === 0 ? undefined : { reason: 'FailedCreate', message: errorText(errors[0]) }
  }
  const victims = podsToDelete(active, plan.delete, relatedPods(d, owner), d.now().getTime())
  errors.push(...(await deletePods(d, key, owner, victims)))
  return errors.length === 0 ? undefined : { reason: 'FailedDelete', message: errorText(errors[0]) }
}

async function createPods<T extends ReplicasObject>(
  d: Dependencies<T>,
  key: string,
  owner: T,
  count: number,
): Promise<unknown[]> {
  const reference = controllerReference(owner, d.ref)
  const namespace = owner.metadata?.namespace ?? ''
  d.expectations.expectCreations(key, count)
  const { tried, errors } = await slowStart(count, async () => {
    try {
      await d.control.create(
        podFromTemplate({ template: owner.spec?.template ?? {}, namespace, owner: reference }),
        owner,
      )
    } catch (error) {
      d.expectations.creationObserved(key)
      if (!isNamespaceTerminating(error)) throw error
    }
  })
  for (let i = tried; i < count; i++) d.expectations.creationObserved(key)
  return errors
}

async function deletePods<T extends ReplicasObject>(
  d: Dependencies<T>,
  key: string,
  owner: T,
  victims: V1Pod[],
): Promise<unknown[]> {
  d.expectations.expectDeletions(key, victims.map(keyOf))
  const failed = await forEachAtOnce(victims, async (pod) => {
    try {
      await d.control.delete(pod, owner)
    } catch (error) {
      d.expectations.deletionObserved(key, keyOf(pod))
      if (!isReason(error, 'NotFound', 'Conflict')) throw error
    }
  })
  return failed
}

/** Active pods of all owners that share this one's own owner: those of one Deployment. */
function relatedPods<T extends ReplicasObject>(d: Dependencies<T>, owner: T): V1Pod[] {
  const parent = controllerOf(owner)?.uid
  const family = parent === undefined ? [owner] : d.owners.byIndex('owner', parent)
  return family.flatMap((one) => d.pods.byIndex('controller', one.metadata?.uid ?? '')).filter(isActive)
}
