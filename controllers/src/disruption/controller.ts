import {
  defineController,
  type ControllerContext,
  type ReconcileResult,
} from '@kapell/controllers/machinery/controller'
import { errorText } from '@kapell/controllers/machinery/log'
import { controllerOf } from '@kapell/controllers/machinery/owner-refs'
import { keyOf, splitKey, type Lister } from '@kapell/controllers/machinery/store'
import { selectorFromLabelSelector } from '@kapell/openapi/meta/labels'
import { parseApiVersion, type KubeObject, type OwnerReference } from '@kapell/openapi/meta/object'
import {
  deployments,
  podDisruptionBudgets,
  pods,
  replicaSets,
  replicationControllers,
  statefulSets,
} from '@kapell/openapi/meta/refs'
import type { V1Pod, V1PodDisruptionBudget } from '@kapell/openapi/types'
import { sameMeaning } from '../shared/equal.ts'
import { isFinished } from '../shared/pods.ts'
import { goSelector } from '../shared/go-selector.ts'
import { createCustomScales, type CustomScales } from './custom-scales.ts'
import { expectedPods, UnknownOwner, type Scale } from './expected.ts'
import { budgetStatus, failedStatus } from './status.ts'

interface Dependencies {
  context: ControllerContext
  budgets: Lister<V1PodDisruptionBudget>
  pods: Lister<V1Pod>
  scaleOf: (pod: V1Pod) => Scale | OwnerReference
  custom: CustomScales
}

/** Says how many pods may be evicted now. Source: "Specifying a Disruption Budget for your Application". */
export const disruptionController = defineController<Dependencies, V1PodDisruptionBudget>({
  name: 'disruption-controller',
  component: 'controllermanager',
  queue: 'disruption',
  primary: podDisruptionBudgets,
  setup: (context) => {
    const { informer, lister, queue } = context
    const budgets = lister(podDisruptionBudgets)
    const wake = (pod: V1Pod): void => {
      for (const budget of budgets.inNamespace(pod.metadata?.namespace ?? ''))
        if (selects(budget, pod)) queue.add(keyOf(budget))
    }
    informer(pods).onChange({
      add: wake,
      update: (old, pod) => {
        wake(pod)
        if (!sameMeaning(old.metadata?.labels, pod.metadata?.labels)) wake(old)
      },
      delete: wake,
    })
    return { context, budgets, pods: lister(pods), scaleOf: scales(context), custom: createCustomScales(context) }
  },
  reconcile,
})

function selects(budget: V1PodDisruptionBudget, pod: V1Pod): boolean {
  return selectorFromLabelSelector(budget.spec?.selector).matches(pod.metadata?.labels)
}

async function reconcile(key: string, d: Dependencies): Promise<ReconcileResult | undefined> {
  const budget = d.budgets.get(key)
  if (budget === undefined) return undefined
  const { client, clock, events } = d.context
  const { namespace } = splitKey(key)
  const write = async (status: V1PodDisruptionBudget['status']): Promise<void> => {
    if (!sameMeaning(status, budget.status))
      await client
        .resource(podDisruptionBudgets, namespace)
        .updateStatus({ ...budget, ...(status === undefined ? {} : { status }) })
  }
  const selected = d.pods.inNamespace(namespace).filter((pod) => !isFinished(pod) && selects(budget, pod))
  if (selected.length === 0) events.event(budget, 'Normal', 'NoPods', 'No matching pods found')
  try {
    const expected = expectedPods(budget, selected, await sizes(d, budget, selected))
    if (expected.unmanaged === true)
      events.event(
        budget,
        'Warning',
        'UnmanagedPods',
        `Pods selected by this PodDisruptionBudget (selector: ${goSelector(budget.spec?.selector)}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`,
      )
    const { status, recheckMs } = budgetStatus(budget, selected, expected, clock.now())
    await write(status)
    return recheckMs === undefined ? undefined : { afterMs: recheckMs }
  } catch (error) {
    if (!(error instanceof UnknownOwner)) throw error
    events.event(
      budget,
      'Warning',
      'CalculateExpectedPodCountFailed',
      `Failed to calculate the number of expected pods: ${errorText(error)}`,
    )
    await write(failedStatus(budget, errorText(error), clock.now()))
    return undefined
  }
}

/** The sizes of the pods' owners: each owner that is not built in is asked for once, and only if sizes count. */
async function sizes(
  d: Dependencies,
  budget: V1PodDisruptionBudget,
  selected: readonly V1Pod[],
): Promise<(pod: V1Pod) => Scale> {
  const { minAvailable, maxUnavailable } = budget.spec ?? {}
  if (maxUnavailable === undefined && typeof minAvailable !== 'string') return () => undefined
  const asked = new Map<string, Scale>()
  const found = new Map<V1Pod, Scale>()
  for (const pod of selected) {
    const scale = d.scaleOf(pod)
    if (typeof scale !== 'object' || !('apiVersion' in scale)) {
      found.set(pod, scale)
      continue
    }
    if (!asked.has(scale.uid)) asked.set(scale.uid, await d.custom.sizeOf(scale, pod.metadata?.namespace ?? ''))
    found.set(pod, asked.get(scale.uid))
  }
  return (pod) => found.get(pod)
}

interface Sized extends KubeObject {
  spec?: { replicas?: number }
}

/** Sizes of the owners that are built in: a ReplicaSet's Deployment counts instead of it. Of others, who they are. */
function scales({ informer, queue, lister }: ControllerContext): (pod: V1Pod) => Scale | OwnerReference {
  const budgets = lister(podDisruptionBudgets)
  const wakeNamespace = (old: Sized, next: Sized): void => {
    if (old.spec?.replicas === next.spec?.replicas) return
    for (const budget of budgets.inNamespace(next.metadata?.namespace ?? '')) queue.add(keyOf(budget))
  }
  const watch = <T extends Sized>(source: {
    lister: Lister<T>
    onChange: (handlers: { update: (old: T, next: T) => void }) => unknown
  }): Lister<T> => {
    source.onChange({ update: wakeNamespace })
    return source.lister
  }
  const sets = watch(informer(replicaSets))
  const parents = watch(informer(deployments))
  const others: Record<string, Lister<Sized>> = {
    'ReplicationController.': watch(informer(replicationControllers)) as unknown as Lister<Sized>,
    'StatefulSet.apps': watch(informer(statefulSets)) as unknown as Lister<Sized>,
  }
  const sized = (owner: Sized | undefined, uid: string): Scale =>
    owner?.metadata?.uid === uid ? { uid, replicas: owner.spec?.replicas ?? 1 } : undefined
  return (pod) => {
    const ref = controllerOf(pod)
    if (ref === undefined) return 'unmanaged'
    const at = `${pod.metadata?.namespace}/${ref.name}`
    const kind = `${ref.kind}.${parseApiVersion(ref.apiVersion).group}`
    if (kind !== 'ReplicaSet.apps') return others[kind] === undefined ? ref : sized(others[kind].get(at), ref.uid)
    const set = sets.get(at)
    const parent = set === undefined ? undefined : controllerOf(set)
    if (parent?.kind === 'Deployment') {
      const deployment = sized(parents.get(`${pod.metadata?.namespace}/${parent.name}`), parent.uid)
      if (deployment !== undefined) return deployment
    }
    return sized(set, ref.uid)
  }
}
