import type { Logger } from '@kapell/controllers/machinery/log'
import { findTool, tryRun } from '../runtime/exec.ts'
import { familyOf, type FamilyName } from './family.ts'
import { giveSettingBack, takeSetting } from './kernel-settings.ts'

export interface HostPreparation {
  undo(): Promise<void>
}

const routeLocalnet = 'net.ipv4.conf.all.route_localnet'
/** How many seconds connections are remembered: what Linux has is too short for those that wait half closed. Source: kube-proxy. */
const connectionTimes = [
  ['net.netfilter.nf_conntrack_tcp_timeout_established', '86400'],
  ['net.netfilter.nf_conntrack_tcp_timeout_close_wait', '3600'],
] as const

/**
 * What Services need of the machine beside rules: node ports on 127.0.0.1 need packets from there to be routable (a
 * rule keeps strangers out), and this machine needs some route to the Service addresses. None of it is worth failing.
 */
export async function prepareHost(
  options: { serviceCidr?: string; linkName?: string; family?: FamilyName },
  log: Logger,
): Promise<HostPreparation> {
  const { serviceCidr, linkName, family } = options
  // IPv6 has no such setting: node ports do not answer on ::1, as upstream's do not.
  if (family !== 'IPv6') {
    if (!(await takeSetting(routeLocalnet, '1')))
      log.warn('node ports will not answer on 127.0.0.1', { sysctl: routeLocalnet })
    for (const [name, value] of connectionTimes) await takeSetting(name, value)
  }
  const ip = findTool('ip')
  const routed = serviceCidr !== undefined && linkName !== undefined && ip !== undefined
  if (routed) {
    const made = await tryRun(ip, [
      `-${familyOf(family).name.at(-1)}`,
      'route',
      'replace',
      serviceCidr,
      'dev',
      linkName,
    ])
    if (made.code !== 0) log.warn('no route to the Service addresses', { error: made.stderr })
  }
  return {
    undo: async () => {
      if (routed)
        await tryRun(ip, [`-${familyOf(family).name.at(-1)}`, 'route', 'delete', serviceCidr, 'dev', linkName])
      if (family === 'IPv6') return
      const links = ip === undefined ? '' : (await tryRun(ip, ['-o', 'link'])).stdout
      const others = [...links.matchAll(/^\d+: (kapell[0-9a-f]{8})[:@]/gm)].some(([, name]) => name !== linkName)
      if (others) return
      for (const name of [routeLocalnet, ...connectionTimes.map(([each]) => each)]) await giveSettingBack(name)
    },
  }
}
