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
import { familyOf, type FamilyName } from './family.ts'
import { createFence, type PeerAnswer } from './fence.ts'
import { askPeer, isEligible, possiblePeers } from './peers.ts'
import { startStatusServer } from './status-server.ts'
import { createTelemetry } from './telemetry.ts'
import { nodes } from '@kapell/openapi/meta/refs'
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
  loadBalancerRange?: readonly AddressRange[]
  /** Address of this node that pods reach: the name server listens there. Absent: no name server. */
  gateway?: string
  clusterDomain?: string
  /** Of nftables. Default: as the link, so that two clusters on one machine keep out of each other's. */
  table?: string
  log: Logger
  clock?: Clock
  /** Where node ports answer, of both families. Default: on every address of this machine. */
  nodePortAddresses?: readonly string[]
  /** Where the proxy tells how it is; see status-server.ts. Absent: nowhere. */
  status?: { healthPort?: number; metricsPort?: number }
}

export interface ServiceNetwork {
  /** What Services, names and policies are read by: others may share it. */
  informers: InformerFactory
  proxy: Pick<ServiceProxy, 'synced' | 'setHostPorts' | 'settled'>
  policies: Pick<PolicyEnforcer, 'synced' | 'settled'>
  /** Absent when there is no gateway, or when its address cannot be listened on (which is logged). */
  dns: ClusterDns | undefined
  /** The API server has heard this node: the request was sent at that time. */
  heard(at: Date): void
  close(options?: { keepRules?: boolean }): Promise<void>
}

/** Those of one family, as nftables takes them; an address stands for itself. */
function nodePortsOf(family: FamilyName, all: readonly string[] | undefined): { nodePortAddresses?: string[] } {
  if (all === undefined) return {}
  const { block } = familyOf(family)
  return {
    nodePortAddresses: all.flatMap((each) => {
      const range = each.includes('/') ? each : `${each}/${family === 'IPv4' ? 32 : 128}`
      return block(range) ?? []
    }),
  }
}

/** Who else may answer for a load balancer's address is asked of all nodes; without any, this one alone matters. */
const nodeScope = ({ loadBalancerRange, linkName, nodeName }: ServiceNetworkOptions) =>
  loadBalancerRange === undefined || linkName === undefined ? { fieldSelector: `metadata.name=${nodeName}` } : {}

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
    const telemetry = createTelemetry({ clock })
    const nodeInformer = informers.informer(nodes, nodeScope(options))
    const fence = createFence({
      clock,
      peers: () => possiblePeers(nodeInformer.lister.list(), options.nodeName),
      ask: (node) => askPeer(nodeInformer.lister.get(node)),
      changed: () => {
        log.warn(
          fence.mayHold()
            ? 'the API server hears this node again: it answers for load balancers'
            : 'the API server does not hear this node: it answers for load balancers no more',
        )
        for (const proxy of proxies) proxy.lookAtAddresses()
      },
      signal: stop.signal,
    })
    const fenced = options.loadBalancerRange === undefined ? {} : { mayHold: fence.mayHold }
    const link = options.linkName === undefined ? {} : { linkName: options.linkName }
    const families = [
      { family: 'IPv4' as const, ...rangesOf(options) },
      ...(options.ipv6 === undefined ? [] : [{ family: 'IPv6' as const, ...rangesOf(options.ipv6) }]),
    ]
    for (const { family, ...ranges } of families) {
      const balancers =
        options.loadBalancerRange?.some((range) => range.family === family) === true
          ? { loadBalancerRange: options.loadBalancerRange.filter((range) => range.family === family) }
          : {}
      proxies.push(
        await startProxy({
          ...common,
          ...ranges,
          ...link,
          ...balancers,
          ...fenced,
          ...nodePortsOf(family, options.nodePortAddresses),
          isHealthy: telemetry.isHealthy,
          telemetry: telemetry.family(family),
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
    const status =
      options.status === undefined
        ? undefined
        : await startStatusServer({
            ...options.status,
            telemetry,
            nodeEligible: () => isEligible(nodeInformer.lister.get(options.nodeName)),
            lease: (): PeerAnswer => ({ node: options.nodeName, leaseAgeMs: fence.leaseAgeMs() }),
            log,
          })
    return {
      informers,
      heard: fence.renewed,
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
        await status?.close()
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
