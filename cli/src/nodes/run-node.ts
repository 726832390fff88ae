import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gitVersion } from '@kapell/apiserver/version'
import { parseAddressRanges } from '@kapell/controllers/machinery/address-range'
import type { ApiClient } from '@kapell/controllers/machinery/client'
import { createClient } from '@kapell/controllers/machinery/create-client'
import { createInformerFactory } from '@kapell/controllers/machinery/informer-factory'
import { httpsTransport } from '@kapell/controllers/machinery/https-transport'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import { clusterDnsIpOf } from '@kapell/node-agent/dns/kube-dns'
import { startNodeAgent } from '@kapell/node-agent/main'
import { isIn, type NodeNetwork } from '@kapell/node-agent/runtime/node-network'
import { routeProtocol, startRoutes } from '@kapell/node-agent/runtime/routes'
import { nodes } from '@kapell/openapi/meta/refs'
import { ApiError, isReason } from '@kapell/openapi/meta/status'
import type { V1Node } from '@kapell/openapi/types'
import { UserError } from '../errors.ts'
import { parseNodeFlags, type NodeFlags } from '../node-flags.ts'
import { ingressPortsOf } from '../options.ts'
import { writePrivateFile } from '../cluster.ts'
import { followApiServers } from './api-servers.ts'
import { readClusterConfig, type ClusterConfig } from './cluster-config.ts'
import { rangesInUse, refuseClash } from './machine-network.ts'
import { failoverTransport } from './failover.ts'
import { keepClientCertificate, keepServingCertificate } from './node-certificates.ts'
import { nameServerAnnotation } from './name-servers.ts'

/** A node that reaches the API server over the network, with a certificate of its own. */
export interface NodeConfig {
  nodeName: string
  nodeIp: string
  dataDir: string
  imagesDir: string
  agentPort: number
  /** "https://192.0.2.1:6443". */
  server: string
  /** The cluster's authority, PEM. */
  authority: string
  containerd?: string
  logLevel: 'debug' | 'info' | 'warn' | 'error'
  nodeFlags?: NodeFlags
}

export interface RunningNode {
  summary: string
  /** With `removePods` nothing of the node stays on the machine; without, pods go on and are adopted at the next start. */
  close(options: { removePods: boolean }): Promise<void>
}

interface RunParts {
  log: Logger
  report: (line: string) => void
  signal: AbortSignal
  /** Somebody deleted the Node. Default: it registers anew. */
  onDeleted?: () => void
}

/**
 * Starts the node's agent, its routes and its part of DNS. Its certificates stand in its data directory: that by which
 * the API server knows it must be there.
 */
export async function runNode(config: NodeConfig, parts: RunParts): Promise<RunningNode> {
  const stop = new AbortController()
  try {
    return await start(config, parts, stop)
  } catch (error) {
    stop.abort()
    throw error
  }
}

