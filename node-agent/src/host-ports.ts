import type { V1Pod } from '@kapell/openapi/types'
import { identityOf } from './pods/record.ts'
import type { HostPort } from './proxy/host-ports.ts'

/** Hands a pod's host ports on when they change; pods without any are never mentioned. */
export function hostPortTeller(set: (podKey: string, ports: readonly HostPort[]) => void) {
  const told = new Map<string, string>()
  return (pod: V1Pod, podIps: readonly string[]): void => {
    const { uid, name, namespace } = identityOf(pod)
    const ports = pod.spec?.hostNetwork === true ? [] : hostPorts(pod, podIps)
    const text = JSON.stringify(ports)
    if ((told.get(uid) ?? '[]') === text) return
    if (ports.length === 0) told.delete(uid)
    else told.set(uid, text)
    set(`${namespace}/${name}/${uid}`, ports)
  }
}

function hostPorts(pod: V1Pod, podIps: readonly string[]): HostPort[] {
  return podIps.flatMap((podIp) => hostPortsAt(pod, podIp))
}

function hostPortsAt(pod: V1Pod, podIp: string): HostPort[] {
  return [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].flatMap(({ ports = [] }) =>
    ports
      .filter(({ hostPort = 0 }) => hostPort > 0)
      .map((port) => ({
        protocol: (port.protocol ?? 'TCP') as HostPort['protocol'],
        hostPort: port.hostPort ?? 0,
        ...(port.hostIP === undefined ? {} : { hostIp: port.hostIP }),
        podIp,
        containerPort: port.containerPort,
      })),
  )
}
