import type { KubeObject } from '@kapell/openapi/meta/object'
import { internalError } from '@kapell/openapi/meta/status'

interface NodeLike extends KubeObject {
  status?: {
    addresses?: { type: string; address: string }[]
    daemonEndpoints?: { kubeletEndpoint?: { Port?: number } }
  }
}

/** Which of a node's addresses its agent is asked at, best first. */
const preferred = ['InternalIP', 'Hostname', 'InternalDNS', 'ExternalIP', 'ExternalDNS']
const defaultPort = 10250

/** Where a node's agent listens. Throws 500 when the node has no address. */
export function agentOf(node: KubeObject): { host: string; port: number } {
  const { addresses = [], daemonEndpoints } = (node as NodeLike).status ?? {}
  for (const type of preferred) {
    const found = addresses.find((one) => one.type === type)
    if (found !== undefined) return { host: found.address, port: daemonEndpoints?.kubeletEndpoint?.Port ?? defaultPort }
  }
  throw internalError(`no preferred addresses found; known addresses: ${JSON.stringify(addresses.map((a) => a.type))}`)
}
