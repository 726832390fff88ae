import { isNamespaceTerminating } from '@kapell/controllers/machinery/namespace-terminating'
import { BoundedMap } from '@kapell/controllers/machinery/bounded-map'
import {
  defineController,
  type ControllerContext,
  type ReconcileResult,
} from '@kapell/controllers/machinery/controller'
import { createExpectations, type Expectations } from '@kapell/controllers/machinery/expectations'
import { controllerOf } from '@kapell/controllers/machinery/owner-refs'
import { keyOf, type Lister } from '@kapell/controllers/machinery/store'
import { selectorFromLabelSelector } from '@kapell/openapi/meta/labels'
import { controllerRevisions, daemonSets, nodes, pods } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1ControllerRevision, V1DaemonSet, V1Node, V1Pod } from '@kapell/openapi/types'
import { claimPods } from '../shared/claim-pods.ts'
import {
  revisionHashLabel,
  revisionsByOwner,
  syncRevisions,
  truncateRevisions,
} from '../shared/controller-revisions.ts'
import { sameMeaning } from '../shared/equal.ts'
import { createPodControl, type PodControl } from '../shared/pod-control.ts'
import { podsByController } from '../shared/pod-index.ts'
import { isDeleting } from '../shared/pods.ts'
import { nextAvailabilityMs } from '../shared/replicas.ts'
import { forEachAtOnce, slowStart } from '../shared/slow-start.ts'
import { wakeOwnersOfOrphans } from '../shared/wake-owners.ts'
import { podFor, podOf, verdictFor } from './pods.ts'
import { daemonStatus, failedBackoffMs, planDaemons, planUpdate } from './reconcile.ts'

/** At most so many pods are made or deleted in one go. */
const burst = 250

interface Dependencies {
  context: ControllerContext
  sets: Lister<V1DaemonSet>
  nodes: Lister<V1Node>
  pods: Lister<V1Pod>
  revisions: Lister<V1ControllerRevision>
  control: PodControl
  expectations: Expectations
  /** By set and node: how often its pod failed, and until when to wait. */
  failures: BoundedMap<string, { count: number; untilMs: number }>
}

const selectorOf = (set: V1DaemonSet) => selectorFromLabelSelector(set.spec?.selector)

/** One pod on every node that fits. Source: concepts page "DaemonSet". */
export const daemonSetController = defineController<Dependencies, V1DaemonSet>({
  name: 'daemon-set-controller',
  component: 'daemonset-controller',
  queue: 'daemonset',
  primary: daemonSets,
  owns: [pods],
  workers: 2,
  setup,
  reconcile,
})

function setup(context: ControllerContext): Dependencies {
  const { informer, lister, queue, clock } = context
  const sets = informer(daemonSets)
  const expectations = createExpectations(clock)
  wakeOwnersOfOrphans(context, daemonSets, selectorOf)
  const ownerKey = (pod: V1Pod): string | undefined => {
    const ref = controllerOf(pod)
    return ref?.kind === 'DaemonSet' ? `${pod.metadata?.namespace}/${ref.name}` : undefined
  }
  const gone = (pod: V1Pod): void => {
    const key = ownerKey(pod)
    if (key !== undefined) expectations.deletionObserved(key, keyOf(pod))
  }
  informer(pods, { indexers: podsByController }).onChange({
    add: (pod) => {
      const key = ownerKey(pod)
      if (isDeleting(pod)) gone(pod)
      else if (key !== undefined) expectations.creationObserved(key)
    },
    update: (_, pod) => {
      if (isDeleting(pod)) gone(pod)
    },
    delete: gone,
  })
  sets.onChange({ delete: (set) => expectations.forget(keyOf(set)) })
  // A node that comes, goes or changes what may run on it concerns the sets whose verdict it changes.
  informer(nodes).onChange({
    add: (node) => wakeForNode(undefined, node),
    update: (old, node) => wakeForNode(old, node),
    delete: () => {
      for (const set of sets.lister.list()) queue.add(keyOf(set))
    },
  })
  const wakeForNode = (old: V1Node | undefined, node: V1Node): void => {
    if (
      old !== undefined &&
      sameMeaning(old.metadata?.labels, node.metadata?.labels) &&
      sameMeaning(old.spec?.taints, node.spec?.taints)
    )
      return
    for (const set of sets.lister.list()) {
      const template = podOf(set)
      const before = old === undefined ? { shouldRun: false, mayStay: false } : verdictFor(template, old)
      if (!sameMeaning(before, verdictFor(template, node))) queue.add(keyOf(set))
    }
  }
  return {
    context,
    sets: sets.lister,
    nodes: lister(nodes),
    pods: lister(pods),
    revisions: lister(controllerRevisions, { indexers: revisionsByOwner }),
    control: createPodControl(context.client, context.events),
    expectations,
    failures: new BoundedMap(10_000),
  }
}

