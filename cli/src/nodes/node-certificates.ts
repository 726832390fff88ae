import { join } from 'node:path'
import { realClock } from '@kapell/controllers/machinery/clock'
import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Logger } from '@kapell/controllers/machinery/log'
import { readPair, writePair } from '@kapell/node-agent/certificates/files'
import {
  clientSigner,
  isUsable,
  orderCertificate,
  servingSigner,
  type CertificatePair,
} from '@kapell/node-agent/certificates/request'
import { keepCertificate, type KeptCertificate } from '@kapell/node-agent/certificates/rotation'
import { UserError } from '../errors.ts'

/** Where a node keeps its certificates, each with its key. */
export const nodePki = (dataDir: string): { client: string; serving: string } => ({
  client: join(dataDir, 'pki', 'node-client.pem'),
  serving: join(dataDir, 'pki', 'node-serving.pem'),
})

/** The names and addresses that a node's own server is reached by. */
export const servingHosts = (nodeName: string, nodeIp: string): string[] => [nodeName, nodeIp, '127.0.0.1', 'localhost']

interface Parts {
  nodeName: string
  dataDir: string
  /** PEM. */
  authority: string
  /** Asks as the node itself. */
  client: () => ApiClient
  log: Logger
  signal: AbortSignal
}

/** What the node shows to the API server, renewed in time. @throws UserError when there is none. */
export async function keepClientCertificate(parts: Parts): Promise<KeptCertificate> {
  const { nodeName, dataDir, log, signal } = parts
  const path = nodePki(dataDir).client
  const current = await readPair(path)
  if (current === undefined) throw new UserError(`${path} is missing: this node has no certificate`)
  return keepCertificate({
    what: 'client certificate',
    current,
    renew: (ends) => orderCertificate({ client: parts.client(), signerName: clientSigner, nodeName, signal: ends }),
    save: (pair) => writePair(path, pair),
    clock: realClock,
    log,
    signal,
  })
}

/** What the node's own server shows, asked for when there is none that is good; renewed in time. */
export async function keepServingCertificate(
  parts: Parts & { nodeIp: string; report: (line: string) => void },
): Promise<KeptCertificate> {
  const { nodeName, nodeIp, dataDir, authority, log, signal } = parts
  const path = nodePki(dataDir).serving
  const hosts = servingHosts(nodeName, nodeIp)
  const order = (ends: AbortSignal): Promise<CertificatePair> =>
    orderCertificate({ client: parts.client(), signerName: servingSigner, nodeName, hosts, signal: ends })
  let current = await readPair(path)
  if (current === undefined || !isUsable(current, { authority, hosts, now: new Date() })) {
    parts.report('waits for its serving certificate ("kubectl get csr" shows the request)')
    current = await order(signal)
    await writePair(path, current)
  }
  return keepCertificate({
    what: 'serving certificate',
    current,
    renew: order,
    save: (pair) => writePair(path, pair),
    clock: realClock,
    log,
    signal,
  })
}
