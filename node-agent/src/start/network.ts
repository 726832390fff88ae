import type { Clock } from '@kapell/controllers/machinery/clock'
import type { NodeAgentOptions } from '../options.ts'
import { startServiceNetwork, type ServiceNetwork } from '../proxy/network.ts'
import type { ContainerdRuntime } from '../runtime/containerd.ts'
import type { Closer } from './closer.ts'

export interface NetworkParts {
  options: NodeAgentOptions
  nodeName: string
  /** The node's own addresses. */
  addresses: readonly string[]
  containerd: ContainerdRuntime | undefined
  clock: Clock
  closers: Closer[]
}

/** Services, policies and names on this machine; undefined where they are not wanted. */
export async function openNetwork(parts: NetworkParts): Promise<ServiceNetwork | undefined> {
  const { options, nodeName, containerd, clock, closers } = parts
  if (options.proxy === false || options.simulated === true) return undefined
  const network = await startServiceNetwork({
    transport: options.proxyTransport ?? options.transport,
    nodeName,
    podCidr: options.podCidr,
    log: options.log,
    clock,
    status: {},
    ...(options.nodePortAddresses === undefined
      ? {}
      : {
          nodePortAddresses: options.nodePortAddresses === 'primary' ? parts.addresses : options.nodePortAddresses,
        }),
    ...(options.clusterCidr === undefined ? {} : { clusterCidr: options.clusterCidr }),
    ...(options.serviceCidr === undefined ? {} : { serviceCidr: options.serviceCidr }),
    ...(options.ipv6 === undefined ? {} : { ipv6: options.ipv6 }),
    ...(options.loadBalancerRange === undefined ? {} : { loadBalancerRange: options.loadBalancerRange }),
    ...(options.clusterDomain === undefined ? {} : { clusterDomain: options.clusterDomain }),
    ...(containerd === undefined ? {} : { linkName: containerd.paths.linkName, gateway: containerd.gateway }),
  })
  closers.push(({ removePods }) => network.close({ keepRules: !removePods }))
  return network
}
