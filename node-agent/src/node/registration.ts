import type { V1Node, V1NodeCondition, V1Taint } from '@kapell/openapi/types'
import { goArch, type Machine } from './machine.ts'

export interface NodeInput {
  nodeName: string
  nodeIp: string
  hostname: string
  podCidr: string | undefined
  labels: Record<string, string>
  annotations: Record<string, string>
  taints: V1Taint[]
  machine: Machine
  maxPods: number
  runtimeVersion: string
  kubeletVersion: string
  port: number
  conditions: V1NodeCondition[]
  images: { names: string[]; sizeBytes: number }[]
}

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

/** Kept free so that the node itself goes on: 100 Mi of memory, a tenth of the disk. Source: upstream's defaults. */
export function allocatable(machine: Machine, maxPods: number): Record<string, string> {
  return {
    ...capacity(machine, maxPods),
    memory: `${Math.max(0, Math.floor(machine.memoryBytes / 1024) - 100 * 1024)}Ki`,
    'ephemeral-storage': String(Math.floor(machine.diskBytes * 0.9)),
  }
}

export function nodeObject(input: NodeInput): V1Node {
  const { nodeName, podCidr, taints } = input
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: nodeName,
      labels: { ...nodeLabels(input.hostname), ...input.labels },
      annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true', ...input.annotations },
    },
    spec: {
      ...(podCidr === undefined ? {} : { podCIDR: podCidr, podCIDRs: [podCidr] }),
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
      { type: 'Hostname', address: input.hostname },
    ],
    capacity: capacity(machine, maxPods),
    allocatable: allocatable(machine, maxPods),
    conditions: input.conditions,
    daemonEndpoints: { kubeletEndpoint: { Port: input.port } },
    images: input.images,
    nodeInfo: {
      ...machine.info,
      containerRuntimeVersion: input.runtimeVersion,
      kubeletVersion: input.kubeletVersion,
      kubeProxyVersion: '',
    },
  }
}
