import type { V1Pod } from '@kapell/openapi/types'
import { hostPorts, type HostPort } from '../framework/pod-info.ts'
import { unschedulable, type Plugin } from '../framework/plugin.ts'

/** Two pods on one node cannot hold the same host port. */
export const nodePorts: Plugin = {
  name: 'NodePorts',
  local: true,
  filter: (_state, pod, node) => {
    if (pod.hostPorts.length === 0) return undefined
    for (const other of node.pods.values())
      if (inTheWay(pod.hostPorts, other.hostPorts))
        return unschedulable('NodePorts', "node(s) didn't have free ports for the requested pod ports")
    return undefined
  },
  queueingHints: [
    { event: 'NodeAdd' },
    {
      event: 'AssignedPodDelete',
      isUseful: (pod, before) => inTheWay(hostPorts(pod), hostPorts(before as V1Pod)),
    },
  ],
}

function inTheWay(wanted: readonly HostPort[], taken: readonly HostPort[]): boolean {
  return taken.some((one) => wanted.some((other) => collide(one, other)))
}

function collide(a: HostPort, b: HostPort): boolean {
  const sameAddress = a.ip === b.ip || a.ip === '0.0.0.0' || b.ip === '0.0.0.0'
  return a.port === b.port && a.protocol === b.protocol && sameAddress
}
