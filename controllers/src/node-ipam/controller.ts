import type { ApiClient } from '@kapell/controllers/machinery/client'
import { defineController } from '@kapell/controllers/machinery/controller'
import type { EventRecorder } from '@kapell/controllers/machinery/event-recorder'
import type { Lister } from '@kapell/controllers/machinery/store'
import { nodes } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1Node } from '@kapell/openapi/types'
import { freeRanges } from './ranges.ts'

interface Dependencies {
  client: ApiClient
  events: EventRecorder
  nodes: Lister<V1Node>
  clusterCidr: string | undefined
  /** What was given to a node that the cache may not show yet. */
  given: Map<string, readonly string[]>
}

/** Gives each node its range of pod addresses, out of the cluster's. Source: kube-controller-manager, --allocate-node-cidrs. */
export const nodeIpamController = defineController<Dependencies, V1Node>({
  name: 'node-ipam-controller',
  serviceAccount: 'node-controller',
  component: 'cidrAllocator',
  queue: 'cidrallocator_node',
  primary: nodes,
  // One at a time: two nodes must never get the same range.
  workers: 1,
  setup: ({ client, events, lister, clusterCidr }) => ({
    client,
    events,
    nodes: lister(nodes),
    clusterCidr,
    given: new Map(),
  }),
  reconcile: async (name, { client, events, nodes: known, clusterCidr, given }) => {
    if (clusterCidr === undefined) return
    const node = known.get(name)
    if (node === undefined || node.metadata?.deletionTimestamp !== undefined) {
      given.delete(name)
      return
    }
    if (rangesOf(node).length > 0) {
      given.delete(name)
      return
    }
    const taken = [
      ...known.list().flatMap(rangesOf),
      ...[...given].filter(([n]) => n !== name).flatMap(([, ranges]) => ranges),
    ]
    const podCIDRs = given.get(name) ?? freeRanges(clusterCidr, taken)
    if (podCIDRs === undefined) {
      events.event(node, 'Normal', 'CIDRNotAvailable', `Node ${name} status is now: CIDRNotAvailable`)
      throw new Error(
        'failed to allocate cidr: CIDR allocation failed; there are no remaining CIDRs left to allocate in the accepted range',
      )
    }
    given.set(name, podCIDRs)
    try {
      await client.resource(nodes).patch(name, 'strategic', {
        metadata: { uid: node.metadata?.uid },
        spec: { podCIDR: podCIDRs[0], podCIDRs },
      })
    } catch (error) {
      if (isReason(error, 'NotFound', 'Conflict', 'Invalid')) given.delete(name)
      if (!isReason(error, 'NotFound')) throw error
    }
  },
})

const rangesOf = ({ spec }: V1Node): string[] => spec?.podCIDRs ?? (spec?.podCIDR === undefined ? [] : [spec.podCIDR])
