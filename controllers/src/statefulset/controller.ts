import {
  defineController,
  type ControllerContext,
  type ReconcileResult,
} from '@kapell/controllers/machinery/controller'
import { errorText } from '@kapell/controllers/machinery/log'
import type { Lister } from '@kapell/controllers/machinery/store'
import { selectorFromLabelSelector } from '@kapell/openapi/meta/labels'
import { controllerRevisions, persistentVolumeClaims, pods, statefulSets } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1ControllerRevision, V1PersistentVolumeClaim, V1Pod, V1StatefulSet } from '@kapell/openapi/types'
import { claimPods } from '../shared/claim-pods.ts'
import {
  revisionsByOwner,
  syncRevisions,
  templateOf,
  truncateRevisions,
  type RevisionHistory,
} from '../shared/controller-revisions.ts'
import { sameMeaning } from '../shared/equal.ts'
import { createPodControl, type PodControl } from '../shared/pod-control.ts'
import { podsByController } from '../shared/pod-index.ts'
import { nextAvailabilityMs } from '../shared/replicas.ts'
import { wakeOwnersOfOrphans } from '../shared/wake-owners.ts'
import { claimOwners } from './claims.ts'
import { claimsFor, newPod, ordinalOf, revisionOfPod } from './pods.ts'
import { planSet, type SetPlan, type Step } from './reconcile.ts'
import { setStatus } from './status.ts'

interface Dependencies {
  context: ControllerContext
  sets: Lister<V1StatefulSet>
  pods: Lister<V1Pod>
  claims: Lister<V1PersistentVolumeClaim>
  revisions: Lister<V1ControllerRevision>
  control: PodControl
}

const selectorOf = (set: V1StatefulSet) => selectorFromLabelSelector(set.spec?.selector)

/** Pods with names, an order and storage of their own. Source: concepts page "StatefulSets". */
export const statefulSetController = defineController<Dependencies, V1StatefulSet>({
  name: 'statefulset-controller',
  queue: 'statefulset',
  primary: statefulSets,
  owns: [pods],
  workers: 5,
  setup: (context) => {
    wakeOwnersOfOrphans(context, statefulSets, selectorOf)
    return {
      context,
      sets: context.lister(statefulSets),
      pods: context.lister(pods, { indexers: podsByController }),
      claims: context.lister(persistentVolumeClaims),
      revisions: context.lister(controllerRevisions, { indexers: revisionsByOwner }),
      control: createPodControl(context.client, { event: () => {}, flushed: () => Promise.resolve() }),
    }
  },
  reconcile,
})

async function reconcile(key: string, d: Dependencies): Promise<ReconcileResult | undefined> {
  const set = d.sets.get(key)
  if (set === undefined) return undefined
  const { client, clock } = d.context
  const owned = await claimPods({
    owner: set,
    ref: statefulSets,
    selector: selectorOf(set),
    belongs: (pod) => ordinalOf(set, pod) !== undefined,
    pods: d.pods,
    client,
    control: d.control,
  })
  const history = await syncRevisions({
    owner: set,
    ref: statefulSets,
    lister: d.revisions,
    client,
    collisionCount: set.status?.collisionCount ?? 0,
    selector: selectorOf(set),
    hashLabel: 'controller.kubernetes.io/hash',
  })
  const update = history.update.metadata?.name ?? ''
  const known = history.revisions.find(({ metadata }) => metadata?.name === set.status?.currentRevision)
  const current = known?.metadata?.name ?? update
  const nowMs = clock.now().getTime()
  const plan = planSet({ set, pods: owned, currentRevision: current, updateRevision: update, nowMs })

  let failure: unknown
  try {
    await retainClaims(d, set, plan)
    const results = await Promise.allSettled(plan.steps.map((step) => carryOut(d, set, step, history, current)))
    const failed = results.find((result) => result.status === 'rejected')
    failure = failed?.reason
  } catch (error) {
    failure = error
  }
  const status = setStatus({
    set,
    pods: owned,
    currentRevision: current,
    updateRevision: update,
    collisionCount: history.collisionCount,
    nowMs,
  })
  if (!sameMeaning(status, set.status))
    await client.resource(statefulSets, set.metadata?.namespace).updateStatus({ ...set, status })
  if (failure !== undefined) throw failure
  const inUse = new Set([current, update, ...owned.map(revisionOfPod)])
  await truncateRevisions({
    owner: set,
    revisions: history.revisions,
    inUse: ({ metadata }) => inUse.has(metadata?.name ?? ''),
    client,
  })
  const afterMs = nextAvailabilityMs(owned, set.spec?.minReadySeconds ?? 0, new Date(nowMs))
  return afterMs === undefined ? undefined : { afterMs }
}

