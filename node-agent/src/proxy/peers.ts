import type { V1Node } from '@kapell/openapi/types'
import { request } from 'node:http'
import type { PeerAnswer, PeerState } from './fence.ts'
import { possibleHolders } from './holder.ts'
import { defaultHealthPort, leasePath } from './status-server.ts'

const askMs = 1000
/** An answer is a short line; more than this is none of ours. */
const maxAnswerBytes = 4096

/** The other nodes that could answer for addresses of load balancers. */
export const possiblePeers = (nodes: readonly V1Node[], own: string): string[] =>
  possibleHolders(nodes).filter((name) => name !== own)

/** Whether load balancers may send to a node: not to one that goes. Source: kube-proxy's /healthz. */
export const isEligible = (node: V1Node | undefined): boolean =>
  node?.metadata?.deletionTimestamp === undefined &&
  node?.spec?.taints?.some(({ key }) => key === 'ToBeDeletedByClusterAutoscaler') !== true

/** How long ago another node was heard, by its own account. */
export function askPeer(node: V1Node | undefined, port = defaultHealthPort): Promise<PeerState> {
  const host = node?.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address
  const { name } = node?.metadata ?? {}
  if (host === undefined) return Promise.resolve(undefined)
  return new Promise((resolve) => {
    const asked = request({ host, port, path: leasePath, agent: false, timeout: askMs }, (response) => {
      const parts: Buffer[] = []
      let length = 0
      response.on('data', (part: Buffer) => {
        parts.push(part)
        length += part.length
        if (length > maxAnswerBytes) response.destroy()
      })
      response.on('error', () => resolve(undefined))
      response.on('close', () => resolve(parsePeer(Buffer.concat(parts).toString(), name)))
    })
    asked.on('timeout', () => asked.destroy())
    asked.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED' ? 'down' : undefined))
    asked.end()
  })
}

/** Undefined for an answer of anybody else: another cluster's node may have that port. */
export function parsePeer(text: string, name: string | undefined): PeerAnswer | undefined {
  try {
    const { node, leaseAgeMs } = JSON.parse(text) as Partial<PeerAnswer>
    if (node === undefined || node !== name) return undefined
    if (leaseAgeMs === null) return { node, leaseAgeMs }
    return typeof leaseAgeMs === 'number' ? { node, leaseAgeMs } : undefined
  } catch {
    return undefined
  }
}
