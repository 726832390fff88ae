import { createHash } from 'node:crypto'
import { findTool, tryRun } from './exec.ts'
import { uplinkMtu } from './host.ts'

/**
 * A network over the network: packets between pods of machines that share no link travel inside UDP (VXLAN, RFC 7348).
 * Everything about a node's end follows from its addresses, so that nodes need not tell one another of theirs.
 */
export interface OverlayPeer {
  /** What is behind it: "10.244.1.0/24", "fd00:10:244:1::/64". */
  range: string
  /** The node's own address, IPv4. */
  nodeIp: string
}

/** Linux' own default for VXLAN, and flannel's. */
const port = 8472
/** What the outer headers take. */
const headerBytes = 50

/** Of the link, in this machine's list of links: at most 15 characters. */
export const overlayName = (clusterCidr: string): string => `kvx${hashOf(clusterCidr).slice(0, 10)}`

/** Two clusters on one network do not hear each other. 24 bits. */
export const overlayId = (clusterCidr: string): number => parseInt(hashOf(clusterCidr).slice(0, 6), 16) || 1

/** A node's end is found at an address that no pod has: the first of its range. */
export const endOf = (range: string): string => range.split('/')[0]!

/** Of a node's end: locally administered, and its address. */
export function macOf(nodeIp: string): string {
  const bytes = nodeIp.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))
  return `0e:6b:${bytes.join(':')}`
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Whether packets to the address leave through a router, and under which address of ours. Source: `ip route get`. */
export function parseWay(output: string): { routed: boolean; source: string | undefined } {
  const [line = ''] = output.split('\n')
  return { routed: / via [\da-f]/.test(line), source: / src ([\da-f.:]+)/.exec(line)?.[1] }
}

/** What `ip` and `bridge` must be told of the peers, as lines of a batch each. */
export function peerCommands(link: string, peers: readonly OverlayPeer[]): { ip: string[]; bridge: string[] } {
  return {
    ip: peers.map(
      ({ range, nodeIp }) => `neigh replace ${endOf(range)} lladdr ${macOf(nodeIp)} nud permanent dev ${link}`,
    ),
    bridge: [...new Set(peers.map(({ nodeIp }) => nodeIp))].map(
      (nodeIp) => `fdb replace ${macOf(nodeIp)} dev ${link} dst ${nodeIp} self permanent`,
    ),
  }
}

export interface Overlay {
  readonly link: string
  /** Which of these machines can be reached through a router only, or by IPv6 not at all. */
  routed(addresses: readonly string[]): Promise<Set<string>>
  /** Makes the ways to these peers; resolves with what went wrong, or ''. */
  reach(peers: readonly OverlayPeer[]): Promise<string>
  /** Takes the link away; with `onlyOwn`, one that was made here. */
  remove(how: { onlyOwn: boolean }): Promise<void>
}

export interface OverlayOptions {
  /** By which the overlays of two clusters differ. */
  clusterCidr: string
  /** Its own pods' ranges; none where it has no pods. */
  ownCidrs(): readonly string[]
  /** Its own address, IPv4. Default: the one it has towards the first peer. */
  source?: string
}

/** This machine's end. */
export function openOverlay(options: OverlayOptions): Overlay {
  const { clusterCidr } = options
  const link = overlayName(clusterCidr)
  const id = overlayId(clusterCidr)
  const tool = (name: string): string => findTool(name) ?? name
  let made = ''
  const wayTo = async (address: string) =>
    parseWay((await tryRun(tool('ip'), [address.includes(':') ? '-6' : '-4', '-o', 'route', 'get', address])).stdout)

  /** The link as it must be; one of an earlier run is kept when it is that. */
  const ensure = async (source: string): Promise<string> => {
    const ownCidrs = options.ownCidrs()
    const wanted = `${source} ${ownCidrs.join()}`
    if (made === wanted) return ''
    const shown = (await tryRun(tool('ip'), ['-d', '-o', 'link', 'show', link])).stdout
    if (shown !== '' && !(shown.includes(`vxlan id ${id} `) && shown.includes(`local ${source} `)))
      await tryRun(tool('ip'), ['link', 'delete', link])
    if (!shown.includes(`local ${source} `)) {
      const how = ['type', 'vxlan', 'id', String(id), 'local', source, 'dstport', String(port), 'nolearning']
      const added = await tryRun(tool('ip'), ['link', 'add', link, ...how])
      if (added.code !== 0 && !added.stderr.includes('File exists')) return added.stderr
    }
    const lines = [`link set ${link} address ${macOf(source)} mtu ${(await uplinkMtu()) - headerBytes} up`]
    // What this machine itself sends to pods of others comes back the same way.
    for (const range of ownCidrs)
      lines.push(`address replace ${endOf(range)}${range.includes(':') ? `/128 dev ${link} nodad` : `/32 dev ${link}`}`)
    const set = await tryRun(tool('ip'), ['-batch', '-'], { input: `${lines.join('\n')}\n` })
    if (set.code !== 0) return set.stderr
    made = wanted
    return ''
  }

  return {
    link,
    routed: async (addresses) => {
      const ways = await Promise.all(addresses.map(async (address) => ({ address, ...(await wayTo(address)) })))
      // An IPv6 address that nothing leads to is as far: the overlay needs IPv4 only.
      const isFar = (way: (typeof ways)[number]) =>
        way.routed || (way.source === undefined && way.address.includes(':'))
      return new Set(ways.filter(isFar).map(({ address }) => address))
    },
    reach: async (peers) => {
      const [first] = peers
      if (first === undefined) return ''
      const source = options.source ?? (await wayTo(first.nodeIp)).source
      if (source === undefined) return `no way to ${first.nodeIp}`
      const problem = await ensure(source)
      if (problem !== '') return problem
      const { ip, bridge } = peerCommands(link, peers)
      const [neighbours, forwarding] = await Promise.all([
        tryRun(tool('ip'), ['-force', '-batch', '-'], { input: `${ip.join('\n')}\n` }),
        tryRun(tool('bridge'), ['-force', '-batch', '-'], { input: `${bridge.join('\n')}\n` }),
      ])
      return [neighbours, forwarding].find(({ code }) => code !== 0)?.stderr ?? ''
    },
    remove: async ({ onlyOwn }) => {
      if (onlyOwn && made === '') return
      made = ''
      await tryRun(tool('ip'), ['link', 'delete', link])
    },
  }
}
