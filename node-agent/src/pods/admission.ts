import { matchesNodeSelector } from '@kapell/controllers/machinery/placement/node-selector'
import {
  addResources,
  noResources,
  parseResources,
  podRequests,
  type Resources,
} from '@kapell/controllers/machinery/placement/resources'
import type { V1Node, V1Pod } from '@kapell/openapi/types'
import { conditionMessage } from '../eviction/messages.ts'
import { isCritical } from '../eviction/rank.ts'
import { unenforceable, type Enforceable } from './enforceable.ts'
import { identityOf } from './record.ts'
import { qosClass } from './resources.ts'

/** Why the node does not take a pod; becomes the pod's status and an event. */
export interface Rejection {
  reason: string
  message: string
}

/** Decides once for each pod whether this node takes it: a scheduler may have erred, or nobody have asked one. */
export interface PodAdmission {
  /** Undefined: the pod may run. Whoever was admitted holds its room until it has ended. */
  admit(pod: V1Pod): Promise<Rejection | undefined>
  /** Why a pod that runs here could not have the resources of its spec beside all others. */
  shortage(pod: V1Pod): Rejection | undefined
}

export interface PodAdmissionOptions {
  /** All pods of this node. */
  pods(): readonly V1Pod[]
  allocatable: Record<string, string>
  /** A pod with the resources that it was given. Default: as its spec says. */
  given?(pod: V1Pod): V1Pod
  /** What the node is short of now: its conditions. Default: nothing. */
  pressures?(): readonly string[]
  /** Why no pod is taken at all now, if so. Default: pods are taken. */
  refuses?(): Rejection | undefined
  /** What the machine can hold pods to. Default: nothing beyond the ordinary. */
  machine?: Enforceable
  /** The node as the API has it now. Rejects when it cannot be asked. */
  node(): Promise<V1Node>
}

export function createPodAdmission(options: PodAdmissionOptions): PodAdmission {
  const { pods } = options
  const admitted = new Set<string>()
  const allocatable = parseResources(options.allocatable)
  const given = options.given ?? ((pod: V1Pod) => pod)
  const othersOf = (uid: string): V1Pod[] =>
    pods()
      .filter((other) => {
        const { uid: its } = identityOf(other)
        return its !== uid && !hasEnded(other) && (admitted.has(its) || other.status?.startTime !== undefined)
      })
      .map(given)
  return {
    shortage: (pod) => shortage(pod, othersOf(identityOf(pod).uid), allocatable),
    admit: async (pod) => {
      const { uid } = identityOf(pod)
      // An agent before this one has taken it.
      if (admitted.has(uid) || pod.status?.startTime !== undefined) return undefined
      const closed = options.refuses?.()
      if (closed !== undefined) return closed
      const cannot = unenforceable(pod, options.machine ?? {})
      if (cannot !== undefined) return cannot
      const pressed = refusedUnderPressure(pod, options.pressures?.() ?? [])
      if (pressed !== undefined) return pressed
      const chooses = choosesNode(pod) && !matchesNode(pod, await options.node())
      // From here on nothing waits: two pods that come together must not both take the last room.
      const known = new Set(pods().map((one) => identityOf(one).uid))
      for (const old of admitted) if (!known.has(old)) admitted.delete(old)
      const others = othersOf(uid)
      const rejection =
        shortage(pod, others, allocatable) ?? (chooses ? affinity : undefined) ?? portsTaken(pod, others)
      if (rejection === undefined) admitted.add(uid)
      return rejection
    },
  }
}

const affinity: Rejection = failed('NodeAffinity', "node(s) didn't match Pod's node affinity/selector")

function failed(predicate: string, why: string): Rejection {
  return { reason: predicate, message: `Predicate ${predicate} failed: ${why}` }
}

/**
 * Short of memory, a node takes pods that have asked for theirs; short of anything else, none but critical ones.
 * Source: docs, "Node-pressure eviction", node conditions.
 */
