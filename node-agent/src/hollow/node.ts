import type { V1Node } from '@kapell/openapi/types'
import { nodeConditions } from '../node/conditions.ts'
import type { Machine } from '../node/machine.ts'
import { nodeObject } from '../node/registration.ts'

/** Marks nodes on which nothing really runs. */
export const simulatedLabel = 'kapell.io/simulated-runtime'

const gibibyte = 2 ** 30
const machine: Machine = {
  cpus: 32,
  memoryBytes: 256 * gibibyte,
  diskBytes: 1024 * gibibyte,
  hugePages: {},
  info: {
    architecture: 'amd64',
    bootID: '',
    kernelVersion: 'simulated',
    machineID: '',
    operatingSystem: 'linux',
    osImage: 'simulated',
    systemUUID: '',
  },
}

/** Nodes are spread over so many zones. */
const zones = 3

export function hollowNode(name: string, index: number, now: Date, version: string): V1Node {
  const health = { memoryPressure: false, diskPressure: false, pidPressure: false, notReady: '' }
  return nodeObject({
    nodeName: name,
    nodeIp: hostIp(index),
    hostname: name,
    podCidr: `${podNetwork(index)}.0/24`,
    labels: { [simulatedLabel]: 'true', 'topology.kubernetes.io/zone': `zone-${index % zones}` },
    annotations: {},
    taints: [],
    machine,
    maxPods: 110,
    runtimeVersion: 'simulated://1',
    kubeletVersion: version,
    port: 0,
    conditions: nodeConditions(health, [], now),
    images: [],
  })
}

/** Of the range that RFC 2544 sets aside for benchmarks: nobody is there. */
export function hostIp(index: number): string {
  return `198.${18 + ((index >> 16) & 1)}.${(index >> 8) & 255}.${index & 255}`
}

/** The first three octets of a node's pods: 10.128.0.0/9 has room for 32,768 nodes. */
export function podNetwork(index: number): string {
  return `10.${128 + ((index >> 8) & 127)}.${index & 255}`
}
