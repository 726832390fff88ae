import type { V1Endpoint, V1EndpointSlice, V1ServicePort } from '@kapell/openapi/types'

/** Where a packet may be sent. */
export interface Endpoint {
  address: string
  port: number
  /** On this node. */
  local: boolean
}

interface Candidate extends Endpoint {
  hints: V1Endpoint['hints']
}

/** Who chooses. */
export interface Chooser {
  nodeName: string
  /** Of this node's label topology.kubernetes.io/zone. */
  zone?: string
  /** Of the addresses wanted. Default IPv4. */
  family?: 'IPv4' | 'IPv6'
}

/** The endpoints of one Service port, chosen for each kind of traffic. */
export interface EndpointChoice {
  /**
   * Traffic whose policy is Cluster: the ready ones, of these those that hints mean for this node or zone; or where none
   * is ready, those that still serve while they end.
   */
  cluster: Endpoint[]
  /** Traffic whose policy is Local: the same of this node only. */
  local: Endpoint[]
}

/** Where conditions lack, an endpoint counts as ready. Source: the API's EndpointConditions. */
const isReady = (endpoint: V1Endpoint): boolean => endpoint.conditions?.ready ?? true
const servesWhileEnding = (endpoint: V1Endpoint): boolean =>
  (endpoint.conditions?.serving ?? isReady(endpoint)) && endpoint.conditions?.terminating === true

/** Chooses the endpoints of a port out of a Service's slices; sorted, each address and port once. */
export function chooseEndpoints(
  slices: readonly V1EndpointSlice[],
  port: V1ServicePort,
  chooser: Chooser,
): EndpointChoice {
  const ready = new Map<string, Candidate>()
  const ending = new Map<string, Candidate>()
  for (const slice of slices) {
    if (slice.addressType !== (chooser.family ?? 'IPv4')) continue
    const match = (slice.ports ?? []).find(
      (each) => (each.name ?? '') === (port.name ?? '') && (each.protocol ?? 'TCP') === (port.protocol ?? 'TCP'),
    )
    if (match?.port == null) continue
    for (const endpoint of slice.endpoints ?? []) {
      const address = endpoint.addresses[0]
      if (address === undefined) continue
      const each: Candidate = {
        address,
        port: match.port,
        local: endpoint.nodeName === chooser.nodeName,
        hints: endpoint.hints,
      }
      if (isReady(endpoint)) ready.set(`${address}:${match.port}`, each)
      else if (servesWhileEnding(endpoint)) ending.set(`${address}:${match.port}`, each)
    }
  }
  const all = (from: Map<string, Candidate>, localOnly: boolean) =>
    [...from.entries()]
      .filter(([, each]) => !localOnly || each.local)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, each]) => each)
  const plain = ({ address, port: to, local }: Candidate): Endpoint => ({ address, port: to, local })
  const first = (...choices: Candidate[][]) => (choices.find((each) => each.length > 0) ?? []).map(plain)
  return {
    cluster: first(preferred(all(ready, false), chooser), all(ending, false)),
    local: first(all(ready, true), all(ending, true)),
  }
}

/**
 * Those meant for this node, else those meant for its zone, else all. A hint counts only when every endpoint has one:
 * in between, as when they are being written, a few would carry what is meant for all.
 */
function preferred(endpoints: Candidate[], { nodeName, zone }: Chooser): Candidate[] {
  const meant = (hint: 'forNodes' | 'forZones', name: string | undefined): Candidate[] => {
    if (name === undefined || !endpoints.every(({ hints }) => (hints?.[hint] ?? []).length > 0)) return []
    return endpoints.filter(({ hints }) => hints![hint]!.some((each) => each.name === name))
  }
  const ofNode = meant('forNodes', nodeName)
  if (ofNode.length > 0) return ofNode
  const ofZone = meant('forZones', zone)
  return ofZone.length > 0 ? ofZone : endpoints
}