function refusedUnderPressure(pod: V1Pod, pressures: readonly string[]): Rejection | undefined {
  if (pressures.length === 0 || isCritical(pod)) return undefined
  const tolerates = (pod.spec?.tolerations ?? []).some(
    ({ key, operator, effect = '' }) =>
      (effect === '' || effect === 'NoSchedule') &&
      ((key === 'node.kubernetes.io/memory-pressure' && operator === 'Exists') ||
        ((key ?? '') === '' && operator === 'Exists')),
  )
  const onlyMemory = pressures.every((pressure) => pressure === 'MemoryPressure')
  if (onlyMemory && (qosClass(pod) !== 'BestEffort' || tolerates)) return undefined
  return { reason: 'Evicted', message: conditionMessage(pressures) }
}

export const hasEnded = (pod: V1Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
const requiredAffinity = (pod: V1Pod) =>
  pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
const choosesNode = (pod: V1Pod): boolean =>
  Object.keys(pod.spec?.nodeSelector ?? {}).length > 0 || requiredAffinity(pod) !== undefined

function matchesNode(pod: V1Pod, node: V1Node): boolean {
  const labels = node.metadata?.labels ?? {}
  const required = requiredAffinity(pod)
  return (
    Object.entries(pod.spec?.nodeSelector ?? {}).every(([key, value]) => labels[key] === value) &&
    (required === undefined || matchesNodeSelector(required, node))
  )
}

/** The first resource of which too little is left, the number of pods included. */
function shortage(pod: V1Pod, others: readonly V1Pod[], has: Resources): Rejection | undefined {
  const wants = podRequests(pod)
  const used = noResources()
  for (const other of others) addResources(used, podRequests(other))
  const rows: [name: string, requested: number, used: number, capacity: number][] = [
    ['pods', 1, others.length, has.pods],
    ['cpu', wants.milliCpu, used.milliCpu, has.milliCpu],
    ['memory', wants.memoryBytes, used.memoryBytes, has.memoryBytes],
    ['ephemeral-storage', wants.ephemeralStorageBytes, used.ephemeralStorageBytes, has.ephemeralStorageBytes],
    // What the node knows nothing of is no business of this check.
    ...[...wants.scalar]
      .filter(([name]) => has.scalar.has(name))
      .map(([name, amount]): [string, number, number, number] => [
        name,
        amount,
        used.scalar.get(name) ?? 0,
        has.scalar.get(name) ?? 0,
      ]),
  ]
  const short = rows.find(([, requested, taken, capacity]) => requested > 0 && requested > capacity - taken)
  if (short === undefined) return undefined
  const [name, requested, taken, capacity] = short
  return {
    reason: `OutOf${name}`,
    message: `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${taken}, capacity: ${capacity}`,
  }
}

function portsTaken(pod: V1Pod, others: readonly V1Pod[]): Rejection | undefined {
  const wanted = hostPorts(pod)
  if (wanted.length === 0) return undefined
  const taken = others.flatMap(hostPorts)
  const collide = wanted.some((one) =>
    taken.some(
      (other) =>
        one.port === other.port &&
        one.protocol === other.protocol &&
        (one.ip === other.ip || one.ip === anyAddress || other.ip === anyAddress),
    ),
  )
  return collide ? failed('NodePorts', "node(s) didn't have free ports for the requested pod ports") : undefined
}

const anyAddress = '0.0.0.0'

function hostPorts(pod: V1Pod): { ip: string; protocol: string; port: number }[] {
  const sidecars = (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  return [...sidecars, ...(pod.spec?.containers ?? [])].flatMap(({ ports = [] }) =>
    ports
      .filter(({ hostPort = 0 }) => hostPort > 0)
      .map(({ hostIP, protocol = 'TCP', hostPort = 0 }) => ({
        ip: hostIP === undefined || hostIP === '' ? anyAddress : hostIP,
        protocol,
        port: hostPort,
      })),
  )
}
