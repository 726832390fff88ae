import type { Logger } from '@kapell/controllers/machinery/log'
import { networkInterfaces } from 'node:os'
import { findTool, tryRun } from '../runtime/exec.ts'
import { setSysctl } from '../runtime/host.ts'
import { isIn } from '../runtime/node-network.ts'
import type { FamilyName } from './family.ts'

export interface Link {
  name: string
  /** "192.0.2.1/24". */
  cidr: string
}

/** The links whose neighbours may ask for an address: those in whose range it lies, or else all. */
export function linksFor(address: string, links: readonly Link[]): string[] {
  const isNet = (cidr: string) => Number(cidr.split('/')[1]) < (cidr.includes(':') ? 128 : 32)
  const near = links.filter(({ cidr }) => isNet(cidr) && isIn(cidr, address))
  return [...new Set((near.length > 0 ? near : links).map(({ name }) => name))]
}

/** This machine's own links with an address of that family, without those to pods and of clusters. */
function ownLinks(of: FamilyName): Link[] {
  return Object.entries(networkInterfaces())
    .filter(([name]) => !/^(lo|veth|kapell|kvx|br-k|cni|docker)/.test(name))
    .flatMap(([name, addresses]) =>
      (addresses ?? []).flatMap(({ family, cidr }) => {
        const usable = family === of && cidr !== null && !cidr.startsWith('fe80:')
        return usable ? [{ name, cidr }] : []
      }),
    )
}

/**
 * Tells the neighbours that an address is here now (gratuitous ARP), so that those who knew it elsewhere need not first
 * find out. Twice, since neighbours may not listen again within a second. Not worth failing: they find out by themselves.
 */
export async function announce(address: string, log: Logger): Promise<void> {
  const busybox = findTool('busybox')
  const arping = findTool('arping')
  const tool = arping !== undefined ? [arping] : busybox !== undefined ? [busybox, 'arping'] : undefined
  if (tool === undefined) {
    log.debug('neighbours are not told of an address: there is no arping', { address })
    return
  }
  const [command, ...args] = tool
  await Promise.all(
    linksFor(address, ownLinks('IPv4')).map((link) =>
      tryRun(command!, [...args, '-U', '-c', '2', '-I', link, address], { timeoutMs: 5000 }),
    ),
  )
}

type Ip = (args: readonly string[]) => Promise<{ code: number; stderr: string }>

/**
 * Has this machine's links answer for an IPv6 address that stands on another link of it: unlike with ARP, the kernel does
 * so only where it is told to. Neighbours who knew the address elsewhere find out when that one answers no more.
 */
export async function answerFor(address: string, runIp: Ip, log: Logger): Promise<void> {
  for (const link of linksFor(address, ownLinks('IPv6'))) {
    await setSysctl(`net.ipv6.conf.${link}.proxy_ndp`, '1')
    await setSysctl(`net.ipv6.neigh.${link}.proxy_delay`, '0')
    const { code, stderr } = await runIp(['-6', 'neigh', 'replace', 'proxy', address, 'dev', link])
    if (code !== 0)
      log.warn('neighbours will not find the address of a load balancer', { address, link, error: stderr })
  }
}

export async function answerNoMoreFor(address: string, runIp: Ip): Promise<void> {
  for (const link of linksFor(address, ownLinks('IPv6')))
    await runIp(['-6', 'neigh', 'delete', 'proxy', address, 'dev', link])
}
