import type { V1Container, V1ContainerState, V1ContainerStatus, V1Pod, V1PodStatus } from '@kapell/openapi/types'
import { rfc3339 } from '@kapell/openapi/meta/time'
import type { PodScript } from './script.ts'

/** What is to be done with a pod of a simulated node, now and later. */
export type Step =
  { act: 'none'; afterMs?: number } | { act: 'delete' } | { act: 'status'; status: V1PodStatus; afterMs?: number }

export interface Surroundings {
  now: Date
  hostIp: string
  /** The pod's own address, when it gets one. */
  podIp: string
}

/** When the pod was first seen on its node and its containers began, which a status can only say to the second. */
export interface Times {
  seenMs: number
  /** Of the present run of the containers; undefined before. */
  startedMs: number | undefined
}

/**
 * The life of a simulated pod, from nothing but its object, its script and the clock: what a node agent would write
 * next. Pure; asked again after `afterMs` or when the pod changes.
 */
export function nextStep(pod: V1Pod, script: PodScript, times: Times, around: Surroundings): Step {
  const nowMs = around.now.getTime()
  const phase = pod.status?.phase ?? 'Pending'
  const deleted = pod.metadata?.deletionTimestamp
  if (deleted !== undefined) {
    const graceMs = (pod.metadata?.deletionGracePeriodSeconds ?? 0) * 1000
    const askedMs = Date.parse(deleted) - graceMs
    const goneMs = askedMs + Math.min(graceMs, script.stopAfterMs)
    return goneMs <= nowMs ? { act: 'delete' } : { act: 'none', afterMs: goneMs - nowMs }
  }
  if (phase === 'Succeeded' || phase === 'Failed') return { act: 'none' }
  if (script.imageMissing) return isWaiting(pod) ? { act: 'none' } : { act: 'status', status: waiting(pod, around) }
  if (times.startedMs === undefined) {
    const dueMs = times.seenMs + script.startAfterMs
    if (dueMs > nowMs) return { act: 'none', afterMs: dueMs - nowMs }
    const status = running(pod, around, pod.status?.containerStatuses?.[0]?.restartCount ?? 0)
    return { act: 'status', status, ...(script.runForMs === undefined ? {} : { afterMs: script.runForMs }) }
  }
  if (phase !== 'Running') return { act: 'status', status: running(pod, around, 0) }
  const endsMs = script.runForMs === undefined ? undefined : times.startedMs + script.runForMs
  if (endsMs !== undefined && endsMs <= nowMs) return ended(pod, script, around)
  const later = endsMs === undefined ? {} : { afterMs: endsMs - nowMs }
  return isToldTrue(pod, around) ? { act: 'none', ...later } : { act: 'status', status: told(pod, around), ...later }
}

/** Others write conditions too: of a node that was silent for a while, that its pods are not ready. */
function isToldTrue(pod: V1Pod, around: Surroundings): boolean {
  const said = pod.status?.conditions ?? []
  return conditions(pod, around, {}).every(({ type, status }) => said.find((c) => c.type === type)?.status === status)
}

function told(pod: V1Pod, around: Surroundings): V1PodStatus {
  return { phase: 'Running', conditions: conditions(pod, around, {}) }
}

function ended(pod: V1Pod, script: PodScript, around: Surroundings): Step {
  const before = pod.status?.containerStatuses?.[0]
  const restarts = before?.restartCount ?? 0
  const exitCode = restarts < script.failures ? script.exitCode : 0
  const policy = pod.spec?.restartPolicy ?? 'Always'
  const last = terminated(before?.state?.running?.startedAt ?? rfc3339(around.now), exitCode, around)
  if (policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0))
    return { act: 'status', status: running(pod, around, restarts + 1, last), afterMs: script.runForMs ?? 0 }
  const phase = exitCode === 0 ? 'Succeeded' : 'Failed'
  const reason = exitCode === 0 ? 'PodCompleted' : 'PodFailed'
  return {
    act: 'status',
    status: {
      phase,
      conditions: conditions(pod, around, { Ready: reason, ContainersReady: reason }),
      containerStatuses: statuses(pod.spec?.containers, { state: last, ready: false, restarts }),
    },
  }
}

