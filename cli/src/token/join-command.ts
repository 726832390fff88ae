import { join } from 'node:path'
import type { ApiClient } from '@kapell/controllers/machinery/client'
import { createClient } from '@kapell/controllers/machinery/create-client'
import { configMaps, secrets } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import { parse } from 'yaml'
import { UserError } from '../errors.ts'
import { caHash, certificatesOf } from '../join/ca-hash.ts'
import { authorityIn } from '../join/discover.ts'
import { transportFromKubeconfig } from '../kubeconfig.ts'
import { joiningGroup } from '../nodes/cluster-info.ts'
import { newToken, tokenSecret } from './secrets.ts'

export const dayMs = 24 * 3_600_000

/** What to type on a machine that shall join, with this token. @throws UserError when the cluster says not how to reach it. */
export async function joinCommand(client: ApiClient, token: string): Promise<string> {
  const map = await client
    .resource(configMaps, 'kube-public')
    .get('cluster-info')
    .catch((error: unknown) => {
      if (isReason(error, 'NotFound'))
        throw new UserError('the cluster has no ConfigMap kube-public/cluster-info: machines cannot join it')
      throw error
    })
  const kubeconfig = map.data?.['kubeconfig'] ?? ''
  const server = (parse(kubeconfig) as { clusters?: { cluster?: { server?: string } }[] } | null)?.clusters?.[0]
    ?.cluster?.server
  const hashes = certificatesOf(authorityIn(kubeconfig)).map((one) => `--ca-cert-hash ${caHash(one)}`)
  return `kapell join ${server ?? ''} --token ${token} ${hashes.join(' ')}`
}

/** The same with a new token, good for a day. */
export async function joinCommandOf(dataDir: string): Promise<string> {
  const transport = transportFromKubeconfig(join(dataDir, 'kubeconfig'))
  try {
    const client = createClient(transport)
    const token = newToken()
    const secret = tokenSecret({
      token,
      usages: ['authentication', 'signing'],
      groups: [joiningGroup],
      description: 'made by "kapell up"',
      ttlMs: dayMs,
      now: new Date(),
    })
    await client.resource(secrets, secret.metadata?.namespace).create(secret)
    return await joinCommand(client, `${token.id}.${token.secret}`)
  } finally {
    await transport.close()
  }
}
