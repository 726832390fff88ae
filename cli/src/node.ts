import type { ApiServer } from '@kapell/apiserver/main'
import { gitVersion } from '@kapell/apiserver/version'
import { parseAddressRange } from '@kapell/controllers/machinery/address-range'
import { createClient } from '@kapell/controllers/machinery/create-client'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import { clusterDnsIpOf, ensureKubeDns } from '@kapell/node-agent/dns/kube-dns'
import { startNodeAgent } from '@kapell/node-agent/main'
import { machineAddress, type Running } from './cluster.ts'
import { UserError } from './errors.ts'
import * as identities from './identities.ts'
import type { UpOptions } from './options.ts'

/** The node's part of `kapell up`. Closing it removes every container, mount, interface and rule of it. */
export async function startNode(parts: {
  options: UpOptions
  api: ApiServer
  log: Logger
  report: (line: string) => void
  signal: AbortSignal
}): Promise<Running & { summary: string }> {
  const { options, api, log, report, signal } = parts
  const nodeIp = machineAddress()
  const identity = identities.nodeIdentity(options.nodeName)
  const serving = await api.issueServingCertificate({
    commonName: identity.username,
    organizations: ['system:nodes'],
    hosts: [options.nodeName, nodeIp, '127.0.0.1', 'localhost'],
  })
  const clusterDnsIp = clusterDnsIpOf(options.serviceClusterIpRange)
  const loadBalancerRange = parseAddressRange(options.loadBalancerRange ?? '')
  let summary = ''
  try {
    const agent = await startNodeAgent({
      transport: api.transport(identity),
      proxyTransport: api.transport(identities.proxy),
      nodeName: options.nodeName,
      nodeIp,
      dataDir: options.dataDir,
      podCidr: options.podCidr,
      clusterCidr: options.clusterCidr,
      port: options.agentPort,
      serviceCidr: options.serviceClusterIpRange,
      ...(loadBalancerRange === undefined ? {} : { loadBalancerRange }),
      clusterDns: [clusterDnsIp],
      serving: { cert: serving.certificate, key: serving.key, clientCa: api.caCertificate },
      version: gitVersion,
      log,
      signal,
      progress: (line) => {
        summary ||= line
        report(line)
      },
      ...(options.containerd === undefined ? {} : { containerd: options.containerd }),
    })
    if (agent.dns !== undefined) {
      const client = createClient(api.transport(identities.admin))
      await ensureKubeDns({ client, clusterDnsIp, nodeName: agent.nodeName, ...agent.dns }).catch((error: unknown) => {
        log.error(`names of Services will not be found: ${errorText(error)}`)
      })
    }
    return { summary, close: () => agent.close({ removePods: true }) }
  } catch (error) {
    throw new UserError((error as Error).message, { cause: error })
  }
}