async function carryOut(
  d: Dependencies,
  set: V1StatefulSet,
  step: Step,
  history: RevisionHistory,
  current: string,
): Promise<void> {
  if (step.do === 'create') {
    const wanted = step.revision === 'current' ? current : (history.update.metadata?.name ?? '')
    const revision = history.revisions.find(({ metadata }) => metadata?.name === wanted) ?? history.update
    return createPod(d, set, newPod(set, step.ordinal, { name: wanted, template: templateOf(revision) }))
  }
  const { events } = d.context
  const name = step.pod.metadata?.name
  try {
    await d.control.delete(step.pod, set)
    events.event(
      set,
      'Normal',
      'SuccessfulDelete',
      `Delete Pod ${name} in StatefulSet ${set.metadata?.name} successful`,
    )
  } catch (error) {
    if (isReason(error, 'NotFound', 'Conflict')) return
    events.event(
      set,
      'Warning',
      'FailedDelete',
      `Delete Pod ${name} in StatefulSet ${set.metadata?.name} failed error: ${errorText(error)}`,
    )
    throw error
  }
}

/** The claims first: a pod must find its storage. */
async function createPod(d: Dependencies, set: V1StatefulSet, pod: V1Pod): Promise<void> {
  const { client, events } = d.context
  const { name = '', namespace } = pod.metadata ?? {}
  const setName = set.metadata?.name
  for (const claim of claimsFor(set, name)) {
    const claimName = claim.metadata?.name ?? ''
    if (d.claims.get(`${namespace}/${claimName}`) !== undefined) continue
    const owners = claimOwners(set, undefined, claim, false)
    try {
      await client.resource(persistentVolumeClaims, namespace).create({
        ...claim,
        metadata: { ...claim.metadata, ...(owners === undefined ? {} : { ownerReferences: owners }) },
      })
      events.event(
        set,
        'Normal',
        'SuccessfulCreate',
        `Create Claim ${claimName} Pod ${name} in StatefulSet ${setName} success`,
      )
    } catch (error) {
      if (isReason(error, 'AlreadyExists')) continue
      events.event(
        set,
        'Warning',
        'FailedCreate',
        `Create Claim ${claimName} for Pod ${name} in StatefulSet ${setName} failed error: ${errorText(error)}`,
      )
      throw error
    }
  }
  try {
    await client.resource(pods, namespace).create(pod)
    events.event(set, 'Normal', 'SuccessfulCreate', `Create Pod ${name} in StatefulSet ${setName} successful`)
  } catch (error) {
    if (isReason(error, 'AlreadyExists')) return
    events.event(
      set,
      'Warning',
      'FailedCreate',
      `Create Pod ${name} in StatefulSet ${setName} failed error: ${errorText(error)}`,
    )
    throw error
  }
}

/** Keeps the claims' owners as the retention policy has it. */
async function retainClaims(d: Dependencies, set: V1StatefulSet, plan: SetPlan): Promise<void> {
  if ((set.spec?.volumeClaimTemplates ?? []).length === 0) return
  const resource = d.context.client.resource(persistentVolumeClaims, set.metadata?.namespace)
  const all = [
    ...plan.replicas.map((pod) => ({ pod, condemned: false })),
    ...plan.condemned.map((pod) => ({ pod, condemned: true })),
  ]
  for (const { pod, condemned } of all) {
    if (pod === undefined) continue
    for (const { metadata } of claimsFor(set, pod.metadata?.name ?? '')) {
      const claim = d.claims.get(`${metadata?.namespace}/${metadata?.name}`)
      if (claim === undefined || claim.metadata?.deletionTimestamp !== undefined) continue
      const ownerReferences = claimOwners(set, pod, claim, condemned)
      if (ownerReferences !== undefined)
        await resource.update({ ...claim, metadata: { ...claim.metadata, ownerReferences } })
    }
  }
}
