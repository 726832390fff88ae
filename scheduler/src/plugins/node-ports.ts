import type { HostPort } from '../framework/pod-info.ts'
import { unschedulable, type Plugin } from '../framework/plugin.ts'

/** Two pods on one node cannot hold the same host port. */
export const nodePorts: Plugin = {
  name: 'NodePorts',
  local: true,
  filter: (_state, pod, node) => {
    if (pod.hostPorts.length === 0) return undefined
    for (const other of node.pods.values())
      if (other.hostPorts.some((taken) => pod.hostPorts.some((wanted) => collide(taken, wanted))))
        return unschedulable('NodePorts', "node(s) didn't have free ports for the requested pod ports")
    return undefined
  },
  queueingHints: [{ event: 'NodeAdd' }, { event: 'AssignedPodDelete' }],
}

function collide(a: HostPort, b: HostPort): boolean {
  const sameAddress = a.ip === b.ip || a.ip === '0.0.0.0' || b.ip === '0.0.0.0'
  return a.port === b.port && a.protocol === b.protocol && sameAddress
}
