import { isIPv4 } from 'node:net'
import { emptyRules, type ServiceRules } from './rules.ts'

/** A container port that shows on the node itself. */
export interface HostPort {
  protocol: 'TCP' | 'UDP' | 'SCTP'
  hostPort: number
  /** One address of the node; absent or 0.0.0.0: all. */
  hostIp?: string
  podIp: string
  containerPort: number
}

export function hostPortRules(ports: readonly HostPort[]): ServiceRules {
  const rules = emptyRules()
  for (const { protocol, hostPort, hostIp, podIp, containerPort } of ports) {
    const all = hostIp === undefined || hostIp === '' || hostIp === '0.0.0.0'
    if (!isIPv4(podIp) || (!all && !isIPv4(hostIp))) continue
    const port = `${protocol.toLowerCase()} . ${hostPort}`
    const value = `${podIp} . ${containerPort}`
    if (all) rules.elements.push({ set: 'hostports', key: port, value })
    else rules.elements.push({ set: 'hostports-by-ip', key: `${hostIp} . ${port}`, value })
    rules.elements.push({ set: 'hairpin', key: `${podIp} . ${podIp}` })
    if (protocol === 'UDP') {
      rules.udp.push({ ...(all ? {} : { address: hostIp }), port: hostPort, endpoints: [podIp] })
    }
  }
  return rules
}
