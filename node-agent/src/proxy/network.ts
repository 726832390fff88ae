import type { AddressRange } from '@kapell/controllers/machinery/address-range'
import { realClock, type Clock } from '@kapell/controllers/machinery/clock'
import { createClient } from '@kapell/controllers/machinery/create-client'
import { createInformerFactory, type InformerFactory } from '@kapell/controllers/machinery/informer-factory'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import type { Transport } from '@kapell/openapi/wire/transport'
import { startDns, type ClusterDns } from '../dns/dns.ts'
import { startPolicyEnforcer, type PolicyEnforcer } from '../network-policy/enforcer.ts'
import { openNft } from './nft.ts'
import { startProxy, type ServiceProxy } from './proxy.ts'

export interface ServiceNetworkOptions {
  /** Speaks to the API server as someone who may list Services, EndpointSlices, NetworkPolicies, Namespaces and Pods: system:kube-proxy. */
  transport: Transport
  nodeName: string
  podCidr: string
  clusterCidr?: string
  serviceCidr?: string
  linkName?: string
  loadBalancerRange?: AddressRange
  /** Address of this node that pods reach: the name server listens there. Absent: no name server. */
  gateway?: string
  clusterDomain?: string
  /** Of nftables. Default: as the link, so that two clusters on one machine keep out of each other's. */
  table?: string
  log: Logger
  clock?: Clock
}

export interface ServiceNetwork {
  /** What Services, names and policies are read by: others may share it. */
  informers: InformerFactory
  proxy: ServiceProxy
  policies: PolicyEnforcer
  /** Absent when there is no gateway, or when its address cannot be listened on (which is logged). */
  dns: ClusterDns | undefined
  close(options?: { keepRules?: boolean }): Promise<void>
}

/**
 * Services by address and by name, and who may talk to whom: the nftables proxy, the name server and the network
 * policies of one node, reading from the same caches.
 */
export async function startServiceNetwork(options: ServiceNetworkOptions): Promise<ServiceNetwork> {
  const { log, clock = realClock, gateway } = options
  const stop = new AbortController()
  const client = createClient(options.transport, { userAgent: 'kube-proxy' })
  const informers = createInformerFactory({ client, log, signal: stop.signal, clock })
  const nft = openNft()
  const table = options.table ?? options.linkName ?? 'kapell'
  try {
    const proxy = await startProxy({
      informers,
      nodeName: options.nodeName,
      podCidr: options.podCidr,
      log,
      ...(options.clusterCidr === undefined ? {} : { clusterCidr: options.clusterCidr }),
      ...(options.serviceCidr === undefined ? {} : { serviceCidr: options.serviceCidr }),
      ...(options.linkName === undefined ? {} : { linkName: options.linkName }),
      ...(options.loadBalancerRange === undefined ? {} : { loadBalancerRange: options.loadBalancerRange }),
      table,
      nft,
    })
    const policies = startPolicyEnforcer({
      informers,
      nodeName: options.nodeName,
      table: `${table}-policies`,
      nft,
      log,
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
      informers,
      proxy,
      policies,
      dns,
      close: async (how) => {
        await dns?.close()
        await policies.close(how)
        await proxy.close(how)
        stop.abort()
        await nft.close()
      },
    }
  } catch (error) {
    stop.abort()
    await nft.close()
    throw error
  }
}
