import { parseQuantity } from '@kapell/openapi/meta/quantity'
import type { V1Endpoint, V1Node, V1Service } from '@kapell/openapi/types'
import type { EndpointGroup } from './desired.ts'

/** Source: concepts page "Topology Aware Routing"; what it does not say was asked of a running original. */
const modeAnnotation = 'service.kubernetes.io/topology-mode'
const oldAnnotation = 'service.kubernetes.io/topology-aware-hints'
const zoneLabel = 'topology.kubernetes.io/zone'
const controlPlaneLabels = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master']
/** By so much a zone's endpoints may be busier than if they were shared by all. */
const overload = 0.2

/** Whether endpoints are shared out among zones by what their nodes can do. */
export function isTopologyAware({ metadata }: V1Service): boolean {
  const mode = metadata?.annotations?.[modeAnnotation] ?? metadata?.annotations?.[oldAnnotation]
  return mode === 'Auto' || mode === 'auto'
}

/** What of a node counts here; anything else may change without hints changing. */
export interface NodeShare {
  zone: string | undefined
  /** In cores; 0 when it is not said. */
  cpu: number
}

/** The node's part, or undefined when it takes none: one of the control plane, or one that is not ready. */
export function shareOf({ metadata, status }: V1Node): NodeShare | undefined {
  if (controlPlaneLabels.some((label) => metadata?.labels?.[label] !== undefined)) return undefined
  if (status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') !== true) return undefined
  let cpu = 0
  try {
    cpu = parseQuantity(status.allocatable?.['cpu'] ?? '0').toNumber()
  } catch {
    // Not readable is not said.
  }
  return { zone: metadata?.labels?.[zoneLabel], cpu }
}

/** Each zone's part of all cores; undefined when a node does not tell, or when there are no two zones. */
export function zoneShares(nodes: readonly V1Node[]): Map<string, number> | undefined {
  const cpus = new Map<string, number>()
  for (const node of nodes) {
    const share = shareOf(node)
    if (share === undefined) continue
    if (share.zone === undefined || share.zone === '' || share.cpu <= 0) return undefined
    cpus.set(share.zone, (cpus.get(share.zone) ?? 0) + share.cpu)
  }
  if (cpus.size < 2) return undefined
  const total = [...cpus.values()].reduce((sum, cpu) => sum + cpu, 0)
  return new Map([...cpus].map(([zone, cpu]) => [zone, cpu / total]))
}

export type Hints = { groups: EndpointGroup[] } | { problem: string }

/**
 * Gives each ready endpoint of one family a zone, so that each zone has enough for what its nodes will ask: as long as
 * there is enough, its own; those left over go where too few are, the same ones as before where that fits. Without that
 * being possible there is none at all, and why, in words for an event.
 */
export function withZoneHints(
  groups: readonly EndpointGroup[],
  shares: ReadonlyMap<string, number> | undefined,
  hintedBefore: (address: string) => string | undefined,
): Hints {
  const ready = groups.flatMap(({ endpoints }) => endpoints.filter(({ conditions }) => conditions?.ready === true))
  const counts = `${ready.length} endpoints, ${shares?.size ?? 0} zones`
  if (shares === undefined)
    return {
      problem: 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes',
    }
  if (ready.length < shares.size) return { problem: `Insufficient number of endpoints (${counts})` }
  const least = new Map([...shares].map(([zone, share]) => [zone, Math.ceil((share * ready.length) / (1 + overload))]))
  if ([...least.values()].reduce((sum, count) => sum + count, 0) > ready.length)
    return {
      problem: `Unable to allocate minimum required endpoints to each zone without exceeding overload threshold (${counts})`,
    }
  if (ready.some(({ zone }) => (zone ?? '') === ''))
    return { problem: 'One or more endpoints do not have a zone specified' }
  const chosen = share(ready, least, hintedBefore)
  const hinted = (endpoint: V1Endpoint): V1Endpoint => {
    const zone = chosen.get(endpoint)
    if (zone !== undefined) return { ...endpoint, hints: { forZones: [{ name: zone }] } }
    const { hints: _, ...rest } = endpoint
    return rest
  }
  return { groups: groups.map((group) => ({ ...group, endpoints: group.endpoints.map(hinted) })) }
}

function share(
  ready: readonly V1Endpoint[],
  least: ReadonlyMap<string, number>,
  hintedBefore: (address: string) => string | undefined,
): Map<V1Endpoint, string> {
  const chosen = new Map(ready.map((endpoint) => [endpoint, endpoint.zone!]))
  const have = new Map([...least.keys()].map((zone) => [zone, 0]))
  for (const zone of chosen.values()) have.set(zone, (have.get(zone) ?? 0) + 1)
  const surplus = (zone: string): number => (have.get(zone) ?? 0) - (least.get(zone) ?? 0)
  for (const zone of least.keys()) {
    while (surplus(zone) < 0) {
      // A zone without nodes that count needs none of its own.
      const giver = [...have.keys()].reduce((best, each) => (surplus(each) > surplus(best) ? each : best))
      const candidates = ready.filter((endpoint) => chosen.get(endpoint) === giver)
      const moved =
        candidates.find((endpoint) => hintedBefore(endpoint.addresses[0] ?? '') === zone) ?? candidates.at(-1)
      if (moved === undefined) return chosen
      chosen.set(moved, zone)
      have.set(giver, have.get(giver)! - 1)
      have.set(zone, (have.get(zone) ?? 0) + 1)
    }
  }
  return chosen
}
