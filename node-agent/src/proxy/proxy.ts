import { inRanges, type AddressRange } from '@kapell/controllers/machinery/address-range'
import type { InformerFactory } from '@kapell/controllers/machinery/informer-factory'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import { keyOf } from '@kapell/controllers/machinery/store'
import { endpointSlices, nodes, services } from '@kapell/openapi/meta/refs'
import type { V1EndpointSlice, V1Node, V1Service } from '@kapell/openapi/types'
import { keepTrue } from '../kept-true.ts'
import { existsSync } from 'node:fs'
import { findTool, tryRun } from '../runtime/exec.ts'
import type { TableOptions } from './base.ts'
import { staleConnections } from './conntrack.ts'
import { prepareHost, type HostPreparation } from './host.ts'
import type { FamilyName } from './family.ts'
import { possibleHolders } from './holder.ts'
import { hostPortRules, type HostPort } from './host-ports.ts'
import { HealthChecks, healthCheckOf } from './health-checks.ts'
import { createLocalAddresses } from './local-addresses.ts'
import { openNft, type Nft } from './nft.ts'
import { RuleBook } from './rule-book.ts'
import { isProxied, serviceRules, type ProxyNode, type ServiceRules } from './rules.ts'
import type { FamilyTelemetry } from './telemetry.ts'
import { changeScript, emptyState, fullScript, removeScript, tableName } from './script.ts'

export interface ProxyOptions {
  informers: InformerFactory
  nodeName: string
  /** Of the addresses this one serves: two families are two proxies. Default IPv4. */
  family?: FamilyName
  /** Pods of this node, for example "10.244.0.0/24". */
  podCidr: string
  /** Pods of all nodes. Default: podCidr. */
  clusterCidr?: string
  /** With linkName: a route, so that this machine reaches Services even without a default route. */
  serviceCidr?: string
  linkName?: string
  /** With linkName: addresses for load balancers that the cluster gives out; the link takes those that are in use. */
  loadBalancerRange?: readonly AddressRange[]
  /** Of this family; see base.ts. */
  nodePortAddresses?: readonly string[]
  /** Name of our nftables table. Default "kapell". */
  table?: string
  log: Logger
  /** Told once of each Service that has what this machine's kernel cannot do. Default: it is logged. */
  warn?: (service: V1Service, message: string) => void
  /** Whether the kernel translates SCTP. Default: it is asked. */
  knowsSctp?: () => boolean
  nft?: Nft
  /** Default: settings of this machine are changed as Services need them. */
  host?: HostPreparation
  /** Whether this node may have addresses of load balancers now; see lookAtAddresses(). Default: it may. */
  mayHold?: () => boolean
  /** What is told to load balancers outside that ask after a Service. Default: all is well. */
  isHealthy?: () => boolean
  /** Told of what is done. */
  telemetry?: FamilyTelemetry
  /** How often to look whether somebody else removed our table. Default 30,000; 0 for never. */
  checkMs?: number
}

export interface ServiceProxy {
  /** Once the rules of all Services known at the start are in the kernel. */
  synced(): Promise<void>
  /** The host ports of one pod, replacing those it had; an empty list when it goes. */
  setHostPorts(podKey: string, ports: readonly HostPort[]): void
  /** mayHold() answers otherwise than before. */
  lookAtAddresses(): void
  /** Resolves when every change seen so far is in the kernel. */
  settled(): Promise<void>
  /** keepRules: Services go on working while the agent is away. Default: nothing of ours stays. */
  close(options?: { keepRules?: boolean }): Promise<void>
}

/** How many conntrack calls one change may make; beyond that, old UDP connections time out by themselves. */
const maxConntrackCalls = 200
/** Is there when the kernel's connection tracking, which translation needs, knows SCTP. */
const sctpSetting = '/proc/sys/net/netfilter/nf_conntrack_sctp_timeout_established'
const serviceNameLabel = 'kubernetes.io/service-name'
const zoneLabel = 'topology.kubernetes.io/zone'
const serviceKeyIndex = 'serviceKey'

/** When the change happened that made the endpoints what they are. Source: the annotation that their controller writes. */
function triggeredAt({ metadata }: V1EndpointSlice): Date | undefined {
  const at = Date.parse(metadata?.annotations?.['endpoints.kubernetes.io/last-change-trigger-time'] ?? '')
  return Number.isNaN(at) ? undefined : new Date(at)
}

const serviceOwner = (key: string): string => `service/${key}`
const serviceKeyOf = (slice: V1EndpointSlice): string =>
  `${slice.metadata?.namespace ?? ''}/${slice.metadata?.labels?.[serviceNameLabel] ?? ''}`

/**
 * Keeps this node's nftables table in step with Services and their endpoints. Starts at once; the first rules are
 * there with synced(). Errors: nftables is missing, or the kernel refuses our table.
 */