async function reconcile(key: string, d: Dependencies): Promise<ReconcileResult | undefined> {
  const set = d.sets.get(key)
  if (set === undefined) {
    d.expectations.forget(key)
    return undefined
  }
  const { client, clock, events } = d.context
  const selector = selectorOf(set)
  if (selector.empty) {
    events.event(
      set,
      'Warning',
      'SelectingAll',
      'This daemon set is selecting all pods. A non-empty selector is required.',
    )
    return undefined
  }
  if (isDeleting(set)) return undefined
  const mayAct = d.expectations.satisfied(key)
  const history = await syncRevisions({
    owner: set,
    ref: daemonSets,
    lister: d.revisions,
    client,
    collisionCount: set.status?.collisionCount ?? 0,
    selector,
    hashLabel: revisionHashLabel,
  })
  const hash = history.update.metadata?.labels?.[revisionHashLabel] ?? ''
  const owned = await claimPods({ owner: set, ref: daemonSets, selector, pods: d.pods, client, control: d.control })
  const input = { set, nodes: d.nodes.list(), pods: owned, hash, nowMs: clock.now().getTime() }
  let retryMs: number | undefined
  const errors: unknown[] = []
  if (mayAct) {
    let plan = planDaemons(input)
    if (plan.create.length + plan.delete.length === 0) plan = planUpdate(input)
    retryMs = backOff(d, key, set, plan, input.nowMs)
    errors.push(...(await carryOut(d, key, set, hash, plan.create, plan.delete)))
  }
  const status = daemonStatus(input, history.collisionCount)
  if (!sameMeaning(status, set.status))
    await client.resource(daemonSets, set.metadata?.namespace).updateStatus({ ...set, status })
  if (errors.length > 0) throw errors[0]
  const hashes = new Set([hash, ...owned.map(({ metadata }) => metadata?.labels?.[revisionHashLabel])])
  await truncateRevisions({
    owner: set,
    revisions: history.revisions,
    inUse: ({ metadata }) => hashes.has(metadata?.labels?.[revisionHashLabel]),
    client,
  })
  const waits = [retryMs, nextAvailabilityMs(owned, set.spec?.minReadySeconds ?? 0, new Date(input.nowMs))]
  const known = waits.filter((wait) => wait !== undefined)
  return known.length === 0 ? undefined : { afterMs: Math.min(...known) }
}

/** Pods that end again and again on a node are replaced ever more slowly; answers when to come back. */
function backOff(
  d: Dependencies,
  key: string,
  set: V1DaemonSet,
  plan: { delete: V1Pod[]; ended: { pod: V1Pod; node: string }[] },
  nowMs: number,
): number | undefined {
  let retryMs: number | undefined
  for (const { pod, node } of plan.ended) {
    const failed = pod.status?.phase === 'Failed'
    const id = `${key}@${node}`
    const before = d.failures.get(id)
    if (failed && before !== undefined && nowMs < before.untilMs) {
      plan.delete = plan.delete.filter((one) => one !== pod)
      retryMs = Math.min(retryMs ?? Infinity, before.untilMs - nowMs)
      continue
    }
    if (failed) {
      const quiet = before !== undefined && nowMs - before.untilMs > failedBackoffMs(before.count)
      const count = before === undefined || quiet ? 0 : before.count + 1
      d.failures.set(id, { count, untilMs: nowMs + failedBackoffMs(count) })
    }
    const name = pod.metadata?.name
    if (failed)
      d.context.events.event(
        set,
        'Warning',
        'FailedDaemonPod',
        `Found failed daemon pod ${pod.metadata?.namespace}/${name} on node ${node}, will try to kill it`,
      )
    else
      d.context.events.event(
        set,
        'Normal',
        'SucceededDaemonPod',
        `Found succeeded daemon pod ${pod.metadata?.namespace}/${name} on node ${node}, will try to delete it`,
      )
  }
  return retryMs
}

async function carryOut(
  d: Dependencies,
  key: string,
  set: V1DaemonSet,
  hash: string,
  create: readonly string[],
  remove: readonly V1Pod[],
): Promise<unknown[]> {
  const targets = create.slice(0, burst)
  const victims = remove.slice(0, burst)
  if (targets.length > 0) d.expectations.expectCreations(key, targets.length)
  else if (victims.length > 0) d.expectations.expectDeletions(key, victims.map(keyOf))
  const { tried, errors } = await slowStart(targets.length, async (i) => {
    try {
      await d.control.create(podFor(set, targets[i]!, hash), set)
    } catch (error) {
      d.expectations.creationObserved(key)
      if (!isNamespaceTerminating(error)) throw error
    }
  })
  for (let i = tried; i < targets.length; i++) d.expectations.creationObserved(key)
  const failed = await forEachAtOnce(victims, async (pod) => {
    try {
      await d.control.delete(pod, set)
    } catch (error) {
      d.expectations.deletionObserved(key, keyOf(pod))
      if (!isReason(error, 'NotFound', 'Conflict')) throw error
    }
  })
  return [...errors, ...failed]
}
