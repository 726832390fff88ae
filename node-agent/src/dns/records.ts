import type { V1Endpoint, V1EndpointSlice, V1Service } from '@kapell/openapi/types'
import type { Answer, Question } from '@leichtgewicht/dns-packet'
import { isIPv4, isIPv6 } from 'node:net'

/** What names are made of: reads of the Service and EndpointSlice caches. */
export interface ZoneView {
  /** Without a trailing dot, lower case: "cluster.local". */
  zone: string
  service(namespace: string, name: string): V1Service | undefined
  slices(namespace: string, service: string): readonly V1EndpointSlice[]
  hasNamespace(namespace: string): boolean
  serviceByIp(ip: string): V1Service | undefined
  slicesByIp(ip: string): readonly V1EndpointSlice[]
}

export interface ZoneAnswer {
  rcode: 0 | 3
  answers: Answer[]
  additionals: Answer[]
  /** A name outside the cluster whose records of the asked type belong behind these answers. */
  follow?: string
}

/** Seconds a client may keep an answer. Source: Kubernetes DNS specification's default server. */
export const ttlSeconds = 5

const found = (answers: Answer[], additionals: Answer[] = []): ZoneAnswer => ({ rcode: 0, answers, additionals })
const noData: ZoneAnswer = { rcode: 0, answers: [], additionals: [] }
const noName: ZoneAnswer = { rcode: 3, answers: [], additionals: [] }

/**
 * The cluster's own answer to a question, or undefined when the name is none of the cluster's.
 * Source: the specification "Kubernetes DNS-Based Service Discovery", version 1.1.0.
 */
export function answerFromCluster(question: Question, view: ZoneView): ZoneAnswer | undefined {
  const name = question.name.toLowerCase().replace(/\.$/, '')
  const { zone } = view
  if (name.endsWith('.in-addr.arpa') || name.endsWith('.ip6.arpa')) return reverse(name, question, view)
  if (name !== zone && !name.endsWith(`.${zone}`)) return undefined
  const labels = name === zone ? [] : name.slice(0, -zone.length - 1).split('.')
  const ask: Ask = { name: question.name.replace(/\.$/, ''), type: question.type, view }
  if (labels.length === 0 && question.type !== 'SOA') return noData
  if (labels.length === 1 && labels[0] === 'dns-version') {
    return question.type === 'TXT'
      ? found([{ type: 'TXT', name: ask.name, ttl: ttlSeconds, class: 'IN', data: '1.1.0' }])
      : noData
  }
  if (question.type === 'SOA') return labels.length === 0 ? found([startOfAuthority(zone)]) : noData
  const kind = labels.at(-1)
  if (kind === 'svc') return serviceZone(labels.slice(0, -1), ask)
  if (kind === 'pod') return podZone(labels.slice(0, -1), ask)
  return noName
}

interface Ask {
  /** As asked, so that the answer repeats its letters. */
  name: string
  type: Question['type']
  view: ZoneView
}

function serviceZone(labels: readonly string[], ask: Ask): ZoneAnswer {
  const { view } = ask
  const namespace = labels.at(-1)
  if (namespace === undefined) return noData
  const serviceName = labels.at(-2)
  if (serviceName === undefined) return view.hasNamespace(namespace) ? noData : noName
  const service = view.service(namespace, serviceName)
  if (service === undefined) return noName
  const front = labels.slice(0, -2)
  const endpoints = service.spec?.type === 'ExternalName' ? [] : headlessEndpoints(service, view)
  if (service.spec?.type === 'ExternalName') {
    if (front.length > 0) return noName
    return external(service, ask)
  }
  if (isHeadless(service) && endpoints.length === 0) return noName
  const [first, second] = front
  if (first === undefined) return recordsOf(service, endpoints, ask)
  if (front.length > 2) return noName
  if (second !== undefined) {
    // Upstream's server takes them without their underscores as well.
    const [port, protocol] = [first, second].map((label) => label.replace(/^_/, ''))
    return recordsOf(service, endpoints, ask, { port: port!, protocol: protocol! })
  }
  const own = endpoints.filter((each) => each.host === first)
  return own.length === 0 ? noName : recordsOf(service, own, ask)
}

