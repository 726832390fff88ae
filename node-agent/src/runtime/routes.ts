import type { InformerFactory } from '@kapell/controllers/machinery/informer-factory'
import type { Logger } from '@kapell/controllers/machinery/log'
import { nodes } from '@kapell/openapi/meta/refs'
import type { V1Node } from '@kapell/openapi/types'
import { findTool, tryRun } from './exec.ts'
import { endOf, openOverlay } from './overlay.ts'

/** Marks our routes among the machine's. Source: /etc/iproute2/rt_protos, which leaves this number free. */
const protocol = '75'

/** A node's range of pod addresses and where it is reached. */
export interface Route {
  podCidr: string
  via: string
  /** The link it goes through, when that is not the one the gateway is on. */
  link?: string
}

/** The routes to the pods of all nodes but this one. */
export function wantedRoutes(all: readonly V1Node[], own: string | undefined): Route[] {
  return all.flatMap(({ metadata, spec, status }) => {
    const via = status?.addresses?.find(({ type, address }) => type === 'InternalIP' && !address.includes(':'))?.address
    if (metadata?.name === own || via === undefined) return []
    const ranges = spec?.podCIDRs ?? (spec?.podCIDR === undefined ? [] : [spec.podCIDR])
    return ranges.filter((range) => !range.includes(':')).map((podCidr) => ({ podCidr, via }))
  })
}

/** What `ip` must do, as lines of a batch; `have` maps ranges to gateways. */
export function routeChanges(have: ReadonlyMap<string, string>, wanted: readonly Route[]): string[] {
  const ranges = new Set(wanted.map(({ podCidr }) => podCidr))
  return [
    ...[...have].filter(([range]) => !ranges.has(range)).map(([range]) => `route delete ${range} proto ${protocol}`),
    ...wanted
      .filter(({ podCidr, via }) => have.get(podCidr) !== via)
      .map(({ podCidr, via, link }) => {
        const through = link === undefined ? '' : ` dev ${link} onlink`
        return `route replace ${podCidr} via ${via}${through} proto ${protocol}`
      }),
  ]
}

/** Our routes inside the cluster's range: "10.244.1.0/24 via 172.30.0.3 dev eth0" a line. */
export function parseRoutes(output: string): Map<string, string> {
  return new Map(
    [...output.matchAll(/^([\d.]+(?:\/\d+)?) via ([\d.]+)/gm)].map((match): [string, string] => [match[1]!, match[2]!]),
  )
}

/** The same, where those whose gateway is behind a router go over the overlay instead. */
export function overOverlay(routes: readonly Route[], routed: ReadonlySet<string>, link: string): Route[] {
  return routes.map((route) => (routed.has(route.via) ? { ...route, via: endOf(route.podCidr), link } : route))
}

/**
 * Keeps this machine's routes to the pods of other nodes: straight to those that share a link with it, over an overlay to
 * the others. Routes of another cluster on the same machine, that is outside `clusterCidr`, are left alone.
 */
export async function startRoutes(options: {
  informers: InformerFactory
  clusterCidr: string
  /** This node, whose pods are here; absent on a machine that is no node. */
  nodeName?: string
  /** Routes that were there before are not taken away; default false: those of an earlier run are. */
  onlyOwn?: boolean
  log: Logger
}): Promise<{ close(): Promise<void> }> {
  const { clusterCidr, log } = options
  const ip = findTool('ip')
  if (ip === undefined) throw new Error('the tool "ip" (Debian package iproute2) is not installed')
  const informer = options.informers.informer(nodes)
  let closed = false
  let failed = ''
  const own = new Set<string>()
  const overlay = openOverlay({
    clusterCidr,
    ownCidr: () => informer.lister.get(options.nodeName ?? '')?.spec?.podCIDR,
  })
  const complain = (error: string): void => {
    if (error !== '' && error !== failed) log.warn('cannot set the routes to the pods of other nodes', { error })
    failed = error
  }
  const program = async (straight: readonly Route[]): Promise<void> => {
    const routed = await overlay.routed(straight.map(({ via }) => via))
    const far = straight.filter(({ via }) => routed.has(via))
    const problem = await overlay.reach(far.map(({ podCidr, via }) => ({ podCidr, nodeIp: via })))
    if (problem !== '') return complain(problem)
    const wanted = overOverlay(straight, routed, overlay.link)
    for (const { podCidr } of wanted) own.add(podCidr)
    if (options.onlyOwn === true && own.size === 0) return
    const shown = await tryRun(ip, ['-4', 'route', 'show', 'root', clusterCidr, 'proto', protocol])
    const have = [...parseRoutes(shown.stdout)].filter(([range]) => options.onlyOwn !== true || own.has(range))
    const changes = routeChanges(new Map(have), wanted)
    if (changes.length === 0) return
    const done = await tryRun(ip, ['-force', '-batch', '-'], { input: `${changes.join('\n')}\n` })
    complain(done.code === 0 ? '' : done.stderr)
  }
  let queue = Promise.resolve()
  let queued = false
  const sync = (): void => {
    if (queued || closed) return
    queued = true
    queue = queue.then(async () => {
      queued = false
      if (!closed) await program(wantedRoutes(informer.lister.list(), options.nodeName))
    })
  }
  informer.onChange({
    add: sync,
    delete: sync,
    update: (old, next) => {
      const [before, after] = [old, next].map((node) => JSON.stringify(wantedRoutes([node], undefined)))
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
