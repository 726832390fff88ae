import type { Logger } from '@kapell/controllers/machinery/log'
import { readFile } from 'node:fs/promises'
import { findTool, tryRun } from '../runtime/exec.ts'
import { setSysctl } from '../runtime/host.ts'

export interface HostPreparation {
  undo(): Promise<void>
}

const routeLocalnet = 'net.ipv4.conf.all.route_localnet'

/**
 * What Services need of the machine beside rules: node ports on 127.0.0.1 need packets from there to be routable (a
 * rule keeps strangers out), and this machine needs some route to the Service addresses. None of it is worth failing.
 */
export async function prepareHost(
  options: { serviceCidr?: string; linkName?: string },
  log: Logger,
): Promise<HostPreparation> {
  const before = await readFile(`/proc/sys/${routeLocalnet.replaceAll('.', '/')}`, 'utf8').catch(() => '')
  if (!(await setSysctl(routeLocalnet, '1')))
    log.warn('node ports will not answer on 127.0.0.1', { sysctl: routeLocalnet })
  const { serviceCidr, linkName } = options
  const ip = findTool('ip')
  const routed = serviceCidr !== undefined && linkName !== undefined && ip !== undefined
  if (routed) {
    const made = await tryRun(ip, ['route', 'replace', serviceCidr, 'dev', linkName])
    if (made.code !== 0) log.warn('no route to the Service addresses', { error: made.stderr })
  }
  return {
    undo: async () => {
      if (before.trim() === '0') await setSysctl(routeLocalnet, '0')
      if (routed) await tryRun(ip, ['route', 'delete', serviceCidr, 'dev', linkName])
    },
  }
}
