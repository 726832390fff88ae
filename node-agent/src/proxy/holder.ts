import type { V1EndpointSlice, V1Node, V1Service } from '@kapell/openapi/types'
import { createHash } from 'node:crypto'

/** Nodes that must not be used for this. Source: well-known labels. */
const excludeLabel = 'node.kubernetes.io/exclude-from-external-load-balancers'

/**
 * The nodes that can answer for a load balancer's address: not going, not excluded, and ready, unless none is: then an
 * answer from one that does not tell how it is beats none. Sorted.
 */
export function possibleHolders(nodes: readonly V1Node[]): string[] {
  const staying = nodes.filter(
    ({ metadata }) => metadata?.labels?.[excludeLabel] === undefined && metadata?.deletionTimestamp === undefined,
  )
  const ready = staying.filter(({ status }) =>
    status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
  )
  return (ready.length > 0 ? ready : staying).map(({ metadata }) => metadata?.name ?? '').sort()
}

/**
 * Which node answers for an address, so that exactly one does: all choose alike without asking one another, the
 * addresses are spread over the nodes, and when one goes only its own addresses move (rendezvous hashing).
 */
export function holderOf(address: string, nodes: readonly string[]): string | undefined {
  let best: { node: string; weight: string } | undefined
  for (const node of nodes) {
    const weight = createHash('sha256').update(`${address} ${node}`).digest('hex')
    if (best === undefined || weight > best.weight) best = { node, weight }
  }
  return best?.node
}

/** Of the nodes those that would not drop what comes: with externalTrafficPolicy Local, the ones with an endpoint. */
export function holdersFor(
  service: V1Service,
  slices: readonly V1EndpointSlice[],
  nodes: readonly string[],
): readonly string[] {
  if (service.spec?.externalTrafficPolicy !== 'Local') return nodes
  const serving = new Set(
    slices.flatMap(({ endpoints }) =>
      // Clients in Go write null where there are none.
      (endpoints ?? []).flatMap(({ nodeName, conditions }) => (conditions?.ready === false ? [] : (nodeName ?? []))),
    ),
  )
  return nodes.filter((node) => serving.has(node))
}
