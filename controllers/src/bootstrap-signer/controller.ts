import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Clock } from '@kapell/controllers/machinery/clock'
import { defineController } from '@kapell/controllers/machinery/controller'
import type { Lister } from '@kapell/controllers/machinery/store'
import { bootstrapTokenNamespace, readBootstrapSecret } from '@kapell/openapi/meta/bootstrap-token'
import { configMaps, secrets } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1ConfigMap, V1Secret } from '@kapell/openapi/types'
import { signDetached } from './jws.ts'
import { bootstrapSecretsOnly } from '../token-cleaner/controller.ts'

/** Where a machine that knows nothing but a token finds the cluster. Source: "Authenticating with Bootstrap Tokens". */
export const clusterInfoNamespace = 'kube-public'
export const clusterInfoName = 'cluster-info'
export const kubeconfigKey = 'kubeconfig'
export const signaturePrefix = 'jws-kubeconfig-'

interface Dependencies {
  client: ApiClient
  clock: Clock
  maps: Lister<V1ConfigMap>
  secrets: Lister<V1Secret>
}

/** Signs the kubeconfig in cluster-info with every token that may sign, and takes signatures of others away. */
export const bootstrapSignerController = defineController<Dependencies, V1ConfigMap>({
  name: 'bootstrap-signer-controller',
  serviceAccount: 'bootstrap-signer',
  queue: 'bootstrap_signer_queue',
  setup: ({ client, clock, informer, queue }) => {
    const tokens = informer(secrets, bootstrapSecretsOnly)
    const maps = informer(configMaps, {
      namespace: clusterInfoNamespace,
      fieldSelector: `metadata.name=${clusterInfoName}`,
    })
    const sign = (): void => queue.add(`${clusterInfoNamespace}/${clusterInfoName}`)
    tokens.onChange({ add: sign, update: sign, delete: sign })
    maps.onChange({ add: sign, update: sign })
    return { client, clock, maps: maps.lister, secrets: tokens.lister }
  },
  reconcile: async (key, { client, clock, maps, secrets: lister }) => {
    const map = maps.get(key)
    const content = map?.data?.[kubeconfigKey]
    if (map === undefined || content === undefined) return
    const data = await signedData(map.data ?? {}, content, lister.inNamespace(bootstrapTokenNamespace), clock.now())
    if (data === undefined) return
    try {
      await client.resource(configMaps, clusterInfoNamespace).update({ ...map, data })
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  },
})

/** The data with the signatures that it should have; undefined when it has them. */
export async function signedData(
  data: Readonly<Record<string, string>>,
  content: string,
  tokens: readonly V1Secret[],
  now: Date,
): Promise<Record<string, string> | undefined> {
  const wanted: Record<string, string> = {}
  for (const secret of tokens) {
    const facts = readBootstrapSecret(secret, now)
    if (facts === undefined || facts.expired || !facts.usages.includes('signing')) continue
    if (secret.metadata?.deletionTimestamp !== undefined) continue
    wanted[`${signaturePrefix}${facts.id}`] = await signDetached(content, facts)
  }
  const others = Object.entries(data).filter(([key]) => !key.startsWith(signaturePrefix))
  const next = { ...Object.fromEntries(others), ...wanted }
  const keys = Object.keys(next)
  const same = keys.length === Object.keys(data).length && keys.every((key) => next[key] === data[key])
  return same ? undefined : next
}