function running(pod: V1Pod, around: Surroundings, restarts: number, lastState?: V1ContainerState): V1PodStatus {
  const startedAt = rfc3339(around.now)
  const state = { running: { startedAt } }
  const initial = pod.spec?.initContainers
  const hostNetwork = pod.spec?.hostNetwork === true
  const podIp = hostNetwork ? around.hostIp : (pod.status?.podIP ?? around.podIp)
  return {
    phase: 'Running',
    startTime: pod.status?.startTime ?? startedAt,
    hostIP: around.hostIp,
    hostIPs: [{ ip: around.hostIp }],
    podIP: podIp,
    podIPs: [{ ip: podIp }],
    conditions: conditions(pod, around, {}),
    containerStatuses: statuses(pod.spec?.containers, { state, ready: true, restarts, lastState }),
    ...(initial === undefined ? {} : { initContainerStatuses: initial.flatMap((c) => initStatus(c, around)) }),
  }
}

/** Sidecars go on; the others are done. */
function initStatus(container: V1Container, around: Surroundings): V1ContainerStatus[] {
  const startedAt = rfc3339(around.now)
  const goesOn = container.restartPolicy === 'Always'
  const state = goesOn ? { running: { startedAt } } : terminated(startedAt, 0, around)
  return statuses([container], { state, ready: true, restarts: 0 })
}

function waiting(pod: V1Pod, around: Surroundings): V1PodStatus {
  const state = (container: V1Container): V1ContainerState => ({
    waiting: { reason: 'ImagePullBackOff', message: `Back-off pulling image "${container.image ?? ''}"` },
  })
  return {
    phase: 'Pending',
    startTime: rfc3339(around.now),
    hostIP: around.hostIp,
    hostIPs: [{ ip: around.hostIp }],
    conditions: conditions(pod, around, { Ready: 'ContainersNotReady', ContainersReady: 'ContainersNotReady' }),
    containerStatuses: (pod.spec?.containers ?? []).flatMap((container) =>
      statuses([container], { state: state(container), ready: false, restarts: 0 }),
    ),
  }
}

function isWaiting({ status }: V1Pod): boolean {
  return status?.containerStatuses?.some(({ state }) => state?.waiting?.reason === 'ImagePullBackOff') ?? false
}

function statuses(
  containers: readonly V1Container[] | undefined,
  as: { state: V1ContainerState; ready: boolean; restarts: number; lastState?: V1ContainerState | undefined },
): V1ContainerStatus[] {
  return (containers ?? []).map(({ name, image = '' }) => ({
    name,
    image,
    imageID: image,
    ready: as.ready,
    started: as.ready,
    restartCount: as.restarts,
    state: as.state,
    lastState: as.lastState ?? {},
  }))
}

function terminated(startedAt: string, exitCode: number, { now }: Surroundings): V1ContainerState {
  const reason = exitCode === 0 ? 'Completed' : 'Error'
  return { terminated: { exitCode, reason, startedAt, finishedAt: rfc3339(now) } }
}

const agentConditions = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady'] as const

/** All true but those that have a reason not to be. */
function conditions(
  pod: V1Pod,
  { now }: Surroundings,
  falseFor: Partial<Record<(typeof agentConditions)[number], string>>,
): NonNullable<V1PodStatus['conditions']> {
  const known = pod.status?.conditions ?? []
  const gates = (pod.spec?.readinessGates ?? []).map((gate) => gate.conditionType)
  const open = gates.every((type) => known.some((c) => c.type === type && c.status === 'True'))
  const reasons = open ? falseFor : { ...falseFor, Ready: falseFor.Ready ?? 'ReadinessGatesNotReady' }
  return agentConditions.map((type) => {
    const reason = reasons[type]
    const status = reason === undefined ? 'True' : 'False'
    const before = known.find((condition) => condition.type === type)
    const lastTransitionTime = before?.status === status ? before.lastTransitionTime : rfc3339(now)
    return { type, status, lastTransitionTime, ...(reason === undefined ? {} : { reason }) }
  })
}
