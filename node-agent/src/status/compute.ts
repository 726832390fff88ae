import type { V1ContainerStatus, V1Pod, V1PodStatus } from '@kapell/openapi/types'
import { rfc3339 } from '@kapell/openapi/meta/time'
import {
  allContainers,
  canRestartAll,
  ephemeralContainers,
  isSidecar,
  restartsAll,
  shouldRun,
} from '../pods/actions.ts'
import { restartingAll, type PodRecord } from '../pods/record.ts'
import { qosClass, resizeNeeded } from '../pods/resources.ts'
import type { ResizePending } from '../pods/allocation.ts'
import { podConditions } from './conditions.ts'
import { podResources } from './pod-resources.ts'
import { containerStatus, type ProbeStates, type StartsAnew, type Waiting } from './container-status.ts'

export interface PodStatusInput {
  pod: V1Pod
  record: PodRecord
  waiting: ReadonlyMap<string, Waiting>
  /** Of pods whose containers all start anew. */
  anew?: StartsAnew
  probes: ProbeStates
  hostIp: string
  hostIp6?: string
  now: Date
  runtimeName: string
  /** Whether the runtime makes mounts read-only all the way down. */
  recursiveReadOnly?: boolean
  /** The pod is ending (deleted, done, failed): nothing of it starts again. */
  terminating: boolean
  /** Everything of the pod has ended. */
  ended: boolean
  /** Why the pod has not the resources that its spec asks for; default: it has. */
  pending?: ResizePending | undefined
  /** Why the running containers cannot have what they were promised; default: they can. */
  resizeError?: string | undefined
  /** Why the node ended the pod, such as DeadlineExceeded. */
  failure: { reason: string; message: string; disruption?: boolean } | undefined
}

