import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Clock } from '@kapell/controllers/machinery/clock'
import { defineController } from '@kapell/controllers/machinery/controller'
import type { Lister } from '@kapell/controllers/machinery/store'
import { certificateSigningRequests, nodes } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1CertificateSigningRequest, V1Node } from '@kapell/openapi/types'
import { kubeletServingSigner, refusal } from './signers.ts'
import { approve, tryRead } from './approve.ts'
import { isDecided } from './state.ts'
import type { RequestFacts } from './x509.ts'

interface Dependencies {
  client: ApiClient
  clock: Clock
  requests: Lister<V1CertificateSigningRequest>
}

const nodePrefix = 'system:node:'

/**
 * Approves serving certificates of nodes. Upstream leaves that to people or to programs of theirs; ours approves what a
 * node asks for itself, as long as it asks for no other name and address than those its Node object shows. Whatever
 * else is asked for is left for people to decide.
 */
export const kubeletServingApprover = defineController<Dependencies, V1CertificateSigningRequest>({
  name: 'kubelet-serving-approver',
  component: 'kubelet-serving-approver',
  queue: 'kubelet_serving_approver',
  primary: certificateSigningRequests,
  setup: ({ client, clock, lister }) => ({ client, clock, requests: lister(certificateSigningRequests) }),
  reconcile: async (name, { client, clock, requests }) => {
    const request = requests.get(name)
    if (request === undefined || isDecided(request) || request.spec?.signerName !== kubeletServingSigner) return
    const { username = '', usages = [] } = request.spec
    const facts = await tryRead(request)
    if (facts === undefined || refusal(kubeletServingSigner, facts, usages) !== undefined) return
    if (facts.commonName !== username || request.spec.groups?.includes('system:nodes') !== true) return
    // Read anew: a node asks as soon as it has shown itself.
    const node = await client
      .resource(nodes)
      .get(username.slice(nodePrefix.length))
      .catch((error: unknown) => {
        if (isReason(error, 'NotFound')) return undefined
        throw error
      })
    const foreign = namesNotOf(node, facts)
    if (foreign.length > 0)
      throw new Error(`${name}: node ${username.slice(nodePrefix.length)} does not show ${foreign.join(', ')}`)
    const message = 'Auto approving kubelet serving certificate: its names and addresses are those of the node.'
    await approve(request, { client, clock, message })
  },
})

/** Names and addresses in the request that the node does not have. Those of a machine to itself concern nobody else. */
export function namesNotOf(node: V1Node | undefined, facts: RequestFacts): string[] {
  const own = new Set(['localhost', '127.0.0.1', '::1'])
  if (node?.metadata?.name !== undefined) own.add(node.metadata.name)
  for (const { address } of node?.status?.addresses ?? []) own.add(address)
  return [...facts.dnsNames, ...facts.ipAddresses].filter((name) => !own.has(name))
}
