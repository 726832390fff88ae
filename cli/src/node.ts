import type { ApiServer } from '@kapell/apiserver/main'
import { gitVersion } from '@kapell/apiserver/version'
import type { Logger } from '@kapell/controllers/machinery/log'
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
  let summary = ''
  try {
    const agent = await startNodeAgent({
      transport: api.transport(identity),
      proxyTransport: api.transport(identities.proxy),
      nodeName: options.nodeName,
      nodeIp,
      dataDir: options.dataDir,
      podCidr: options.podCidr,
      serviceCidr: options.serviceClusterIpRange,
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
    return { summary, close: () => agent.close({ removePods: true }) }
  } catch (error) {
    throw new UserError((error as Error).message, { cause: error })
  }
}
