import type { InformerFactory } from '@kapell/controllers/machinery/informer-factory'
import type { Logger } from '@kapell/controllers/machinery/log'
import { nodes } from '@kapell/openapi/meta/refs'
import { findTool, tryRun } from './exec.ts'
import { waysFrom, type NodeNetwork, type Way } from './node-network.ts'
import { endOf, openOverlay } from './overlay.ts'

/** Marks our routes among the machine's. Source: /etc/iproute2/rt_protos, which leaves this number free. */
export const routeProtocol = '75'

/** Where a range of addresses is reached. */
export interface Route {
  range: string
  via: string
  /** The link it goes through, when that is not the one the gateway is on. */
  link?: string
}

const familyFlag = (range: string): '-4' | '-6' => (range.includes(':') ? '-6' : '-4')

/** What `ip` must do, as lines of a batch; `have` maps ranges to gateways. */
export function routeChanges(have: ReadonlyMap<string, string>, wanted: readonly Route[]): string[] {
  const ranges = new Set(wanted.map(({ range }) => range))
  return [
    ...[...have]
      .filter(([range]) => !ranges.has(range))
      .map(([range]) => `route delete ${range} proto ${routeProtocol}`),
    ...wanted
      .filter(({ range, via }) => have.get(range) !== via)
      .map(({ range, via, link }) => {
        const through = link === undefined ? '' : ` dev ${link} onlink`
        return `route replace ${range} via ${via}${through} proto ${routeProtocol}`
      }),
  ]
}

/** Our routes inside the cluster's range: "10.244.1.0/24 via 172.30.0.3 dev eth0" a line. */
export function parseRoutes(output: string): Map<string, string> {
  return new Map(
    [...output.matchAll(/^([\da-f.:]+(?:\/\d+)?) via ([\da-f.:]+)/gm)].map((match): [string, string] => [
      match[1]!,
      match[2]!,
    ]),
  )
}

/** Which ways lead over the overlay: those that have no other, and those whose next machine is behind a router. */
export const isFar = ({ via, overlayTo }: Way, routed: ReadonlySet<string>): boolean =>
  overlayTo !== undefined && (via === undefined || routed.has(via))

/** The ways as routes; what neither a link nor the overlay leads to has none. */
export function routesOf(ways: readonly Way[], routed: ReadonlySet<string>, link: string): Route[] {
  return ways.flatMap((way): Route[] => {
    if (isFar(way, routed)) return [{ range: way.range, via: endOf(way.range), link }]
    return way.via === undefined ? [] : [{ range: way.range, via: way.via }]
  })
}

/**
 * Keeps this machine's routes to the pods of other nodes: straight to those that share a link with it, over an overlay to
 * the others. Routes of another cluster on the same machine, that is outside its ranges, are left alone.
 */
export async function startRoutes(options: {
  informers: InformerFactory
  /** Of one family, or of both: "10.244.0.0/16,fd00:10:244::/56". */
  clusterCidr: string
  /** This node, whose pods are here; absent on a machine that is no node. */
  nodeName?: string
  /** Of the nodes inside one machine, where the cluster has such. */
  network?: NodeNetwork
  /** They are inside this one. */
  isMachine?: boolean
  /** Routes that were there before are not taken away; default false: those of an earlier run are. */
  onlyOwn?: boolean
  log: Logger
}): Promise<{ close(): Promise<void> }> {
  const { clusterCidr, network, isMachine = false, log } = options
  const ip = findTool('ip')
  if (ip === undefined) throw new Error('the tool "ip" (Debian package iproute2) is not installed')
  const informer = options.informers.informer(nodes)
  const ranges = [...clusterCidr.split(','), network?.subnet, network?.subnet6].filter((range) => range !== undefined)
  let closed = false
  let failed = ''
  const own = new Set<string>()
  const overlay = openOverlay({
    clusterCidr: ranges[0]!,
    ownCidrs: () => informer.lister.get(options.nodeName ?? '')?.spec?.podCIDRs ?? [],
    ...(isMachine && network !== undefined ? { source: network.gateway } : {}),
  })
  const complain = (error: string): void => {
    if (error !== '' && error !== failed) log.warn('cannot set the routes to the pods of other nodes', { error })
    failed = error
  }
  /** Our routes inside the cluster's ranges. */
  const shown = async (): Promise<[string, string][]> => {
    const outputs = await Promise.all(
      ranges.map((range) => tryRun(ip, [familyFlag(range), 'route', 'show', 'root', range, 'proto', routeProtocol])),
    )
    return outputs.flatMap(({ stdout }) => [...parseRoutes(stdout)])
  }
  const program = async (ways: readonly Way[]): Promise<void> => {
    const routed = await overlay.routed(ways.flatMap(({ via }) => via ?? []))
    const far = ways.filter((way) => isFar(way, routed))
    const problem = await overlay.reach(far.map(({ range, overlayTo }) => ({ range, nodeIp: overlayTo! })))
    if (problem !== '') return complain(problem)
    const wanted = routesOf(ways, routed, overlay.link)
    for (const { range } of wanted) own.add(range)
    if (options.onlyOwn === true && own.size === 0) return
    const have = (await shown()).filter(([range]) => options.onlyOwn !== true || own.has(range))
    const changes = routeChanges(new Map(have), wanted)
    if (changes.length === 0) return
    const done = await tryRun(ip, ['-force', '-batch', '-'], { input: `${changes.join('\n')}\n` })
    complain(done.code === 0 ? '' : done.stderr)
  }
  const ways = (): Way[] => waysFrom(informer.lister.list(), { own: options.nodeName, network, isMachine })
  let queue = Promise.resolve()
  let queued = false
  const sync = (): void => {
    if (queued || closed) return
    queued = true
    queue = queue.then(async () => {
      queued = false
      if (!closed) await program(ways())
    })
  }
  informer.onChange({
    add: sync,
    delete: sync,
    update: (old, next) => {
      const [before, after] = [old, next].map(({ spec, status }) =>
        JSON.stringify([spec?.podCIDRs, spec?.podCIDR, status?.addresses]),
      )
      if (before !== after) sync()
    },
  })
  await informer.synced()
  sync()
  await queue
  return {
    close: async () => {
      closed = true
      await queue
      await program([])
      await overlay.remove({ onlyOwn: options.onlyOwn === true })
    },
  }
}
