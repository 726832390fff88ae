import type { ApiClient } from '@kapell/controllers/machinery/client'
import { defineController } from '@kapell/controllers/machinery/controller'
import type { Lister } from '@kapell/controllers/machinery/store'
import { nodes } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1Node } from '@kapell/openapi/types'
import { isDeleting } from '../shared/pods.ts'
import { nextStep, ttlSecondsOf } from './steps.ts'

const annotation = 'node.alpha.kubernetes.io/ttl'

interface Dependencies {
  client: ApiClient
  nodes: Lister<V1Node>
  ttlSeconds: () => number
}

/**
 * Tells each node's agent how long it may keep Secrets and ConfigMaps; a node learns of another step when something of
 * it changes. Source: "Well-Known Labels, Annotations and Taints", node.alpha.kubernetes.io/ttl.
 */
export const ttlController = defineController<Dependencies, V1Node>({
  name: 'ttl-controller',
  queue: 'ttlcontroller',
  primary: nodes,
  setup: ({ client, informer }) => {
    const { lister } = informer(nodes)
    let step = 0
    const ttlSeconds = (): number => ttlSecondsOf((step = nextStep(step, lister.size)))
    return { client, nodes: lister, ttlSeconds }
  },
  reconcile: async (name, { client, nodes: known, ttlSeconds }) => {
    const node = known.get(name)
    const ttl = String(ttlSeconds())
    if (node === undefined || isDeleting(node) || node.metadata?.annotations?.[annotation] === ttl) return
    try {
      await client.resource(nodes).patch(name, 'strategic', { metadata: { annotations: { [annotation]: ttl } } })
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  },
})
