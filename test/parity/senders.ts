import { transportFromKubeconfig } from '@kapell/cli/kubeconfig'
import type { EmbeddedCluster } from '@kapell/cli'
import type { Transport } from '@kapell/openapi/wire/transport'
import type { Send } from './case.ts'

type Method = Parameters<Transport>[0]['method']

/** Asks through transports; a HEAD or a header-less anonymous request goes the same way. */
function sender(authenticated: Transport, anonymous: Transport): Send {
  return async (request) => {
    const transport = request.anonymous ? anonymous : authenticated
    const answer = await transport({
      method: request.method as Method,
      path: request.path,
      headers: request.headers,
      ...(request.body === undefined ? {} : { body: request.body }),
    })
    return { code: answer.status, headers: answer.headers, bytes: await answer.bytes() }
  }
}

/** Our own server, in-process. */
export function embeddedSender(cluster: EmbeddedCluster): Send {
  return sender(
    cluster.transport({ username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] }),
    cluster.transport({ username: 'system:anonymous', groups: ['system:unauthenticated'] }),
  )
}

/** Any server, through a kubeconfig; anonymous requests are sent without its credentials. */
export function kubeconfigSender(path: string): Send {
  return sender(transportFromKubeconfig(path), transportFromKubeconfig(path, { anonymous: true }))
}