async function start(config: NodeConfig, parts: RunParts, stop: AbortController): Promise<RunningNode> {
  const { log, report, signal } = parts
  const { nodeName, nodeIp, authority, dataDir } = config
  const ends = AbortSignal.any([signal, stop.signal])
  const client = (): ApiClient => api
  const certificates = { nodeName, nodeIp, authority, dataDir, client, log, report, signal: ends }
  const identity = await keepClientCertificate(certificates)
  const known = readKnown(config.dataDir)
  const transport = failoverTransport({
    server: config.server,
    others: known?.servers ?? [],
    connect: (server) => httpsTransport({ server, ca: authority, identity: identity.current }),
    changed: (from, to) => log.warn(`node ${nodeName}: ${from} cannot be reached, ${to} answers`),
  })
  stop.signal.addEventListener('abort', () => void transport.close(), { once: true })
  const api = createClient(transport, { userAgent: 'kubelet' })
  const { cluster, podCidr } = await learn({ client: api, config, known, log, signal })
  await checkNodeNetwork(cluster.nodeNetwork, nodeIp)
  const serving = await keepServingCertificate(certificates)
  const loadBalancerRange = parseAddressRanges(cluster.loadBalancerRange)
  const [pods, pods6] = podCidr.split(',')
  const [clusterCidr, clusterCidr6] = cluster.clusterCidr.split(',')
  const [serviceCidr = '', serviceCidr6] = cluster.serviceClusterIpRange.split(',')
  const ipv6 =
    pods6 === undefined || clusterCidr6 === undefined || serviceCidr6 === undefined
      ? undefined
      : { podCidr: pods6, clusterCidr: clusterCidr6, serviceCidr: serviceCidr6 }
  let summary = ''
  const agent = await startNodeAgent({
    transport,
    nodeName,
    nodeIp,
    dataDir,
    imagesDir: config.imagesDir,
    podCidr: pods!,
    clusterCidr: clusterCidr!,
    serviceCidr,
    ...(ipv6 === undefined ? {} : { ipv6 }),
    ...(loadBalancerRange === undefined ? {} : { loadBalancerRange }),
    clusterDns: [clusterDnsIpOf(serviceCidr)],
    ...ingressPortsOf(cluster.ingressPorts),
    port: config.agentPort,
    serving: { ...serving.current(), clientCa: authority, onRenewed: serving.onRenewed },
    version: gitVersion,
    log,
    signal,
    progress: (line) => {
      summary ||= line
      report(line)
    },
    ...(config.containerd === undefined ? {} : { containerd: config.containerd }),
    ...parseNodeFlags(config.nodeFlags ?? {}),
    ...(parts.onDeleted === undefined ? {} : { onNodeDeleted: parts.onDeleted }),
  }).catch((error: unknown) => {
    throw new UserError((error as Error).message, { cause: error })
  })
  const informers = createInformerFactory({ client: api, log, signal: ends })
  followApiServers(informers, (servers) => {
    transport.learn(servers)
    remember(dataDir, { cluster, podCidr, servers })
  })
  const routes = await startRoutes({
    informers,
    clusterCidr: cluster.clusterCidr,
    nodeName,
    log,
    ...(cluster.nodeNetwork === undefined ? {} : { network: cluster.nodeNetwork }),
  })
  const nameServer = agent.dns === undefined ? null : `${agent.dns.address}:${agent.dns.port}`
  await api
    .resource(nodes)
    .patch(nodeName, 'merge', { metadata: { annotations: { [nameServerAnnotation]: nameServer } } })
  return {
    summary: `${summary}, pods in ${podCidr}`,
    close: async (how) => {
      if (how.removePods) await routes.close()
      await agent.close(how)
      stop.abort()
      await transport.close()
    },
  }
}

/** @throws UserError when this machine's own addresses are those of nodes elsewhere: it could not reach both. */
async function checkNodeNetwork(network: NodeNetwork | undefined, nodeIp: string): Promise<void> {
  if (network === undefined || isIn(network.subnet, nodeIp)) return
  refuseClash(network, await rangesInUse(`proto ${routeProtocol}`))
}

/** What was known of the cluster when it was last reached. */
interface Known {
  cluster: ClusterConfig
  /** Of one family, or of both. */
  podCidr: string
  /** The addresses of its API servers. */
  servers?: readonly string[]
}

const knownFile = (dataDir: string): string => join(dataDir, 'cluster.json')
const remember = (dataDir: string, known: Known): void => writePrivateFile(knownFile(dataDir), JSON.stringify(known))

function readKnown(dataDir: string): Known | undefined {
  try {
    return JSON.parse(readFileSync(knownFile(dataDir), 'utf8')) as Known
  } catch {
    // None yet, or half a file of a machine that lost its power: the cluster is asked.
    return undefined
  }
}

/**
 * What the cluster has to tell a node before it can start. A control plane that does not answer keeps no node from its
 * pods: it then starts with what it knew before.
 */
async function learn(parts: {
  client: ApiClient
  config: NodeConfig
  known: Known | undefined
  log: Logger
  signal: AbortSignal
}): Promise<Known> {
  const { client, config, known, log, signal } = parts
  const { nodeName, nodeIp, dataDir } = config
  try {
    const cluster = await readClusterConfig(client)
    const podCidr = await podCidrOf({ client, nodeName, nodeIp, signal })
    remember(dataDir, { ...known, cluster, podCidr })
    return { cluster, podCidr }
  } catch (error) {
    if (error instanceof ApiError || error instanceof UserError || signal.aborted || known === undefined) throw error
    log.warn(`the API server does not answer: node ${nodeName} starts with what it knew (${errorText(error)})`)
    return known
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
  const rangesOf = ({ spec }: V1Node): string | undefined => spec?.podCIDRs?.join() ?? spec?.podCIDR
  const before = rangesOf(await api.get(nodeName, { signal }))
  if (before !== undefined) return before
  const giveUp = AbortSignal.any([signal, AbortSignal.timeout(60_000)])
  const options2 = { fieldSelector: `metadata.name=${nodeName}`, sendInitialEvents: true, allowWatchBookmarks: true }
  try {
    for await (const { object } of api.watch({ ...options2, signal: giveUp })) {
      const ranges = rangesOf(object)
      if (ranges !== undefined) return ranges
    }
  } catch (error) {
    if (!giveUp.aborted) throw error
  }
  throw new UserError(`the cluster gives node ${nodeName} no range of pod addresses: has its --cluster-cidr one left?`)
}
