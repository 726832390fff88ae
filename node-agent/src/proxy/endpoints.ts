import type { V1Endpoint, V1EndpointSlice, V1ServicePort } from '@kapell/openapi/types'

/** Where a packet may be sent. */
export interface Endpoint {
  address: string
  port: number
  /** On this node. */
  local: boolean
}

/** The endpoints of one Service port, chosen for each kind of traffic. */
export interface EndpointChoice {
  /** Traffic whose policy is Cluster: the ready ones, or where none is, those that still serve while they end. */
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
  nodeName: string,
): EndpointChoice {
  const ready = new Map<string, Endpoint>()
  const ending = new Map<string, Endpoint>()
  for (const slice of slices) {
    if (slice.addressType !== 'IPv4') continue
    const match = (slice.ports ?? []).find(
      (each) => (each.name ?? '') === (port.name ?? '') && (each.protocol ?? 'TCP') === (port.protocol ?? 'TCP'),
    )
    if (match?.port == null) continue
    for (const endpoint of slice.endpoints ?? []) {
      const address = endpoint.addresses[0]
      if (address === undefined) continue
      const each: Endpoint = { address, port: match.port, local: endpoint.nodeName === nodeName }
      if (isReady(endpoint)) ready.set(`${address}:${match.port}`, each)
      else if (servesWhileEnding(endpoint)) ending.set(`${address}:${match.port}`, each)
    }
  }
  const all = (from: Map<string, Endpoint>, localOnly: boolean) =>
    [...from.entries()]
      .filter(([, each]) => !localOnly || each.local)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, each]) => each)
  const first = (...choices: Endpoint[][]) => choices.find((each) => each.length > 0) ?? []
  return { cluster: first(all(ready, false), all(ending, false)), local: first(all(ready, true), all(ending, true)) }
}
