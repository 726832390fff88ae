import type { V1DaemonSet, V1DaemonSetStatus, V1Node, V1Pod } from '@kapell/openapi/types'
import { revisionHashLabel } from '../shared/controller-revisions.ts'
import { intOrPercent } from '../shared/int-or-percent.ts'
import { isAvailable, isDeleting, isReady, timeMs } from '../shared/pods.ts'
import { podOf, targetNode, verdictFor } from './pods.ts'

export interface DaemonPlan {
  /** Names of nodes that need a pod. */
  create: string[]
  delete: V1Pod[]
  /** Pods among those to delete that ended by themselves. */
  ended: { pod: V1Pod; node: string }[]
}

interface Input {
  set: V1DaemonSet
  nodes: readonly V1Node[]
  pods: readonly V1Pod[]
  hash: string
  nowMs: number
}

const isUpdated = (pod: V1Pod, hash: string): boolean => pod.metadata?.labels?.[revisionHashLabel] === hash

function byNode(pods: readonly V1Pod[]): Map<string, V1Pod[]> {
  const found = new Map<string, V1Pod[]>()
  for (const pod of pods) {
    const node = targetNode(pod)
    if (node !== undefined) found.set(node, [...(found.get(node) ?? []), pod])
  }
  return found
}

const oldestFirst = (a: V1Pod, b: V1Pod): number =>
  Number(b.spec?.nodeName !== undefined) - Number(a.spec?.nodeName !== undefined) ||
  timeMs(a.metadata?.creationTimestamp) - timeMs(b.metadata?.creationTimestamp)

export function maxSurge({ spec }: V1DaemonSet, desired: number): number {
  return spec?.updateStrategy?.type === 'OnDelete'
    ? 0
    : intOrPercent(spec?.updateStrategy?.rollingUpdate?.maxSurge, desired, 'up', 0)
}

export function maxUnavailable(set: V1DaemonSet, desired: number): number {
  const { rollingUpdate } = set.spec?.updateStrategy ?? {}
  // Unset means one, unless a surge does the job.
  const value = rollingUpdate?.maxUnavailable ?? (maxSurge(set, desired) > 0 ? 0 : 1)
  const bounded = intOrPercent(value, desired, 'up', 1)
  return bounded === 0 && maxSurge(set, desired) === 0 ? 1 : bounded
}

/** One pod on each node that should have one, none elsewhere. */
export function planDaemons({ set, nodes, pods, hash, nowMs }: Input): DaemonPlan {
  const plan: DaemonPlan = { create: [], delete: [], ended: [] }
  const template = podOf(set)
  const here = byNode(pods)
  const surging = maxSurge(set, 1) > 0
  const minReadySeconds = set.spec?.minReadySeconds ?? 0
  for (const node of nodes) {
    const name = node.metadata?.name ?? ''
    const present = here.get(name) ?? []
    const { shouldRun, mayStay } = verdictFor(template, node)
    if (!mayStay) {
      plan.delete.push(...present.filter((pod) => !isDeleting(pod)))
      continue
    }
    const running: V1Pod[] = []
    for (const pod of present) {
      if (isDeleting(pod)) continue
      if (pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded') {
        plan.delete.push(pod)
        plan.ended.push({ pod, node: name })
      } else running.push(pod)
    }
    // A leaving pod keeps its place until it is gone: two daemons on a node may not be.
    if (present.length === 0 && shouldRun) plan.create.push(name)
    const newest = surging ? running.filter((pod) => isUpdated(pod, hash)) : running
    const older = surging ? running.filter((pod) => !isUpdated(pod, hash)) : []
    for (const group of [newest, older])
      if (group.length > 1) plan.delete.push(...[...group].sort(oldestFirst).slice(1))
    // A surge may put the new one beside the old; once it is available the old one has done its duty.
    if (older.length > 0 && newest.some((pod) => isAvailable(pod, minReadySeconds, nowMs))) plan.delete.push(...older)
  }
  const known = new Set(nodes.map(({ metadata }) => metadata?.name))
  for (const [node, present] of here)
    if (!known.has(node))
      plan.delete.push(...present.filter((pod) => !isDeleting(pod) && pod.spec?.nodeName === undefined))
  plan.delete = [...new Set(plan.delete)]
  return plan
}

