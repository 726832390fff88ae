import type { ApiClient } from '@kapell/controllers/machinery/client'
import { createInformerFactory } from '@kapell/controllers/machinery/informer-factory'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import { ensureKubeDns } from '@kapell/node-agent/dns/kube-dns'
import { endpointSlices, nodes } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1Node } from '@kapell/openapi/types'

/** Where a node's name server for pods listens, "10.244.1.1:53", as the node itself says. */
export const nameServerAnnotation = 'kapell.io/name-server'

export function parseNameServer(text: string | undefined): { address: string; port: number } | undefined {
  const match = /^(\d{1,3}(?:\.\d{1,3}){3}):(\d{1,5})$/.exec(text ?? '')
  return match === null ? undefined : { address: match[1]!, port: Number(match[2]) }
}

/** Gives the Service kube-dns an endpoint for each node that has a name server, and takes away those of nodes that are gone. */
export async function followNameServers(options: {
  client: ApiClient
  clusterDnsIp: string
  log: Logger
}): Promise<{ close(): Promise<void> }> {
  const { client, clusterDnsIp, log } = options
  const stop = new AbortController()
  const informer = createInformerFactory({ client, log, signal: stop.signal }).informer(nodes)
  const said = new Map<string, string>()
  let queue = Promise.resolve()
  const attempt = (nodeName: string, job: () => Promise<void>): void => {
    queue = queue.then(job).catch((error: unknown) => {
      said.delete(nodeName)
      log.error(`names of Services will not be found on node ${nodeName}: ${errorText(error)}`)
    })
  }
  const look = ({ metadata }: V1Node): void => {
    const nodeName = metadata?.name ?? ''
    const text = metadata?.annotations?.[nameServerAnnotation]
    const server = parseNameServer(text)
    if (text === undefined || server === undefined || said.get(nodeName) === text) return
    said.set(nodeName, text)
    attempt(nodeName, () => ensureKubeDns({ client, clusterDnsIp, nodeName, ...server }))
  }
  informer.onChange({
    add: look,
    update: (_, next) => look(next),
    delete: ({ metadata }) => {
      const nodeName = metadata?.name ?? ''
      said.delete(nodeName)
      attempt(nodeName, async () => {
        await client
          .resource(endpointSlices, 'kube-system')
          .delete(`kube-dns-${nodeName}`)
          .catch((error: unknown) => {
            if (!isReason(error, 'NotFound')) throw error
          })
      })
    },
  })
  await informer.synced()
  return {
    close: async () => {
      stop.abort()
      await queue
    },
  }
}
