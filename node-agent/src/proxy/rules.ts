import { inRanges, type AddressRange } from '@kapell/controllers/machinery/address-range'
import type { V1EndpointSlice, V1Service, V1ServicePort } from '@kapell/openapi/types'
import { createHash } from 'node:crypto'
import { chooseEndpoints, type Chooser, type Endpoint } from './endpoints.ts'
import { familyOf, type Family } from './family.ts'
import { holderOf, holdersFor } from './holder.ts'

/** What the rules of this node depend on beside the objects. */
export interface ProxyNode extends Chooser {
  /** The range of all pods of the cluster: their traffic is known by it. */
  clusterCidr: string
  /** Addresses of load balancers that the cluster gives out itself: they are this machine's, and lead nowhere else. */
  loadBalancerRange?: readonly AddressRange[]
  /** The nodes that may answer for them. Default: this one alone. */
  holders?: readonly string[]
}

/** One entry of a set (no value) or a map of the table. */
export interface Element<Set extends string = SharedSet> {
  set: Set
  key: string
  value?: string
}

/** The sets and maps that all Services share; see base.ts for their types. */
export type SharedSet =
  | 'service-ips'
  | 'service-nodeports'
  | 'no-endpoint-services'
  | 'no-endpoint-nodeports'
  | 'cluster-ips'
  | 'hairpin'
  | 'endpoints'
  | 'nodeport-endpoints'
  | 'hostports'
  | 'hostports-by-ip'

/** A way in whose UDP connections the kernel remembers, and where they may lead. */
export interface UdpEntry {
  /** Absent: a node port, on every address. */
  address?: string
  port: number
  /** For each kind of traffic that is sent on differently. */
  choices: UdpPlace[][]
}

export interface UdpPlace {
  address: string
  port: number
}

/** Everything one Service puts into the table. */
export interface ServiceRules {
  /** Chain name to its rules. */
  chains: Map<string, string[]>
  /** Own set name to its declaration. */
  sets: Map<string, string>
  elements: Element[]
  udp: UdpEntry[]
  /** Policies that send to endpoints of this node only, of which there are none here but elsewhere. */
  noLocal?: { internal?: boolean; external?: boolean }
  /** Addresses that this machine must take for its own. */
  addresses: string[]
}

/** The bit in a packet's mark that asks for masquerading; the one that network plug-ins know and leave alone. */
export const masqueradeBit = '0x4000'

/** Ports with more endpoints than this have chains of their own. */
export const maxSharedEndpoints = 32
/** The connection mark that stands for a port's first endpoint; the others follow. Any that nobody else uses will do. */
export const choiceMark = 0xa0000

export const emptyRules = (): ServiceRules => ({
  chains: new Map(),
  sets: new Map(),
  elements: [],
  udp: [],
  addresses: [],
})

/** Services and endpoints with one of these, whatever it says, are none of this proxy's. */
const leftToOthers = ['service.kubernetes.io/service-proxy-name', 'service.kubernetes.io/headless']

/** Whether this proxy serves a Service at all. Source: the API's Service, and its well-known labels. */
export function isProxied(service: V1Service): boolean {
  const ip = service.spec?.clusterIP
  return (
    service.spec?.type !== 'ExternalName' &&
    ip !== undefined &&
    ip !== '' &&
    ip !== 'None' &&
    leftToOthers.every((label) => service.metadata?.labels?.[label] === undefined)
  )
}

/** All rules of a set of objects: the whole table but its fixed part. Of two claims to one address and port the first wins. */
export function desiredRules(
  services: readonly V1Service[],
  slices: readonly V1EndpointSlice[],
  node: ProxyNode,
): ServiceRules {
  const all = emptyRules()
  const elements = new Map<string, Element>()
  for (const service of services) {
    const own = slices.filter(
      (slice) =>
        slice.metadata?.namespace === service.metadata?.namespace &&
        slice.metadata?.labels?.['kubernetes.io/service-name'] === service.metadata?.name,
    )
    const rules = serviceRules(service, own, node)
    for (const [name, chain] of rules.chains) all.chains.set(name, chain)
    for (const [name, set] of rules.sets) all.sets.set(name, set)
    for (const each of rules.elements) {
      const key = `${each.set} ${each.key}`
      if (!elements.has(key)) elements.set(key, each)
    }
    all.udp.push(...rules.udp)
  }
  all.elements = [...elements.values()]
  return all
}