/** Of a Service, of one of its ports, or of one of its endpoints. */
function recordsOf(
  service: V1Service,
  endpoints: readonly HeadlessEndpoint[],
  ask: Ask,
  only?: { protocol: string; port: string },
): ZoneAnswer {
  const targets = targetsOf(service, endpoints, ask.view.zone).filter(
    ({ name, protocol }) => only === undefined || (name === only.port && protocol === only.protocol),
  )
  if (only !== undefined && targets.length === 0) return noName
  if (ask.type === 'SRV') return srvRecords(targets, ask)
  if (only !== undefined) return addresses(ask, [...new Set(targets.map(({ address }) => address))])
  return addresses(ask, serviceAddresses(service, endpoints))
}

/** Pods are known by their address with dashes; whether such a pod exists is not looked up. */
function podZone(labels: readonly string[], ask: Ask): ZoneAnswer {
  const namespace = labels.at(-1)
  if (namespace === undefined) return noData
  if (labels.length === 1) return noData
  if (labels.length > 2 || !ask.view.hasNamespace(namespace)) return noName
  const dashed = labels[0]!
  const v4 = dashed.replaceAll('-', '.')
  if (isIPv4(v4)) return addresses(ask, [v4])
  const v6 = dashed.replaceAll('-', ':')
  return isIPv6(v6) ? addresses(ask, [v6]) : noName
}

function external(service: V1Service, ask: Ask): ZoneAnswer {
  const target = (service.spec?.externalName ?? '').replace(/\.$/, '')
  if (target === '') return noName
  if (ask.type !== 'A' && ask.type !== 'AAAA' && ask.type !== 'CNAME') return noData
  const follow = ask.type === 'CNAME' ? {} : { follow: target }
  return { ...found([{ type: 'CNAME', name: ask.name, ttl: ttlSeconds, class: 'IN', data: target }]), ...follow }
}

const isHeadless = (service: V1Service): boolean => service.spec?.clusterIP === 'None'

function serviceAddresses(service: V1Service, endpoints: readonly HeadlessEndpoint[]): string[] {
  if (isHeadless(service)) return [...new Set(endpoints.map((each) => each.address))]
  return service.spec?.clusterIPs ?? (service.spec?.clusterIP ? [service.spec.clusterIP] : [])
}

interface HeadlessEndpoint {
  address: string
  /** First label of its own name: its hostname, or its address with dashes. */
  host: string
  ports: { name: string; protocol: string; port: number }[]
}

function headlessEndpoints(service: V1Service, view: ZoneView): HeadlessEndpoint[] {
  if (!isHeadless(service)) return []
  const isNamed = endpointFilter(service)
  const { namespace = '', name = '' } = service.metadata ?? {}
  return view.slices(namespace, name).flatMap((slice) =>
    (slice.endpoints ?? []).filter(isNamed).flatMap((endpoint) =>
      endpoint.addresses.map((address) => ({
        address,
        host: hostOf(endpoint, address),
        ports: (slice.ports ?? []).flatMap(({ name: port = '', protocol = 'TCP', port: number }) =>
          number === undefined ? [] : [{ name: port, protocol: protocol.toLowerCase(), port: number }],
        ),
      })),
    ),
  )
}

/** Whether an endpoint has a name: when it is ready, or need not be. */
const endpointFilter = ({ spec }: V1Service) => {
  const all = spec?.publishNotReadyAddresses === true
  return ({ conditions }: V1Endpoint): boolean => all || (conditions?.ready ?? true)
}

const hostOf = (endpoint: V1Endpoint, address: string): string =>
  endpoint.hostname !== undefined && endpoint.hostname !== '' ? endpoint.hostname : address.replaceAll(/[.:]/g, '-')

function addresses(ask: Ask, all: readonly string[]): ZoneAnswer {
  return found(
    shuffle(all).flatMap((address) => (typeOf(address) === ask.type ? [addressRecord(ask.name, address)] : [])),
  )
}

const typeOf = (address: string): 'A' | 'AAAA' => (isIPv4(address) ? 'A' : 'AAAA')
const addressRecord = (name: string, address: string): Answer => ({
  type: typeOf(address),
  name,
  ttl: ttlSeconds,
  class: 'IN',
  data: address,
})

/** A port at one address. */
interface Target {
  host: string
  address: string
  name: string
  protocol: string
  port: number
}

