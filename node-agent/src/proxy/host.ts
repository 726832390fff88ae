import type { Logger } from '@kapell/controllers/machinery/log'
import { existsSync } from 'node:fs'
import { mkdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { findTool, tryRun } from '../runtime/exec.ts'
import { setSysctl } from '../runtime/host.ts'
import { familyOf, type FamilyName } from './family.ts'

export interface HostPreparation {
  undo(): Promise<void>
}

const routeLocalnet = 'net.ipv4.conf.all.route_localnet'

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
  if (family !== 'IPv6') await allowLocalnet(log)
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
      if (!others) await disallowLocalnet()
    },
  }
}

/** Says that it was us who changed the setting, also to a later run, should this one be killed. */
async function markerFile(): Promise<string> {
  const namespace = (await readlink('/proc/self/ns/net')).replace(/\D/g, '')
  return `/run/kapell/route_localnet-${namespace}`
}

async function allowLocalnet(log: Logger): Promise<void> {
  const before = await readFile(`/proc/sys/${routeLocalnet.replaceAll('.', '/')}`, 'utf8').catch(() => '')
  if (before.trim() === '1') return
  const marker = await markerFile()
  await mkdir(dirname(marker), { recursive: true }).catch(() => undefined)
  await writeFile(marker, '').catch(() => undefined)
  if (await setSysctl(routeLocalnet, '1')) return
  await rm(marker, { force: true })
  log.warn('node ports will not answer on 127.0.0.1', { sysctl: routeLocalnet })
}

async function disallowLocalnet(): Promise<void> {
  const marker = await markerFile()
  if (!existsSync(marker)) return
  await setSysctl(routeLocalnet, '0')
  await rm(marker, { force: true })
}
