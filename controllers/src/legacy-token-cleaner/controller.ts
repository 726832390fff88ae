import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Clock } from '@kapell/controllers/machinery/clock'
import { defineController } from '@kapell/controllers/machinery/controller'
import type { Lister } from '@kapell/controllers/machinery/store'
import { configMaps, pods, secrets, serviceAccounts } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1Pod, V1Secret, V1ServiceAccount } from '@kapell/openapi/types'
import { accountNameOf, isOf, tokenType } from '../shared/token-secrets.ts'
import { dayMs, invalidSinceLabel, judge } from './judge.ts'

const everyMs = 24 * 3_600_000
/** Source: kube-controller-manager, --legacy-service-account-token-clean-up-period. */
const periodMs = 365 * 24 * 3_600_000
const key = 'all'
const tracking = { namespace: 'kube-system', name: 'kube-apiserver-legacy-service-account-token-tracking' }

interface Dependencies {
  client: ApiClient
  clock: Clock
  secrets: Lister<V1Secret>
  accounts: Lister<V1ServiceAccount>
  pods: Lister<V1Pod>
}

/**
 * Marks tokens that were made for accounts of their own accord and that nobody uses, and later deletes them.
 * Source: "Managing Service Accounts", "Legacy ServiceAccount token cleaner".
 */
export const legacyTokenCleaner = defineController<Dependencies, V1Secret>({
  name: 'legacy-serviceaccount-token-cleaner-controller',
  serviceAccount: 'legacy-service-account-token-cleaner',
  queue: 'legacy_serviceaccount_token_cleaner',
  setup: ({ client, clock, informer, lister, queue }) => {
    const scope = { fieldSelector: `type=${tokenType}` }
    queue.add(key)
    return {
      client,
      clock,
      secrets: informer(secrets, scope).lister,
      accounts: lister(serviceAccounts),
      pods: informer(pods, { indexers: { secret: mountedSecrets } }).lister,
    }
  },
  reconcile: async (_key, d) => {
    const nowMs = d.clock.now().getTime()
    if (await isTrackedLongEnough(nowMs, d)) for (const secret of d.secrets.list()) await clean(secret, nowMs, d)
    return { afterMs: everyMs }
  },
})

/** Use has to have been watched for as long as tokens have to be unused. */
async function isTrackedLongEnough(nowMs: number, { client }: Dependencies): Promise<boolean> {
  try {
    const map = await client.resource(configMaps, tracking.namespace).get(tracking.name)
    const sinceMs = dayMs(map.data?.since)
    return sinceMs !== undefined && sinceMs < nowMs - periodMs
  } catch (error) {
    if (isReason(error, 'NotFound')) return false
    throw error
  }
}

async function clean(secret: V1Secret, nowMs: number, d: Dependencies): Promise<void> {
  const { namespace = '', name = '', uid, resourceVersion } = secret.metadata ?? {}
  const found = d.accounts.get(`${namespace}/${accountNameOf(secret)}`)
  const account = found !== undefined && isOf(secret, found) ? found : undefined
  const mounted = d.pods.byIndex('secret', `${namespace}/${name}`).length > 0
  const verdict = judge(secret, { account, mounted, nowMs, periodMs })
  if (verdict === 'keep') return
  const resource = d.client.resource(secrets, namespace)
  const version = {
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  }
  try {
    if (verdict === 'delete') await resource.delete(name, { preconditions: version })
    else {
      const labels = { [invalidSinceLabel]: new Date(nowMs).toISOString().slice(0, 10) }
      await resource.patch(name, 'merge', { metadata: { ...version, labels } })
    }
  } catch (error) {
    // Changed a moment ago: it is looked at again tomorrow.
    if (!isReason(error, 'NotFound', 'Conflict')) throw error
  }
}

function mountedSecrets({ metadata, spec }: V1Pod): string[] {
  const names = (spec?.volumes ?? []).flatMap(({ secret, projected }) => [
    ...(secret?.secretName === undefined ? [] : [secret.secretName]),
    ...(projected?.sources ?? []).flatMap((source) => source.secret?.name ?? []),
  ])
  return names.map((name) => `${metadata?.namespace}/${name}`)
}