/** A pod's status, from what the runtime has. Pure. Source: docs, "Pod lifecycle". */
export function computePodStatus(input: PodStatusInput): V1PodStatus {
  const { pod, record, now, hostIp, hostIp6 } = input
  const hostIps = [hostIp, ...(hostIp6 === undefined ? [] : [hostIp6])]
  const previous = pod.status
  const inits = statuses(input, 'init')
  const containers = statuses(input, 'app')
  const ephemeral = statuses(input, 'ephemeral')
  const phase = podPhase({ ...input, inits, containers })
  const sandbox = record.sandboxes.find(({ ready }) => ready)
  const hostNetwork = pod.spec?.hostNetwork === true
  const sandboxReady = sandbox !== undefined && (hostNetwork || sandbox.ips.length > 0)
  // An ended pod keeps the address it had.
  const known = hostNetwork
    ? sandbox === undefined && previous?.podIP === undefined
      ? []
      : hostIps
    : sandbox !== undefined && sandbox.ips.length > 0
      ? sandbox.ips
      : (previous?.podIPs ?? []).map(({ ip }) => ip)
  const { reason, message } =
    input.failure ?? (phase === 'Failed' ? { reason: previous?.reason, message: previous?.message } : {})
  return {
    phase,
    conditions: podConditions({
      pod,
      phase,
      inits,
      containers,
      sandboxReady: sandboxReady && !input.ended,
      pending: input.terminating ? undefined : input.pending,
      resizing: !input.terminating && isResizing(pod, record),
      resizeError: input.resizeError,
      disruption: input.failure?.disruption === true ? input.failure.message : undefined,
      ...(canRestartAll(pod) ? { restartsAll: !input.terminating && restartsAll(pod, record) } : {}),
      now,
    }),
    hostIP: hostIp,
    hostIPs: hostIps.map((ip) => ({ ip })),
    ...(known.length === 0 ? {} : { podIP: known[0]!, podIPs: known.map((ip) => ({ ip })) }),
    startTime: previous?.startTime ?? rfc3339(now),
    ...(inits.length === 0 ? {} : { initContainerStatuses: inits }),
    containerStatuses: containers,
    ...(ephemeral.length === 0 ? {} : { ephemeralContainerStatuses: ephemeral }),
    qosClass: qosClass(pod),
    ...podResources(pod),
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
    ...(pod.metadata?.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
  }
}

/** Whether a running container has not yet what its spec wants. */
export function isResizing(pod: V1Pod, record: PodRecord): boolean {
  return allContainers(pod).some((container) => {
    const newest = record.containers.find(({ name }) => name === container.name)
    return newest?.state === 'running' && resizeNeeded(pod, container, newest) !== 'none'
  })
}

/** Of a pod that the node did not take: none of its containers ever was. */
export function rejectedStatus(pod: V1Pod, why: { reason: string; message: string }, now: Date): V1PodStatus {
  const generation = pod.metadata?.generation
  return {
    phase: 'Failed',
    ...why,
    startTime: pod.status?.startTime ?? rfc3339(now),
    qosClass: qosClass(pod),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  }
}

function statuses(input: PodStatusInput, kind: 'init' | 'app' | 'ephemeral'): V1ContainerStatus[] {
  const { pod } = input
  const list = {
    init: pod.spec?.initContainers ?? [],
    app: pod.spec?.containers ?? [],
    ephemeral: ephemeralContainers(pod),
  }[kind]
  const previous = {
    init: pod.status?.initContainerStatuses ?? [],
    app: pod.status?.containerStatuses ?? [],
    ephemeral: pod.status?.ephemeralContainerStatuses ?? [],
  }[kind]
  const appWaits = (pod.spec?.initContainers?.length ?? 0) > 0
  return list.map((container) =>
    shown(
      kind,
      containerStatus({
        pod,
        container,
        record: input.record,
        waiting: input.waiting,
        ...(input.anew === undefined ? {} : { anew: input.anew }),
        probes: input.probes,
        terminating: input.terminating,
        runtimeName: input.runtimeName,
        recursiveReadOnly: input.recursiveReadOnly === true,
        defaultWaiting: appWaits ? 'PodInitializing' : 'ContainerCreating',
        previous: previous.find(({ name }) => name === container.name),
      }),
    ),
  )
}

/** Of ephemeral containers nobody asks whether they have started. */
function shown(kind: string, status: V1ContainerStatus): V1ContainerStatus {
  if (kind !== 'ephemeral') return status
  const { started: _, ...rest } = status
  return rest
}

interface PhaseInput extends PodStatusInput {
  inits: readonly V1ContainerStatus[]
  containers: readonly V1ContainerStatus[]
}

export function podPhase(input: PhaseInput): 'Pending' | 'Running' | 'Succeeded' | 'Failed' {
  const { pod, inits, containers, terminating, ended } = input
  const previous = pod.status?.phase
  if (previous === 'Succeeded' || previous === 'Failed') return previous
  if (ended && input.failure !== undefined) return 'Failed'
  const running = [...inits, ...containers].some(({ state }) => state?.running !== undefined)
  const exit = (status: V1ContainerStatus): number | undefined =>
    status.state?.terminated?.exitCode ??
    (status.state?.waiting === undefined || status.lastState?.terminated?.reason === restartingAll
      ? undefined
      : status.lastState?.terminated?.exitCode)

  if (ended) {
    const codes = containers.map(exit)
    return codes.length > 0 && codes.every((code) => code === 0) ? 'Succeeded' : 'Failed'
  }
  const appRan = containers.some(({ state, lastState }) => state?.running ?? state?.terminated ?? lastState?.terminated)
  if (!appRan) {
    for (const status of inits) {
      const container = pod.spec?.initContainers?.find(({ name }) => name === status.name)
      if (container !== undefined && isSidecar(container)) continue
      const code = status.state?.terminated?.exitCode
      const again = container !== undefined && shouldRun(pod, container, { state: 'exited', exitCode: code ?? 0 })
      if (code !== undefined && code !== 0 && !again) {
        return running ? 'Pending' : 'Failed'
      }
    }
    return 'Pending'
  }
  if (containers.some((status) => status.state?.waiting !== undefined && exit(status) === undefined)) return 'Pending'
  if (running || terminating) return 'Running'
  const codes = containers.map(exit)
  const again = pod.spec?.containers.some((container, index) => {
    const exitCode = codes[index]
    return exitCode === undefined || shouldRun(pod, container, { state: 'exited', exitCode })
  })
  if (again === true) return 'Running'
  return codes.every((code) => code === 0) ? 'Succeeded' : 'Failed'
}