function targetsOf(service: V1Service, endpoints: readonly HeadlessEndpoint[], zone: string): Target[] {
  const base = `${service.metadata?.name ?? ''}.${service.metadata?.namespace ?? ''}.svc.${zone}`
  if (isHeadless(service))
    return endpoints.flatMap(({ host, address, ports }) =>
      ports.map((port) => ({ host: `${host}.${base}`, address, ...port })),
    )
  return (service.spec?.ports ?? []).flatMap(({ name = '', protocol = 'TCP', port }) =>
    serviceAddresses(service, []).map((address) => ({
      ...{ host: base, address, name, port },
      protocol: protocol.toLowerCase(),
    })),
  )
}

/** Each place once, however many addresses it has, which stand beside it. */
function srvRecords(targets: readonly Target[], ask: Ask): ZoneAnswer {
  const weight = Math.max(1, Math.floor(100 / Math.max(1, targets.length)))
  const places = new Map(targets.map((each) => [`${each.host} ${each.port}`, each]))
  const extra = new Map(
    targets.map(({ host, address }) => [`${host} ${address}`, addressRecord(host, address)] as const),
  )
  return found(
    shuffle([...places.values()]).map(({ host, port }) => ({
      type: 'SRV',
      name: ask.name,
      ttl: ttlSeconds,
      class: 'IN',
      data: { priority: 0, weight, port, target: host },
    })),
    [...extra.values()],
  )
}

export const startOfAuthority = (zone: string): Answer => ({
  type: 'SOA',
  name: zone,
  ttl: ttlSeconds,
  class: 'IN',
  data: {
    mname: `ns.dns.${zone}`,
    rname: `hostmaster.${zone}`,
    serial: Math.floor(Date.now() / 1000),
    refresh: 7200,
    retry: 1800,
    expire: 86400,
    minimum: ttlSeconds,
  },
})

function reverse(name: string, question: Question, view: ZoneView): ZoneAnswer | undefined {
  const ip = addressOfReverse(name)
  // Other types, and what is none of the cluster's, are the upstream servers'.
  if (ip === undefined || question.type !== 'PTR') return undefined
  const pointer = (target: string): ZoneAnswer =>
    found([
      {
        type: 'PTR',
        name: question.name.replace(/\.$/, ''),
        ttl: ttlSeconds,
        class: 'IN',
        data: `${target}.svc.${view.zone}`,
      },
    ])
  const service = view.serviceByIp(ip)
  if (service !== undefined) return pointer(`${service.metadata?.name ?? ''}.${service.metadata?.namespace ?? ''}`)
  for (const slice of view.slicesByIp(ip)) {
    const namespace = slice.metadata?.namespace ?? ''
    const owner = slice.metadata?.labels?.['kubernetes.io/service-name'] ?? ''
    const headless = view.service(namespace, owner)
    if (headless === undefined || !isHeadless(headless)) continue
    const isNamed = endpointFilter(headless)
    const endpoint = (slice.endpoints ?? []).find((each) => each.addresses.includes(ip) && isNamed(each))
    if (endpoint !== undefined) return pointer(`${hostOf(endpoint, ip)}.${owner}.${namespace}`)
  }
  return undefined
}

/** "4.3.2.1.in-addr.arpa" is 1.2.3.4; the 32 nibbles of ip6.arpa come in the form the caches hold. */
export function addressOfReverse(name: string): string | undefined {
  const v4 = name.endsWith('.in-addr.arpa') ? name.slice(0, -'.in-addr.arpa'.length).split('.').reverse().join('.') : ''
  if (isIPv4(v4)) return v4
  const nibbles = name.endsWith('.ip6.arpa') ? name.slice(0, -'.ip6.arpa'.length).split('.') : []
  if (nibbles.length !== 32 || !nibbles.every((each) => /^[0-9a-f]$/.test(each))) return undefined
  const groups = nibbles.reverse().join('').match(/.{4}/g)!
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}

function shuffle<T>(all: readonly T[]): T[] {
  const out = [...all]
  for (let at = out.length - 1; at > 0; at -= 1) {
    const other = Math.floor(Math.random() * (at + 1))
    ;[out[at], out[other]] = [out[other]!, out[at]!]
  }
  return out
}
