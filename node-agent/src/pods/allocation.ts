import type { Clock } from '@kapell/controllers/machinery/clock'
import { parseResources, podRequests } from '@kapell/controllers/machinery/placement/resources'
import type { V1Container, V1ContainerStatus, V1Pod, V1ResourceRequirements } from '@kapell/openapi/types'
import { equal } from '../status/patch.ts'
import type { Rejection } from './admission.ts'
import type { PodEvents } from './events.ts'
import { identityOf } from './record.ts'

/** Why a pod has not the resources that its spec asks for now. */
export interface ResizePending {
  /** Deferred is tried again when room is made; what is infeasible never fits on this node. */
  reason: 'Deferred' | 'Infeasible'
  message: string
  since: Date
}

export interface Allocation {
  /** The pod with the resources that this node has given it. */
  pod: V1Pod
  pending: ResizePending | undefined
}

/** What resources this node has given to its pods: a pod's spec may ask for others while it runs. */
export interface Allocations {
  /** Gives a pod what its spec asks for, if there is room for it. */
  decide(pod: V1Pod): Allocation
  /** The pod with what it was given, if that was decided. */
  of(pod: V1Pod): V1Pod
  /** The containers have what they were given: tells so, if it was told that they would. */
  arrived(pod: V1Pod): void
  /** The pod is gone. */
  forget(uid: string): void
}

export interface AllocationOptions {
  allocatable: Record<string, string>
  /** Why the pod would not fit beside all others. */
  shortage(pod: V1Pod): Rejection | undefined
  /** There may be room for this pod now. */
  retry(uid: string): void
  events: PodEvents
  clock: Clock
}

interface Given {
  pod: V1ResourceRequirements | undefined
  containers: Record<string, V1ResourceRequirements | undefined>
}

interface Entry {
  given: Given
  pending: ResizePending | undefined
  /** Generation of the pod whose resize was begun and not yet told to be done. */
  begun: V1Pod | undefined
}

/** Source: "Resize CPU and Memory Resources assigned to Containers", pod resize status. */
export function createAllocations(options: AllocationOptions): Allocations {
  const { events, clock } = options
  const allocatable = parseResources(options.allocatable)
  const entries = new Map<string, Entry>()
  /** Others may fit now. */
  const makeRoom = (): void => {
    for (const [uid, { pending }] of entries) if (pending?.reason === 'Deferred') options.retry(uid)
  }

  const obstacle = (pod: V1Pod): { why: Omit<ResizePending, 'since'>; told: string } | undefined => {
    const wants = podRequests(pod)
    const rows: [name: string, requested: number, capacity: number][] = [
      ['cpu', wants.milliCpu, allocatable.milliCpu],
      ['memory', wants.memoryBytes, allocatable.memoryBytes],
    ]
    const beyond = rows.find(([, requested, capacity]) => requested > capacity)
    if (beyond !== undefined) {
      const [name, requested, capacity] = beyond
      const message = `Node didn't have enough capacity: ${name}, requested: ${requested}, capacity: ${capacity}`
      return { why: { reason: 'Infeasible', message }, told: 'Infeasible' }
    }
    const rejection = options.shortage(pod)
    if (rejection === undefined) return undefined
    return { why: { reason: 'Deferred', message: rejection.message }, told: rejection.reason }
  }

  const decide = (pod: V1Pod): Allocation => {
    const { uid } = identityOf(pod)
    let entry = entries.get(uid)
    if (entry === undefined) {
      entry = { given: remembered(pod), pending: undefined, begun: undefined }
      entries.set(uid, entry)
    }
    const wanted = askedFor(pod)
    if (equal(wanted, entry.given)) {
      entry.pending = undefined
      return { pod, pending: undefined }
    }
    const found = obstacle(pod)
    if (found === undefined) {
      entry.given = wanted
      entry.pending = undefined
      entry.begun = pod
      events(pod, 'Normal', 'ResizeStarted', `Pod resize started: ${describeResources(pod)}`)
      makeRoom()
      return { pod, pending: undefined }
    }
    const { why, told } = found
    if (entry.pending?.reason !== why.reason || entry.pending.message !== why.message) {
      entry.pending = { ...why, since: clock.now() }
      const text = `Pod resize ${told}: ${describeResources(pod, why.message)}`
      events(pod, 'Warning', why.reason === 'Deferred' ? 'ResizeDeferred' : 'ResizeInfeasible', text)
    }
    return { pod: withResources(pod, entry.given), pending: entry.pending }
  }

  return {
    decide,
    of: (pod) => {
      const entry = entries.get(identityOf(pod).uid)
      return entry === undefined ? pod : withResources(pod, entry.given)
    },
    arrived: (pod) => {
      const entry = entries.get(identityOf(pod).uid)
      if (entry?.begun === undefined) return
      events(entry.begun, 'Normal', 'ResizeCompleted', `Pod resize completed: ${describeResources(entry.begun)}`)
      entry.begun = undefined
    },
    forget: (uid) => {
      if (entries.delete(uid)) makeRoom()
    },
  }
}

const containersOf = (pod: V1Pod): V1Container[] => [
  ...(pod.spec?.initContainers ?? []),
  ...(pod.spec?.containers ?? []),
]

const askedFor = (pod: V1Pod): Given => ({
  pod: pod.spec?.resources,
  containers: Object.fromEntries(containersOf(pod).map(({ name, resources }) => [name, resources])),
})

/** What an agent before this one gave, as far as the status tells; else what the spec says. */
function remembered(pod: V1Pod): Given {
  const asked = askedFor(pod)
  const told = new Map<string, V1ContainerStatus>(
    [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])].map((one) => [
      one.name,
      one,
    ]),
  )
  const containers = Object.entries(asked.containers).map(
    ([name, resources]): [string, V1ResourceRequirements | undefined] => {
      const status = told.get(name)
      return [name, status?.state?.running === undefined ? resources : { ...resources, ...status.resources }]
    },
  )
  return {
    pod: asked.pod === undefined ? undefined : { ...asked.pod, ...pod.status?.resources },
    containers: Object.fromEntries(containers),
  }
}

function withResources(pod: V1Pod, given: Given): V1Pod {
  const { spec } = pod
  if (spec === undefined || equal(askedFor(pod), given)) return pod
  const give = (container: V1Container): V1Container => {
    const { resources: _, ...rest } = container
    const has = given.containers[container.name]
    return has === undefined ? rest : { ...rest, resources: has }
  }
  const { resources: _, ...rest } = spec
  return {
    ...pod,
    spec: {
      ...rest,
      ...(given.pod === undefined ? {} : { resources: given.pod }),
      ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(give) }),
      containers: spec.containers.map(give),
    },
  }
}

/** As events show what is asked for. */
export function describeResources(pod: V1Pod, error?: string): string {
  return JSON.stringify({
    containers: (pod.spec?.containers ?? []).map(({ name, resources = {} }) => ({
      name,
      resources: sorted(resources),
    })),
    ...(pod.metadata?.generation === undefined ? {} : { generation: pod.metadata.generation }),
    ...(error === undefined ? {} : { error }),
  })
}

function sorted({ limits, requests }: V1ResourceRequirements): object {
  const inOrder = (list: Record<string, string>) =>
    Object.fromEntries(Object.entries(list).sort(([a], [b]) => (a < b ? -1 : 1)))
  return {
    ...(limits === undefined ? {} : { limits: inOrder(limits) }),
    ...(requests === undefined ? {} : { requests: inOrder(requests) }),
  }
}
