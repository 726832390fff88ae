import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { httpsTransport, type HttpsTransport } from '@kapell/controllers/machinery/https-transport'
import { UserError } from './errors.ts'

interface KubeconfigFile {
  'current-context'?: string
  clusters?: { name: string; cluster: { server: string; 'certificate-authority-data'?: string } }[]
  contexts?: { name: string; context: { cluster: string; user: string } }[]
  users?: { name: string; user: { token?: string; 'client-certificate-data'?: string; 'client-key-data'?: string } }[]
}

/**
 * A transport to the API server that a kubeconfig's current context names: certificates or a token inside the file.
 * `anonymous` leaves the user's credentials out.
 * @throws UserError when the file cannot be read or names no server.
 */
export function transportFromKubeconfig(path: string, options: { anonymous?: boolean } = {}): HttpsTransport {
  const file = read(path)
  const context = file.contexts?.find((c) => c.name === file['current-context'])?.context
  const cluster = file.clusters?.find((c) => c.name === context?.cluster)?.cluster
  const user = file.users?.find((u) => u.name === context?.user)?.user
  if (cluster === undefined || user === undefined)
    throw new UserError(`${path} has no usable current context: name a cluster and a user in it`)
  const decode = (data: string | undefined): string | undefined =>
    data === undefined ? undefined : Buffer.from(data, 'base64').toString('utf8')
  const ca = decode(cluster['certificate-authority-data'])
  if (options.anonymous === true) return httpsTransport({ server: cluster.server, ...(ca === undefined ? {} : { ca }) })
  const cert = decode(user['client-certificate-data'])
  const key = decode(user['client-key-data'])
  return httpsTransport({
    server: cluster.server,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(user.token === undefined ? {} : { token: user.token }),
  })
}

function read(path: string): KubeconfigFile {
  try {
    return (parse(readFileSync(path, 'utf8')) ?? {}) as KubeconfigFile
  } catch (error) {
    throw new UserError(`cannot read the kubeconfig ${path}: ${(error as Error).message.split('\n')[0]}`, {
      cause: error,
    })
  }
}
