import { gitVersion } from '@kapell/apiserver/version'
import { parseAddressRange } from '@kapell/controllers/machinery/address-range'
import type { ApiClient } from '@kapell/controllers/machinery/client'
import { createClient } from '@kapell/controllers/machinery/create-client'
import { createInformerFactory } from '@kapell/controllers/machinery/informer-factory'
import type { Logger } from '@kapell/controllers/machinery/log'
import { clusterDnsIpOf } from '@kapell/node-agent/dns/kube-dns'
import { startNodeAgent } from '@kapell/node-agent/main'
import { startRoutes } from '@kapell/node-agent/runtime/routes'
import { nodes } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1Node } from '@kapell/openapi/types'
import { UserError } from '../errors.ts'
import { transportFromKubeconfig } from '../kubeconfig.ts'
import { readClusterConfig } from './cluster-config.ts'
import { nameServerAnnotation } from './name-servers.ts'

/** A node that reaches the API server over the network, with a certificate of its own. */
export interface NodeConfig {
  nodeName: string
  nodeIp: string
  dataDir: string
  imagesDir: string
  agentPort: number
  /** With the certificate of system:node:NAME. */
  kubeconfig: string
  /** Of the agent's own server, PEM. */
  serving: { cert: string; key: string; clientCa: string }
  containerd?: string
  logLevel: 'debug' | 'info' | 'warn' | 'error'
}

export interface RunningNode {
  summary: string
  /** With `removePods` nothing of the node stays on the machine; without, pods go on and are adopted at the next start. */
  close(options: { removePods: boolean }): Promise<void>
}

/** Starts the node's agent, its routes and its part of DNS. */
export async function runNode(
  config: NodeConfig,
  parts: { log: Logger; report: (line: string) => void; signal: AbortSignal },
): Promise<RunningNode> {
  const { log, report, signal } = parts
  const { nodeName, nodeIp } = config
  const transport = transportFromKubeconfig(config.kubeconfig)
  const client = createClient(transport, { userAgent: 'kubelet' })
  const cluster = await readClusterConfig(client)
  const podCidr = await podCidrOf({ client, nodeName, nodeIp, signal })
  const loadBalancerRange = parseAddressRange(cluster.loadBalancerRange)
  let summary = ''
  const agent = await startNodeAgent({
    transport,
    nodeName,
    nodeIp,
    dataDir: config.dataDir,
    imagesDir: config.imagesDir,
    podCidr,
    clusterCidr: cluster.clusterCidr,
    serviceCidr: cluster.serviceClusterIpRange,
    ...(loadBalancerRange === undefined ? {} : { loadBalancerRange }),
    clusterDns: [clusterDnsIpOf(cluster.serviceClusterIpRange)],
    port: config.agentPort,
    serving: config.serving,
    version: gitVersion,
    log,
    signal,
    progress: (line) => {
      summary ||= line
      report(line)
    },
    ...(config.containerd === undefined ? {} : { containerd: config.containerd }),
  }).catch((error: unknown) => {
    throw new UserError((error as Error).message, { cause: error })
  })
  const stop = new AbortController()
  const informers = createInformerFactory({ client, log, signal: stop.signal })
  const routes = await startRoutes({ informers, clusterCidr: cluster.clusterCidr, nodeName, log })
  const nameServer = agent.dns === undefined ? null : `${agent.dns.address}:${agent.dns.port}`
  await client
    .resource(nodes)
    .patch(nodeName, 'merge', { metadata: { annotations: { [nameServerAnnotation]: nameServer } } })
  return {
    summary: `${summary}, pods in ${podCidr}`,
    close: async (how) => {
      if (how.removePods) await routes.close()
      stop.abort()
      await agent.close(how)
      await transport.close()
    },
  }
}

/** Shows the node to the cluster, which then says where its pods have their addresses. */
async function podCidrOf(options: {
  client: ApiClient
  nodeName: string
  nodeIp: string
  signal: AbortSignal
}): Promise<string> {
  const { client, nodeName, nodeIp, signal } = options
  const api = client.resource(nodes)
  const node: V1Node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: nodeName, labels: { 'kubernetes.io/hostname': nodeName, 'kubernetes.io/os': 'linux' } },
    spec: {},
    status: { addresses: [{ type: 'InternalIP', address: nodeIp }] },
  }
  await api.create(node, { signal }).catch((error: unknown) => {
    if (!isReason(error, 'AlreadyExists')) throw error
  })
  const found = async (): Promise<string | undefined> => (await api.get(nodeName, { signal })).spec?.podCIDR
  const before = await found()
  if (before !== undefined) return before
  const giveUp = AbortSignal.any([signal, AbortSignal.timeout(60_000)])
  const options2 = { fieldSelector: `metadata.name=${nodeName}`, sendInitialEvents: true, allowWatchBookmarks: true }
  try {
    for await (const { object } of api.watch({ ...options2, signal: giveUp }))
      if (object.spec?.podCIDR !== undefined) return object.spec.podCIDR
  } catch (error) {
    if (!giveUp.aborted) throw error
  }
  throw new UserError(`the cluster gives node ${nodeName} no range of pod addresses: has its --cluster-cidr one left?`)
}