/** The rules of one Service, out of its own slices. */
export function serviceRules(service: V1Service, slices: readonly V1EndpointSlice[], node: ProxyNode): ServiceRules {
  const rules = emptyRules()
  if (!isProxied(service)) return rules
  const spec = service.spec!
  const clusterIps = (spec.clusterIPs ?? [spec.clusterIP!]).filter((ip) => familyOf(node.family).is(ip))
  for (const ip of clusterIps) rules.elements.push({ set: 'cluster-ips', key: ip })
  for (const ip of balancerAddresses(service, node)) {
    if (node.loadBalancerRange === undefined || !inRanges(node.loadBalancerRange, ip)) continue
    const holders = holdersFor(service, slices, node.holders ?? [node.nodeName])
    if (holderOf(ip, holders) === node.nodeName) rules.addresses.push(ip)
    // Other ports must not reach what else listens on this machine.
    rules.elements.push({ set: 'cluster-ips', key: ip })
  }
  for (const port of spec.ports ?? []) addPort({ service, port, slices, node, rules, clusterIps })
  return rules
}

/** Load balancers that answer for themselves (ipMode Proxy) are none of a node's business. */
const balancerAddresses = (service: V1Service, node: ProxyNode): string[] =>
  (service.status?.loadBalancer?.ingress ?? [])
    .filter((each) => each.ipMode !== 'Proxy')
    .map((each) => each.ip)
    .filter(familyOf(node.family).is)

interface PortInput {
  service: V1Service
  port: V1ServicePort
  slices: readonly V1EndpointSlice[]
  node: ProxyNode
  rules: ServiceRules
  clusterIps: readonly string[]
}

function addPort({ service, port, slices, node, rules, clusterIps }: PortInput): void {
  const spec = service.spec!
  const family = familyOf(node.family)
  const protocol = (port.protocol ?? 'TCP').toLowerCase()
  if (!['tcp', 'udp', 'sctp'].includes(protocol)) return
  const title = `${service.metadata?.namespace ?? ''}/${service.metadata?.name ?? ''}${port.name ? `:${port.name}` : ''}`
  const id = createHash('sha256').update(`${title}/${protocol}/${port.port}`).digest('hex').slice(0, 12)
  const { cluster, local } = chooseEndpoints(slices, port, node)
  const affinitySeconds =
    spec.sessionAffinity === 'ClientIP' ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10800) : undefined
  const internalLocal = spec.internalTrafficPolicy === 'Local'
  const externalLocal = spec.externalTrafficPolicy === 'Local'
  const made = new Map<string, string>()
  if (local.length === 0 && cluster.length > 0) {
    if (internalLocal) rules.noLocal = { ...rules.noLocal, internal: true }
    if (externalLocal) rules.noLocal = { ...rules.noLocal, external: true }
  }

  /** The chain that sends to one of these endpoints, made when first asked for. */
  const choiceChain = (kind: 'svc' | 'svl', endpoints: readonly Endpoint[]): string => {
    const known = made.get(kind)
    if (known !== undefined) return known
    const name = `${kind}-${id}`
    made.set(kind, name)
    addChoice({ name, title, protocol, endpoints, affinitySeconds, id, rules, family })
    return name
  }
  const internal = internalLocal ? local : cluster
  const internalChain = () => choiceChain(internalLocal ? 'svl' : 'svc', internal)

  const placesOf = (all: readonly Endpoint[]): UdpPlace[] => all.map(({ address, port: to }) => ({ address, port: to }))
  const way = (of: {
    address: string
    verdict: string | undefined
    hasAny: boolean
    choices: readonly (readonly Endpoint[])[]
  }) => {
    const { address, verdict, hasAny, choices } = of
    const key = `${address} . ${protocol} . ${port.port}`
    if (verdict !== undefined) rules.elements.push({ set: 'service-ips', key, value: verdict })
    // Endpoints elsewhere, but none where the policy wants them: silence, so that another node is tried.
    else rules.elements.push({ set: 'no-endpoint-services', key, value: hasAny ? 'drop' : 'goto reject-it' })
    if (protocol === 'udp') rules.udp.push({ address, port: port.port, choices: choices.map(placesOf) })
  }
  /** The verdict that leads to one of these endpoints by way of the maps all Services share, where that can be. */
  const share = (set: 'endpoints' | 'nodeport-endpoints', key: string, endpoints: readonly Endpoint[]) => {
    if (affinitySeconds !== undefined || endpoints.length > maxSharedEndpoints) return undefined
    endpoints.forEach(({ address, port: to }, at) => {
      rules.elements.push({ set, key: `${key} . ${choiceMark + at}`, value: `${address} . ${to}` })
    })
    addHairpins(endpoints, rules)
    return `goto ${set === 'endpoints' ? 'pick' : 'node'}-${endpoints.length}`
  }
  for (const ip of clusterIps) {
    const verdict = (): string =>
      share('endpoints', `${ip} . ${protocol} . ${port.port}`, internal) ?? `goto ${internalChain()}`
    const chosen = internal.length > 0 ? verdict() : undefined
    way({ address: ip, verdict: chosen, hasAny: cluster.length > 0, choices: [internal] })
  }

  const externalIps = (spec.externalIPs ?? []).filter((ip) => family.is(ip))
  const balancerIps = balancerAddresses(service, node)
  const hasNodePort = port.nodePort !== undefined && port.nodePort > 0
  if (!hasNodePort && externalIps.length === 0 && balancerIps.length === 0) return

  const nodePortKey = `${protocol} . ${port.nodePort}`
  const sharedNodePort =
    hasNodePort && !externalLocal && cluster.length > 0 ? share('nodeport-endpoints', nodePortKey, cluster) : undefined
  let external: string | undefined
  if (
    cluster.length > 0 &&
    (externalIps.length > 0 || balancerIps.length > 0 || (hasNodePort && sharedNodePort === undefined))
  ) {
    external = `ext-${id}`
    const lines: string[] = []
    if (externalLocal) {
      // Who is inside the cluster need not care on which node an endpoint is.
      lines.push(`${family.nft} saddr ${node.clusterCidr} goto ${choiceChain('svc', cluster)} comment "${title}"`)
      lines.push(`fib saddr type local meta mark set meta mark or ${masqueradeBit} goto ${choiceChain('svc', cluster)}`)
      if (local.length > 0) lines.push(`goto ${choiceChain('svl', local)}`)
      else lines.push('drop')
    } else {
      lines.push(`meta mark set meta mark or ${masqueradeBit} goto ${choiceChain('svc', cluster)} comment "${title}"`)
    }
    rules.chains.set(external, lines)
  }
  const outer = { hasAny: cluster.length > 0, choices: externalLocal ? [cluster, local] : [cluster] }
  for (const address of externalIps) way({ ...outer, address, verdict: external && `goto ${external}` })
  const ranges = (spec.loadBalancerSourceRanges ?? [])
    .map((each) => each.trim())
    .filter((each) => family.block(each) !== undefined)
  let balancer = external
  if (external !== undefined && balancerIps.length > 0 && ranges.length > 0) {
    balancer = `flt-${id}`
    rules.chains.set(balancer, [
      `${family.nft} saddr { ${ranges.join(', ')} } goto ${external} comment "${title}"`,
      'drop',
    ])
  }
  for (const address of balancerIps) way({ ...outer, address, verdict: balancer && `goto ${balancer}` })
  if (hasNodePort) {
    const key = nodePortKey
    const verdict = sharedNodePort ?? (external && `goto ${external}`)
    if (verdict !== undefined) rules.elements.push({ set: 'service-nodeports', key, value: verdict })
    else rules.elements.push({ set: 'no-endpoint-nodeports', key, value: 'goto reject-it' })
    if (protocol === 'udp') rules.udp.push({ port: port.nodePort!, choices: outer.choices.map(placesOf) })
  }
}

