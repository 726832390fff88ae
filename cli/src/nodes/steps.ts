import type { ApiServer } from '@kapell/apiserver/main'
import { createClient } from '@kapell/controllers/machinery/create-client'
import { createInformerFactory } from '@kapell/controllers/machinery/informer-factory'
import type { Logger } from '@kapell/controllers/machinery/log'
import { clusterDnsIpOf } from '@kapell/node-agent/dns/kube-dns'
import { ensureIngressClass } from '@kapell/node-agent/ingress/class'
import { startRoutes } from '@kapell/node-agent/runtime/routes'
import { machineAddress, type Running } from '../cluster.ts'
import * as identities from '../identities.ts'
import { bothFamilies } from '../ip-families.ts'
import type { UpOptions } from '../options.ts'
import { publishClusterConfig } from './cluster-config.ts'
import { publishClusterInfo } from './cluster-info.ts'
import { openMachineNetwork, removeMachineNetwork, type MachineNetwork } from './machine-network.ts'
import { followNameServers } from './name-servers.ts'
import { sweepOtherNodes } from './start-nodes.ts'

/** Takes away nodes of an earlier run that are no more, and makes what joins those of this one. */
export async function prepareNodes(options: UpOptions, names: readonly string[]): Promise<MachineNetwork | undefined> {
  await sweepOtherNodes(options.dataDir, names)
  if (names.length === 0) {
    await removeMachineNetwork(options.dataDir)
    return undefined
  }
  const network = await openMachineNetwork({
    dataDir: options.dataDir,
    clusterCidr: options.clusterCidr,
    ...(options.ipv6 === undefined ? {} : { clusterCidr6: options.ipv6.clusterCidr }),
    ...(options.nodeCidr === undefined ? {} : { subnet: options.nodeCidr }),
  })
  for (const index of await network.existing()) if (index >= names.length) await network.removeNode(index)
  return network
}

/** How other machines reach this one; undefined when no link of it leads anywhere. */
function outerAddress({ advertiseAddress }: UpOptions): string | undefined {
  const address = advertiseAddress ?? machineAddress()
  return address === '127.0.0.1' ? undefined : address
}

/** What a cluster needs for nodes that are not this process: what they read, ways to their pods, their name servers. */
export async function serveNodes(parts: {
  options: UpOptions
  api: ApiServer
  /** This machine, when it is a node itself. */
  nodeName?: string
  /** Of the nodes that are on this machine. */
  network?: MachineNetwork
  log: Logger
}): Promise<Running> {
  const { options, api, nodeName, network, log } = parts
  const client = createClient(api.transport(identities.admin))
  const outer = outerAddress(options)
  const nodeNetwork = network === undefined || outer === undefined ? undefined : network.seenFrom(outer)
  const clusterCidr = bothFamilies(options.clusterCidr, options.ipv6?.clusterCidr)
  await publishClusterConfig(client, {
    serviceClusterIpRange: bothFamilies(options.serviceClusterIpRange, options.ipv6?.serviceClusterIpRange),
    clusterCidr,
    ...(nodeNetwork === undefined ? {} : { nodeNetwork }),
    loadBalancerRange: options.loadBalancerRange ?? '',
    ingressPorts: Object.values(options.ingressPorts ?? {}).join(),
  })
  if (options.ingressPorts !== undefined) await ensureIngressClass(client)
  const address = outer ?? network?.address ?? machineAddress()
  await publishClusterInfo(client, { server: `https://${address}:${api.port}`, caCertificate: api.caCertificate })
  const stop = new AbortController()
  const informers = createInformerFactory({ client, log, signal: stop.signal })
  const routes = await startRoutes({
    informers,
    clusterCidr,
    log,
    ...(nodeNetwork === undefined ? {} : { network: nodeNetwork, isMachine: true }),
    ...(nodeName === undefined ? {} : { nodeName }),
    // Another cluster on this machine may use the same range as long as this one has no nodes.
    onlyOwn: nodeName === undefined && network === undefined,
  })
  const clusterDnsIp = clusterDnsIpOf(options.serviceClusterIpRange)
  const nameServers = await followNameServers({ client, clusterDnsIp, log })
  return {
    close: async () => {
      await nameServers.close()
      if (!options.keepPods) await routes.close()
      stop.abort()
    },
  }
}
