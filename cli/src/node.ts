import type { ApiServer } from '@kapell/apiserver/main'
import { gitVersion } from '@kapell/apiserver/version'
import { parseAddressRanges } from '@kapell/controllers/machinery/address-range'
import { realClock } from '@kapell/controllers/machinery/clock'
import { createClient } from '@kapell/controllers/machinery/create-client'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import type { CertificatePair } from '@kapell/node-agent/certificates/request'
import { keepCertificate } from '@kapell/node-agent/certificates/rotation'
import { clusterDnsIpOf, ensureKubeDns } from '@kapell/node-agent/dns/kube-dns'
import { startNodeAgent } from '@kapell/node-agent/main'
import { machineAddress, type Running } from './cluster.ts'
import { UserError } from './errors.ts'
import * as identities from './identities.ts'
import { servingHosts } from './nodes/node-certificates.ts'
import { parseNodeFlags } from './node-flags.ts'
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
  const nodeIp = options.advertiseAddress ?? machineAddress()
  const identity = identities.nodeIdentity(options.nodeName)
  const stop = new AbortController()
  const issue = async (): Promise<CertificatePair> => {
    const issued = await api.issueServingCertificate({
      commonName: identity.username,
      organizations: ['system:nodes'],
      hosts: servingHosts(options.nodeName, nodeIp),
    })
    return { cert: issued.certificate, key: issued.key }
  }
  const serving = keepCertificate({
    what: 'serving certificate',
    current: await issue(),
    renew: issue,
    // Every start has a new one.
    save: () => Promise.resolve(),
    clock: realClock,
    log,
    signal: stop.signal,
  })
  const { ipv6 } = options
  const clusterDnsIp = clusterDnsIpOf(options.serviceClusterIpRange)
  const loadBalancerRange = parseAddressRanges(options.loadBalancerRange ?? '')
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
      ...(ipv6 === undefined
        ? {}
        : {
            ipv6: {
              podCidr: ipv6.podCidr,
              clusterCidr: ipv6.clusterCidr,
              serviceCidr: ipv6.serviceClusterIpRange,
            },
          }),
      ...(loadBalancerRange === undefined ? {} : { loadBalancerRange }),
      clusterDns: [clusterDnsIp],
      ...(options.ingressPorts === undefined ? {} : { ingressPorts: options.ingressPorts }),
      serving: { ...serving.current(), clientCa: api.caCertificate, onRenewed: serving.onRenewed },
      version: gitVersion,
      log,
      signal,
      progress: (line) => {
        summary ||= line
        report(line)
      },
      ...(options.containerd === undefined ? {} : { containerd: options.containerd }),
      ...parseNodeFlags(options.nodeFlags),
    })
    if (agent.dns !== undefined) {
      const client = createClient(api.transport(identities.admin))
      await ensureKubeDns({ client, clusterDnsIp, nodeName: agent.nodeName, ...agent.dns }).catch((error: unknown) => {
        log.error(`names of Services will not be found: ${errorText(error)}`)
      })
    }
    return {
      summary,
      close: async () => {
        stop.abort()
        await agent.close({ removePods: !options.keepPods })
      },
    }
  } catch (error) {
    stop.abort()
    throw new UserError((error as Error).message, { cause: error })
  }
}