export async function startProxy(options: ProxyOptions): Promise<ServiceProxy> {
  const { informers, log, family } = options
  const nft = options.nft ?? openNft()
  const table: TableOptions = {
    table: options.table ?? 'kapell',
    ...(family === undefined ? {} : { family }),
    podCidr: options.podCidr,
    clusterCidr: options.clusterCidr ?? options.podCidr,
    ...(options.nodePortAddresses === undefined ? {} : { nodePortAddresses: options.nodePortAddresses }),
  }
  const { loadBalancerRange, linkName } = options
  const at = tableName(table.table, family)
  // Once is enough: they are asked over IPv4.
  const checksHealth = family !== 'IPv6'
  const node: ProxyNode = {
    nodeName: options.nodeName,
    clusterCidr: table.clusterCidr,
    ...(family === undefined ? {} : { family }),
    ...(loadBalancerRange === undefined ? {} : { loadBalancerRange }),
  }
  const healthChecks = new HealthChecks(log, options.isHealthy)
  const { telemetry } = options
  const addresses =
    linkName === undefined || loadBalancerRange === undefined
      ? undefined
      : createLocalAddresses({
          linkName,
          log,
          mine: (address) => inRanges(loadBalancerRange, address),
          ...(family === undefined ? {} : { family }),
          ...(options.mayHold === undefined ? {} : { mayHold: options.mayHold }),
        })
  const host = options.host ?? (await prepareHost(options, log))
  // Rules of an earlier run go on serving until we know better; without any, pods need at least the way out.
  if (!(await nft.hasTable(at))) await nft.run(fullScript(emptyState(), table))

  const serviceInformer = informers.informer(services)
  const sliceInformer = informers.informer(endpointSlices, {
    indexers: { [serviceKeyIndex]: (slice) => [serviceKeyOf(slice)] },
  })
  // Which node answers for a load balancer's address depends on all of them; anything else on this one only.
  const nodeInformer = informers.informer(
    nodes,
    addresses === undefined ? { fieldSelector: `metadata.name=${options.nodeName}` } : {},
  )
  const book = new RuleBook()
  const dirty = new Set<string>()
  let ready = false
  let mustReplace = true

  const warned = new Set<string>()
  const { knowsSctp = () => existsSync(sctpSetting) } = options
  const warn = options.warn ?? ((service: V1Service, message: string) => log.warn(message, { service: keyOf(service) }))
  const checkSctp = (key: string, service: V1Service) => {
    const wanted = isProxied(service) && service.spec?.ports?.some(({ protocol }) => protocol === 'SCTP') === true
    if (!wanted) warned.delete(key)
    else if (!warned.has(key) && !knowsSctp()) {
      warned.add(key)
      warn(service, `the kernel of node ${node.nodeName} does not track SCTP: its SCTP ports do not answer there`)
    }
  }
  const rulesFor = (key: string): ServiceRules | undefined => {
    const service = serviceInformer.lister.get(key)
    if (service !== undefined) checkSctp(key, service)
    if (service === undefined) {
      warned.delete(key)
      healthChecks.put(key, undefined)
      return undefined
    }
    const slices = sliceInformer.lister.byIndex(serviceKeyIndex, key)
    const check = isProxied(service) ? healthCheckOf(service, slices, node.nodeName) : undefined
    if (checksHealth) healthChecks.put(key, check)
    return serviceRules(service, slices, node)
  }
  const forgotten: string[][] = []
  const put = (owner: string, rules: ServiceRules | undefined) => {
    const before = book.rulesOf(owner)?.udp ?? []
    book.put(owner, rules)
    addresses?.put(owner, rules?.addresses ?? [])
    if (ready) forgotten.push(...staleConnections(before, rules?.udp ?? [], family))
  }

  /** The whole table anew; if it is refused as a whole, owner by owner, so that one bad object harms only itself. */
  const replace = async () => {
    try {
      await nft.run(fullScript(book.wanted, table))
      book.reset('everything')
      return
    } catch (error) {
      log.warn('nftables refused the rules as a whole; adding them one by one', { error: errorText(error) })
    }
    await nft.run(fullScript(emptyState(), table))
    book.reset('nothing')
    const all = book.owners().map((owner) => ({ owner, rules: book.rulesOf(owner)! }))
    for (const { owner } of all) book.put(owner, undefined)
    book.takeChange()
    for (const { owner, rules } of all) {
      book.put(owner, rules)
      try {
        await applyChange()
      } catch (error) {
        log.error('nftables refuses the rules of one object', { owner, error: errorText(error) })
        book.put(owner, undefined)
        book.takeChange()
      }
    }
  }
  const applyChange = async () => {
    const { before, after } = book.takeChange()
    const change = changeScript(before, after, at)
    if (change.apply !== '') await nft.run(change.apply)
    if (change.tidy !== '') {
      await nft.run(change.tidy).catch((error: unknown) => {
        // Empty chains that nothing leads to do no harm; the next replacement takes them away.
        log.debug('unused chains stay for now', { error: errorText(error) })
      })
    }
  }
  const flush = async () => {
    const startedAt = performance.now()
    const full = mustReplace
    for (const key of dirty) {
      dirty.delete(key)
      try {
        put(serviceOwner(key), rulesFor(key))
      } catch (error) {
        // One object that nobody expected must not keep the others from being served.
        log.error('cannot make rules of a Service', { service: key, error: errorText(error) })
      }
    }
    try {
      if (mustReplace) await replace()
      else await applyChange()
      mustReplace = false
      telemetry?.synced({ seconds: (performance.now() - startedAt) / 1000, full })
    } catch (error) {
      mustReplace = true
      telemetry?.failed()
      throw error
    } finally {
      await addresses?.apply()
      await forgetConnections(forgotten.splice(0))
    }
  }
  const kept = keepTrue({
    write: flush,
    failed: (error, inMs) => log.error('cannot write Service rules; trying again', { error, inMs }),
    undone: async () => {
      if (await nft.hasTable(at)) return false
      log.warn('the nftables table of Services is gone: somebody removed it; writing it again', { table: at })
      mustReplace = true
      return true
    },
    ...(options.checkMs === undefined ? {} : { checkMs: options.checkMs }),
  })
  const schedule = () => {
    telemetry?.queued()
    kept.touch()
  }
  const touch = (key: string) => {
    dirty.add(key)
    schedule()
  }
  const touchService = (service: V1Service) => {
    telemetry?.serviceChanged()
    touch(keyOf(service))
  }
  const touchSlice = (slice: V1EndpointSlice) => {
    // What was there before this started says nothing of how fast it is.
    telemetry?.endpointsChanged(ready ? triggeredAt(slice) : undefined)
    touch(serviceKeyOf(slice))
  }
  telemetry?.countNoLocal(
    (policy) => book.owners().filter((owner) => book.rulesOf(owner)?.noLocal?.[policy] === true).length,
  )
  const wakeAll = () => {
    for (const service of serviceInformer.lister.list()) touch(keyOf(service))
  }
  const seeNode = (seen: V1Node) => {
    seeHolders()
    const zone = seen.metadata?.labels?.[zoneLabel]
    if (seen.metadata?.name !== node.nodeName || zone === node.zone) return
    if (zone === undefined) delete node.zone
    else node.zone = zone
    wakeAll()
  }
  const seeHolders = () => {
    if (addresses === undefined) return
    const holders = possibleHolders(nodeInformer.lister.list())
    if (holders.join() === node.holders?.join()) return
    node.holders = holders
    wakeAll()
  }
  const stops = [
    nodeInformer.onChange({ add: seeNode, update: (_, seen) => seeNode(seen), delete: seeHolders }),
    serviceInformer.onChange({
      add: (service) => touchService(service),
      update: (_, service) => touchService(service),
      delete: (service) => touchService(service),
    }),
    sliceInformer.onChange({
      add: (slice) => touchSlice(slice),
      update: (old, slice) => {
        if (serviceKeyOf(old) !== serviceKeyOf(slice)) touch(serviceKeyOf(old))
        touchSlice(slice)
      },
      delete: (slice) => touchSlice(slice),
    }),
  ]
  const first = (async () => {
    await Promise.all([serviceInformer.synced(), sliceInformer.synced(), nodeInformer.synced()])
    for (const service of serviceInformer.lister.list()) dirty.add(keyOf(service))
    ready = true
    kept.begin()
    await kept.settled()
  })()
  first.catch(() => undefined)

  return {
    synced: () => first,
    setHostPorts: (podKey, ports) => {
      put(`pod/${podKey}`, ports.length === 0 ? undefined : hostPortRules(ports, family))
      schedule()
    },
    lookAtAddresses: () => {
      addresses?.look()
      schedule()
    },
    settled: () => kept.settled(),
    close: async ({ keepRules = false } = {}) => {
      for (const stop of stops) stop()
      if (!(await kept.close())) return
      await healthChecks.close()
      if (!keepRules) {
        await addresses?.close()
        await nft.run(removeScript(at))
        await host.undo()
      }
      if (options.nft === undefined) await nft.close()
    },
  }
}

async function forgetConnections(calls: readonly string[][]): Promise<void> {
  if (calls.length === 0) return
  const conntrack = findTool('conntrack')
  if (conntrack === undefined) return
  for (const args of calls.slice(0, maxConntrackCalls)) await tryRun(conntrack, args, { timeoutMs: 5000 })
}
