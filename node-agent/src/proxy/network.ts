import { realClock, type Clock } from '@kapell/controllers/machinery/clock'
import { createClient } from '@kapell/controllers/machinery/create-client'
import { createInformerFactory } from '@kapell/controllers/machinery/informer-factory'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import type { Transport } from '@kapell/openapi/wire/transport'
import { startDns, type ClusterDns } from '../dns/dns.ts'
import { startProxy, type ServiceProxy } from './proxy.ts'

export interface ServiceNetworkOptions {
  /** Speaks to the API server as someone who may list Services and EndpointSlices: system:kube-proxy. */
  transport: Transport
  nodeName: string
  podCidr: string
  clusterCidr?: string
  serviceCidr?: string
  linkName?: string
  /** Address of this node that pods reach: the name server listens there. Absent: no name server. */
  gateway?: string
  clusterDomain?: string
  /** Of nftables. Default: as the link, so that two clusters on one machine keep out of each other's. */
  table?: string
  log: Logger
  clock?: Clock
}

export interface ServiceNetwork {
  proxy: ServiceProxy
  /** Absent when there is no gateway, or when its address cannot be listened on (which is logged). */
  dns: ClusterDns | undefined
  close(options?: { keepRules?: boolean }): Promise<void>
}

/** Services by address and by name: the nftables proxy and the name server of one node, reading from the same caches. */
export async function startServiceNetwork(options: ServiceNetworkOptions): Promise<ServiceNetwork> {
  const { log, clock = realClock, gateway } = options
  const stop = new AbortController()
  const client = createClient(options.transport, { userAgent: 'kube-proxy' })
  const informers = createInformerFactory({ client, log, signal: stop.signal, clock })
  try {
    const proxy = await startProxy({
      informers,
      nodeName: options.nodeName,
      podCidr: options.podCidr,
      log,
      ...(options.clusterCidr === undefined ? {} : { clusterCidr: options.clusterCidr }),
      ...(options.serviceCidr === undefined ? {} : { serviceCidr: options.serviceCidr }),
      ...(options.linkName === undefined ? {} : { linkName: options.linkName }),
      table: options.table ?? options.linkName ?? 'kapell',
    })
    const dns =
      gateway === undefined
        ? undefined
        : await startDns({
            informers,
            address: gateway,
            log,
            ...(options.clusterDomain === undefined ? {} : { clusterDomain: options.clusterDomain }),
          }).catch((error: unknown) => {
            log.error('no name server for pods', { error: errorText(error) })
            return undefined
          })
    return {
      proxy,
      dns,
      close: async (how) => {
        await dns?.close()
        await proxy.close(how)
        stop.abort()
      },
    }
  } catch (error) {
    stop.abort()
    throw error
  }
}
