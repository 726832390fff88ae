import type { Logger } from '@kapell/controllers/machinery/log'
import { networkInterfaces } from 'node:os'
import { findTool, tryRun } from '../runtime/exec.ts'

export interface Link {
  name: string
  /** "192.0.2.1/24". */
  cidr: string
}

const number = (address: string): number => address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0)

/** The links whose neighbours may ask for an address: those in whose range it lies, or else all. */
export function linksFor(address: string, links: readonly Link[]): string[] {
  const near = links.filter(({ cidr }) => {
    const [own = '', bits = '32'] = cidr.split('/')
    const size = 2 ** (32 - Number(bits))
    return size > 1 && Math.floor(number(own) / size) === Math.floor(number(address) / size)
  })
  return [...new Set((near.length > 0 ? near : links).map(({ name }) => name))]
}

/** This machine's own links, without those to pods and of clusters. */
function ownLinks(): Link[] {
  return Object.entries(networkInterfaces())
    .filter(([name]) => !/^(lo|veth|kapell|br-k|cni|docker)/.test(name))
    .flatMap(([name, addresses]) =>
      (addresses ?? []).flatMap(({ family, cidr }) => (family === 'IPv4' && cidr !== null ? [{ name, cidr }] : [])),
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
    linksFor(address, ownLinks()).map((link) =>
      tryRun(command!, [...args, '-U', '-c', '2', '-I', link, address], { timeoutMs: 5000 }),
    ),
  )
}
