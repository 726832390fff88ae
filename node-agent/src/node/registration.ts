import { milliQuantity, parseQuantity } from '@kapell/openapi/meta/quantity'
import type { V1Node, V1NodeCondition, V1NodeStatus, V1Taint } from '@kapell/openapi/types'
import { amountOf, defaultThresholds, type Signal, type Threshold } from '../eviction/thresholds.ts'
import { goArch, type Machine } from './machine.ts'

export interface NodeInput {
  nodeName: string
  nodeIp: string
  hostname: string
  podCidr: string | undefined
  podCidr6?: string
  nodeIp6?: string
  labels: Record<string, string>
  annotations: Record<string, string>
  taints: V1Taint[]
  machine: Machine
  maxPods: number
  /** Default: what eviction makes free by upstream's thresholds. */
  kept?: Kept
  runtimeVersion: string
  runtimeFeatures?: Pick<V1NodeStatus, 'runtimeHandlers' | 'features'>
  kubeletVersion: string
  port: number
  conditions: V1NodeCondition[]
  images: { names: string[]; sizeBytes: number }[]
}

/**
 * What this agent can do that not every node of a cluster can: pods that need it go to no other.
 * Source: enhancement 5328, "Node declared features".
 */
export const declaredFeatures: readonly string[] = [
  'ExtendWebSocketsToKubelet',
  'InPlacePodLevelResourcesVerticalScaling',
  'InPlacePodVerticalScalingInitContainers',
  'RestartAllContainersOnContainerExits',
]

/** Labels the agent owns. Source: docs, "Well-known labels". */
export function nodeLabels(hostname: string): Record<string, string> {
  const arch = goArch()
  return {
    'beta.kubernetes.io/arch': arch,
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': arch,
    'kubernetes.io/hostname': hostname,
    'kubernetes.io/os': 'linux',
  }
}

export function capacity(machine: Machine, maxPods: number): Record<string, string> {
  return {
    cpu: String(machine.cpus),
    memory: `${Math.floor(machine.memoryBytes / 1024)}Ki`,
    'ephemeral-storage': `${Math.floor(machine.diskBytes / 1024)}Ki`,
    pods: String(maxPods),
    ...machine.hugePages,
  }
}

/** Kept free of pods, so that the node itself goes on. */
export interface Kept {
  milliCpu: number
  memoryBytes: number
  diskBytes: number
}

/** What is reserved, and what eviction would make free anyway. Source: "Reserve Compute Resources for System Daemons". */
export function keptFree(
  machine: Machine,
  reserved: Readonly<Record<string, string>> = {},
  thresholds: readonly Threshold[] = defaultThresholds,
): Kept {
  const amount = (name: string): number => (reserved[name] === undefined ? 0 : parseQuantity(reserved[name]).value())
  const evicted = (signal: Signal, capacityBytes: number): number =>
    thresholds
      .filter((threshold) => threshold.signal === signal && threshold.graceMs === 0)
      .reduce((most, { value }) => Math.max(most, amountOf(value, capacityBytes)), 0)
  return {
    milliCpu: reserved['cpu'] === undefined ? 0 : parseQuantity(reserved['cpu']).milliValue(),
    memoryBytes: amount('memory') + evicted('memory.available', machine.memoryBytes),
    diskBytes: amount('ephemeral-storage') + evicted('nodefs.available', machine.diskBytes),
  }
}

export function allocatable(machine: Machine, maxPods: number, kept: Kept = keptFree(machine)): Record<string, string> {
  return {
    ...capacity(machine, maxPods),
    cpu: milliQuantity(Math.max(0, machine.cpus * 1000 - kept.milliCpu)).toString(),
    memory: `${Math.max(0, Math.floor(machine.memoryBytes / 1024) - Math.ceil(kept.memoryBytes / 1024))}Ki`,
    'ephemeral-storage': String(Math.max(0, machine.diskBytes - kept.diskBytes)),
  }
}

/**
 * What others say that the node has, it has: all of it is for pods. Source: "Advertise Extended Resources for a Node".
 */
export function withExtendedResources(status: V1NodeStatus, before: V1Node | undefined): V1NodeStatus {
  const others = Object.entries(before?.status?.capacity ?? {}).filter(
    ([name]) => status.capacity?.[name] === undefined,
  )
  if (others.length === 0) return status
  const more = Object.fromEntries(others)
  return { ...status, capacity: { ...status.capacity, ...more }, allocatable: { ...status.allocatable, ...more } }
}

/** The ranges of the node's pods, IPv4 first. */
export function podRanges({
  podCidr,
  podCidr6,
}: Pick<NodeInput, 'podCidr' | 'podCidr6'>): Pick<NonNullable<V1Node['spec']>, 'podCIDR' | 'podCIDRs'> {
  if (podCidr === undefined) return {}
  return { podCIDR: podCidr, podCIDRs: [podCidr, ...(podCidr6 === undefined ? [] : [podCidr6])] }
}

export function nodeObject(input: NodeInput): V1Node {
  const { nodeName, taints } = input
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: nodeName,
      labels: { ...nodeLabels(input.hostname), ...input.labels },
      annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true', ...input.annotations },
    },
    spec: {
      ...podRanges(input),
      ...(taints.length === 0 ? {} : { taints }),
    },
    status: nodeStatus(input),
  }
}

export function nodeStatus(input: NodeInput): NonNullable<V1Node['status']> {
  const { machine, maxPods } = input
  return {
    addresses: [
      { type: 'InternalIP', address: input.nodeIp },
      ...(input.nodeIp6 === undefined ? [] : [{ type: 'InternalIP', address: input.nodeIp6 }]),
      { type: 'Hostname', address: input.hostname },
    ],
    capacity: capacity(machine, maxPods),
    allocatable: allocatable(machine, maxPods, input.kept),
    conditions: input.conditions,
    declaredFeatures: [...declaredFeatures],
    daemonEndpoints: { kubeletEndpoint: { Port: input.port } },
    images: input.images,
    ...input.runtimeFeatures,
    nodeInfo: {
      ...machine.info,
      containerRuntimeVersion: input.runtimeVersion,
      kubeletVersion: input.kubeletVersion,
      kubeProxyVersion: '',
    },
  }
}