/** A pod that reaches itself through its Service would get a packet from its own address. */
function addHairpins(endpoints: readonly Endpoint[], rules: ServiceRules): void {
  for (const { address, local } of endpoints) {
    if (local) rules.elements.push({ set: 'hairpin', key: `${address} . ${address}` })
  }
}

interface ChoiceInput {
  name: string
  title: string
  protocol: string
  endpoints: readonly Endpoint[]
  affinitySeconds: number | undefined
  id: string
  rules: ServiceRules
  family: Family
}

function addChoice({ name, title, protocol, endpoints, affinitySeconds, id, rules, family }: ChoiceInput): void {
  addHairpins(endpoints, rules)
  const comment = `comment "${title}"`
  if (affinitySeconds === undefined) {
    const [only] = endpoints
    const target =
      endpoints.length === 1
        ? family.target(only!.address, only!.port)
        : `numgen random mod ${endpoints.length} map { ${endpoints.map((each, at) => `${at} : ${each.address} . ${each.port}`).join(', ')} }`
    rules.chains.set(name, [`meta l4proto ${protocol} dnat ${family.nft} to ${target} ${comment}`])
    return
  }
  // Remembering clients: a set an endpoint, so that the clients of the others stay when one goes.
  const ends = endpoints.map((each) => {
    const end = `${id}-${createHash('sha256').update(`${each.address}:${each.port}`).digest('hex').slice(0, 8)}`
    rules.sets.set(
      `aff-${end}`,
      `{ type ${family.address}; size 65536; flags dynamic,timeout; timeout ${affinitySeconds}s; }`,
    )
    rules.chains.set(`end-${end}`, [
      `update @aff-${end} { ${family.nft} saddr }`,
      `meta l4proto ${protocol} dnat ${family.nft} to ${family.target(each.address, each.port)} ${comment}`,
    ])
    return end
  })
  rules.chains.set(name, [
    ...ends.map((end) => `${family.nft} saddr @aff-${end} goto end-${end}`),
    `numgen random mod ${ends.length} vmap { ${ends.map((end, at) => `${at} : goto end-${end}`).join(', ')} }`,
  ])
}
