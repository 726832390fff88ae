import type { AddressRange } from '@kapell/controllers/machinery/address-range'
import { realClock, type Clock } from '@kapell/controllers/machinery/clock'
import { createClient } from '@kapell/controllers/machinery/create-client'
import { createEventRecorder } from '@kapell/controllers/machinery/event-recorder'
import { createInformerFactory, type InformerFactory } from '@kapell/controllers/machinery/informer-factory'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import type { V1Service } from '@kapell/openapi/types'
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
  /** The same of the second family, where there is one. */
  ipv6?: { podCidr: string; clusterCidr?: string; serviceCidr?: string }
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
  proxy: Pick<ServiceProxy, 'synced' | 'setHostPorts' | 'settled'>
  policies: Pick<PolicyEnforcer, 'synced' | 'settled'>
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
  const proxies: ServiceProxy[] = []
  const enforcers: PolicyEnforcer[] = []
  try {
    const recorder = createEventRecorder({
      client,
      component: 'kube-proxy',
      host: options.nodeName,
      clock,
      log,
      signal: stop.signal,
    })
    const warn = (service: V1Service, message: string): void =>
      recorder.event(service, 'Warning', 'ProtocolUnsupported', message)
    const common = { informers, nodeName: options.nodeName, nft, log }
    const link = options.linkName === undefined ? {} : { linkName: options.linkName }
    const families = [
      { family: 'IPv4' as const, ...rangesOf(options) },
      ...(options.ipv6 === undefined ? [] : [{ family: 'IPv6' as const, ...rangesOf(options.ipv6) }]),
    ]
    for (const { family, ...ranges } of families) {
      const balancers =
        family === 'IPv4' && options.loadBalancerRange !== undefined
          ? { loadBalancerRange: options.loadBalancerRange }
          : {}
      proxies.push(
        await startProxy({
          ...common,
          ...ranges,
          ...link,
          ...balancers,
          family,
          table,
          ...(family === 'IPv4' ? { warn } : { warn: () => {} }),
        }),
      )
      enforcers.push(startPolicyEnforcer({ ...common, family, table: `${table}-policies` }))
    }
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
      proxy: {
        synced: () => each(proxies, (one) => one.synced()),
        settled: () => each(proxies, (one) => one.settled()),
        setHostPorts: (podKey, ports) => {
          for (const one of proxies) one.setHostPorts(podKey, ports)
        },
      },
      policies: {
        synced: () => each(enforcers, (one) => one.synced()),
        settled: () => each(enforcers, (one) => one.settled()),
      },
      dns,
      close: async (how) => {
        await dns?.close()
        for (const one of enforcers) await one.close(how)
        for (const one of proxies) await one.close(how)
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

async function each<T>(all: readonly T[], job: (one: T) => Promise<void>): Promise<void> {
  await Promise.all(all.map(job))
}

interface Ranges {
  podCidr: string
  clusterCidr?: string
  serviceCidr?: string
}

const rangesOf = ({ podCidr, clusterCidr, serviceCidr }: Ranges): Ranges => ({
  podCidr,
  ...(clusterCidr === undefined ? {} : { clusterCidr }),
  ...(serviceCidr === undefined ? {} : { serviceCidr }),
})
