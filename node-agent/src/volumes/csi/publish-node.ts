import type { ApiClient } from '@kapell/controllers/machinery/client'
import { csiNodes, nodes } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1CSINode } from '@kapell/openapi/types'
import type { DriverFacts } from './drivers.ts'

const nodeIdAnnotation = 'csi.volume.kubernetes.io/nodeid'

/** The CSINode object for what drivers say of a node. */
export function csiNodeOf(node: { name: string; uid: string }, drivers: readonly DriverFacts[]): V1CSINode {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSINode',
    metadata: {
      name: node.name,
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node.name, uid: node.uid }],
    },
    spec: {
      drivers: drivers.map(({ name, nodeId, maxVolumes, topology }) => ({
        name,
        nodeID: nodeId,
        topologyKeys: Object.keys(topology).sort(),
        ...(maxVolumes === undefined ? {} : { allocatable: { count: maxVolumes } }),
      })),
    },
  }
}

/** Says on Node and CSINode which drivers there are: ids, topology, limits. */
export async function publishDrivers(
  client: ApiClient,
  nodeName: string,
  drivers: readonly DriverFacts[],
): Promise<void> {
  const node = await client.resource(nodes).get(nodeName)
  const wanted = csiNodeOf({ name: nodeName, uid: node.metadata?.uid ?? '' }, drivers)
  const ids = Object.fromEntries(drivers.map(({ name, nodeId }) => [name, nodeId]))
  const text = drivers.length === 0 ? null : JSON.stringify(ids)
  const labels = Object.assign({}, ...drivers.map(({ topology }) => topology)) as Record<string, string>
  if ((node.metadata?.annotations?.[nodeIdAnnotation] ?? null) !== text || hasOther(node.metadata?.labels, labels))
    await client.resource(nodes).patch(nodeName, 'merge', {
      metadata: { annotations: { [nodeIdAnnotation]: text }, labels },
    })
  const resource = client.resource(csiNodes)
  try {
    const existing = await resource.get(nodeName)
    // An empty list is stored as none.
    if (JSON.stringify(existing.spec.drivers ?? []) === JSON.stringify(wanted.spec.drivers)) return
    await resource.update({ ...existing, metadata: { ...existing.metadata, ...ownersOf(wanted) }, spec: wanted.spec })
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
    await resource.create(wanted)
  }
}

const ownersOf = ({ metadata }: V1CSINode) => ({ ownerReferences: metadata?.ownerReferences ?? [] })

const hasOther = (has: Record<string, string> = {}, wanted: Record<string, string>): boolean =>
  Object.entries(wanted).some(([key, value]) => has[key] !== value)
