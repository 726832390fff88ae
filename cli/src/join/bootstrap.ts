import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createClient } from '@kapell/controllers/machinery/create-client'
import { httpsTransport } from '@kapell/controllers/machinery/https-transport'
import { errorText } from '@kapell/controllers/machinery/log'
import { clientSigner, orderCertificate, type CertificatePair } from '@kapell/node-agent/certificates/request'
import type { BootstrapToken } from '@kapell/openapi/meta/bootstrap-token'
import { nodes } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import { UserError } from '../errors.ts'

/** So long a request may wait for somebody to approve it. */
const approvalMs = 10 * 60_000

/**
 * A certificate of system:node:NAME for somebody who has a token. Source: "TLS bootstrapping".
 * @throws UserError when the token is not good, the name is taken by a node that is well, or the request is denied.
 */
export async function bootstrapCertificate(options: {
  server: string
  authority: string
  token: BootstrapToken
  nodeName: string
  signal: AbortSignal
  report: (line: string) => void
}): Promise<CertificatePair> {
  const { server, authority, token, nodeName, report } = options
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(approvalMs)])
  const transport = httpsTransport({ server, ca: authority, token: `${token.id}.${token.secret}` })
  const client = createClient(transport, { userAgent: 'kubelet' })
  try {
    const known = await client
      .resource(nodes)
      .get(nodeName, { signal })
      .catch((error: unknown) => {
        if (isReason(error, 'NotFound')) return undefined
        throw error
      })
    if (known?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'))
      throw new UserError(
        `the cluster has a node ${nodeName} that is Ready: choose another name with --node-name, or delete that node first`,
      )
    report(`asks for the certificate of node ${nodeName} ("kubectl get csr" shows the request)`)
    return await orderCertificate({ client, signerName: clientSigner, nodeName, signal })
  } catch (error) {
    if (error instanceof UserError || options.signal.aborted) throw error
    if (isReason(error, 'Unauthorized'))
      throw new UserError('the token is not good for joining: it is unknown, has expired or may only sign', {
        cause: error,
      })
    throw new UserError(`no certificate for node ${nodeName}: ${errorText(error)}`, { cause: error })
  } finally {
    await transport.close()
  }
}

/** This machine's address on the way to the server. Nothing is sent. */
export async function addressTowards(server: string): Promise<string> {
  const { hostname, port } = new URL(server)
  const socket = createSocket('udp4')
  try {
    socket.connect(port === '' ? 443 : Number(port), hostname)
    await once(socket, 'connect')
    return socket.address().address
  } catch (error) {
    throw new UserError(`there is no way to ${hostname} from here: ${errorText(error)}`, { cause: error })
  } finally {
    socket.close()
  }
}
