import { familyOf, type FamilyName } from './family.ts'
import { emptyRules, type ServiceRules } from './rules.ts'

/** A container port that shows on the node itself. */
export interface HostPort {
  protocol: 'TCP' | 'UDP' | 'SCTP'
  hostPort: number
  /** One address of the node; absent: all, "0.0.0.0" or "::" all of that family. */
  hostIp?: string
  podIp: string
  containerPort: number
}

/** Those of one family; the others have a table of their own. */
export function hostPortRules(ports: readonly HostPort[], of?: FamilyName): ServiceRules {
  const rules = emptyRules()
  const family = familyOf(of)
  for (const { protocol, hostPort, hostIp, podIp, containerPort } of ports) {
    const all = hostIp === undefined || hostIp === '' || hostIp === (family.name === 'IPv4' ? '0.0.0.0' : '::')
    if (!family.is(podIp) || (!all && !family.is(hostIp))) continue
    const port = `${protocol.toLowerCase()} . ${hostPort}`
    const value = `${podIp} . ${containerPort}`
    if (all) rules.elements.push({ set: 'hostports', key: port, value })
    else rules.elements.push({ set: 'hostports-by-ip', key: `${hostIp} . ${port}`, value })
    rules.elements.push({ set: 'hairpin', key: `${podIp} . ${podIp}` })
    if (protocol === 'UDP') {
      rules.udp.push({
        ...(all ? {} : { address: hostIp }),
        port: hostPort,
        choices: [[{ address: podIp, port: containerPort }]],
      })
    }
  }
  return rules
}