/** A step of a rolling update: old pods to delete, and with a surge nodes that get a new one beside the old. */
export function planUpdate(input: Input): DaemonPlan {
  const { set, nodes, pods, hash, nowMs } = input
  const plan: DaemonPlan = { create: [], delete: [], ended: [] }
  if (set.spec?.updateStrategy?.type === 'OnDelete') return plan
  const minReadySeconds = set.spec?.minReadySeconds ?? 0
  const template = podOf(set)
  const desired = nodes.filter((node) => verdictFor(template, node).shouldRun).length
  const surge = maxSurge(set, desired)
  const here = byNode(pods)
  const atOnce: V1Pod[] = []
  const candidates: V1Pod[] = []
  const freshFor: string[] = []
  const surgeFor: string[] = []
  let unavailable = 0
  let surging = 0
  for (const node of nodes) {
    if (!verdictFor(template, node).shouldRun) continue
    const name = node.metadata?.name ?? ''
    const present = (here.get(name) ?? []).filter((pod) => !isDeleting(pod))
    const fresh = present.find((pod) => isUpdated(pod, hash))
    const old = present.find((pod) => !isUpdated(pod, hash))
    const oldAvailable = old !== undefined && isAvailable(old, minReadySeconds, nowMs)
    if (surge > 0) {
      if (old === undefined) continue
      if (fresh !== undefined) surging++
      else if (oldAvailable) surgeFor.push(name)
      else freshFor.push(name)
      continue
    }
    if (fresh !== undefined) {
      if (!isAvailable(fresh, minReadySeconds, nowMs)) unavailable++
    } else if (old === undefined) unavailable++
    else if (oldAvailable) candidates.push(old)
    else {
      // Replacing what does not work makes nothing worse.
      atOnce.push(old)
      unavailable++
    }
  }
  if (surge > 0) plan.create = [...freshFor, ...surgeFor.slice(0, Math.max(surge - surging, 0))]
  else plan.delete = [...atOnce, ...candidates.slice(0, Math.max(maxUnavailable(set, desired) - unavailable, 0))]
  return plan
}

export function daemonStatus({ set, nodes, pods, hash, nowMs }: Input, collisionCount: number): V1DaemonSetStatus {
  const template = podOf(set)
  const here = byNode(pods)
  const status = { desired: 0, current: 0, misscheduled: 0, ready: 0, updated: 0, available: 0 }
  for (const node of nodes) {
    const present = [...(here.get(node.metadata?.name ?? '') ?? [])].sort(oldestFirst)
    const { shouldRun } = verdictFor(template, node)
    if (!shouldRun) {
      if (present.length > 0) status.misscheduled++
      continue
    }
    status.desired++
    // With a surge there may be two: the newer counts.
    const pod = present.find((one) => isUpdated(one, hash)) ?? present[0]
    if (pod === undefined) continue
    status.current++
    if (isReady(pod)) {
      status.ready++
      if (isAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs)) status.available++
    }
    if (isUpdated(pod, hash)) status.updated++
  }
  const positive = (name: string, value: number): Record<string, number> => (value > 0 ? { [name]: value } : {})
  const { generation } = set.metadata ?? {}
  return {
    desiredNumberScheduled: status.desired,
    currentNumberScheduled: status.current,
    numberMisscheduled: status.misscheduled,
    numberReady: status.ready,
    ...positive('updatedNumberScheduled', status.updated),
    ...positive('numberAvailable', status.available),
    ...positive('numberUnavailable', status.desired - status.available),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...(collisionCount === 0 ? {} : { collisionCount }),
    ...(set.status?.conditions === undefined ? {} : { conditions: set.status.conditions }),
  }
}

/** When a failed daemon pod may be made again: a second, doubled with each failure, up to a quarter of an hour. */
export function failedBackoffMs(failures: number): number {
  return Math.min(1000 * 2 ** failures, 15 * 60_000)
}
