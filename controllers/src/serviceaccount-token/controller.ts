import type { ApiClient } from '@kapell/controllers/machinery/client'
import { defineController } from '@kapell/controllers/machinery/controller'
import { keyOf, splitKey, type Lister } from '@kapell/controllers/machinery/store'
import { secrets, serviceAccounts } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1Secret, V1ServiceAccount } from '@kapell/openapi/types'
import { accountNameOf, filled, isOf, isTokenSecret, missing, tokenType } from '../shared/token-secrets.ts'
import { createTokenSigner, type TokenSigner } from './sign.ts'

interface Dependencies {
  client: ApiClient
  rootCa: string
  /** Undefined without a key: then no token is made, nor is any Secret taken away. */
  signer: Promise<TokenSigner> | undefined
  secrets: Lister<V1Secret>
  accounts: Lister<V1ServiceAccount>
}

const accountPrefix = 'account '
const secretPrefix = 'secret '
/** Removed Secrets, for which their account still names them: key, account and uid of the account. */
const removedPrefix = 'removed '

/**
 * Fills Secrets of type kubernetes.io/service-account-token, and deletes them when their account is not there.
 * Source: "Managing Service Accounts", "Token controller".
 */
export const serviceAccountTokenController = defineController<Dependencies, V1Secret>({
  name: 'serviceaccount-token-controller',
  // It writes Secrets of every namespace: upstream gives it no account of its own.
  serviceAccount: 'system:kube-controller-manager',
  queue: 'serviceaccount_tokens_service',
  workers: 5,
  setup: ({ client, rootCa, signing, informer, queue }) => {
    const known = informer(secrets, {
      fieldSelector: `type=${tokenType}`,
      indexers: { account: (secret) => [`${secret.metadata?.namespace}/${accountNameOf(secret)}`] },
    })
    const accounts = informer(serviceAccounts)
    const wake = (secret: V1Secret): void => queue.add(`${secretPrefix}${keyOf(secret)}`)
    known.onChange({
      add: wake,
      update: (_, next) => wake(next),
      delete: (secret) => queue.add(`${removedPrefix}${keyOf(secret)} ${accountNameOf(secret)}`),
    })
    accounts.onChange({ delete: (account) => queue.add(`${accountPrefix}${keyOf(account)}`) })
    const key = signing?.serviceAccountKey
    return {
      client,
      rootCa,
      signer: key === undefined ? undefined : createTokenSigner(key),
      secrets: known.lister,
      accounts: accounts.lister,
    }
  },
  reconcile: async (key, d) => {
    if (d.signer === undefined) return
    if (key.startsWith(secretPrefix)) return fill(key.slice(secretPrefix.length), await d.signer, d)
    if (key.startsWith(removedPrefix)) return forget(key.slice(removedPrefix.length), d)
    const account = key.slice(accountPrefix.length)
    for (const secret of d.secrets.byIndex('account', account))
      if ((await accountOf(secret, d)) === undefined) await remove(secret, d)
  },
})

/** The account a Secret is for, asked for once more when the cache has none. */
async function accountOf(
  secret: V1Secret,
  { client, accounts }: Pick<Dependencies, 'client' | 'accounts'>,
): Promise<V1ServiceAccount | undefined> {
  const { namespace = '' } = secret.metadata ?? {}
  const name = accountNameOf(secret)
  const cached = accounts.get(`${namespace}/${name}`)
  if (cached !== undefined && isOf(secret, cached)) return cached
  try {
    const found = await client.resource(serviceAccounts, namespace).get(name)
    return isOf(secret, found) ? found : undefined
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined
    throw error
  }
}

async function fill(key: string, sign: TokenSigner, d: Dependencies): Promise<void> {
  const cached = d.secrets.get(key)
  if (cached === undefined || !isTokenSecret(cached)) return
  const account = await accountOf(cached, d)
  if (account === undefined) return remove(cached, d)
  if (missing(cached, d.rootCa) === undefined) return
  const { namespace, name } = splitKey(key)
  const resource = d.client.resource(secrets, namespace)
  try {
    // Read anew: a token that is there already must stay, as it may be in use.
    const secret = await resource.get(name)
    if (secret.metadata?.uid !== cached.metadata?.uid) return
    const lacks = missing(secret, d.rootCa)
    if (lacks === undefined) return
    const bound = { name: account.metadata?.name ?? '', uid: account.metadata?.uid ?? '' }
    const token = lacks.token ? await sign({ namespace, secret: name, account: bound }) : undefined
    await resource.update(filled(secret, bound, { rootCa: d.rootCa, token }))
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
  }
}

async function remove(secret: V1Secret, { client }: Dependencies): Promise<void> {
  const { namespace = '', name = '', uid } = secret.metadata ?? {}
  try {
    await client.resource(secrets, namespace).delete(name, uid === undefined ? {} : { preconditions: { uid } })
  } catch (error) {
    if (!isReason(error, 'NotFound', 'Conflict')) throw error
  }
}

/** Takes a Secret that is gone out of its account's list. */
async function forget(removed: string, d: Dependencies): Promise<void> {
  const [key = '', accountName = ''] = removed.split(' ')
  if (d.secrets.get(key) !== undefined) return
  const { namespace, name } = splitKey(key)
  const cached = d.accounts.get(`${namespace}/${accountName}`)
  if (cached?.secrets?.some((reference) => reference.name === name) !== true) return
  const resource = d.client.resource(serviceAccounts, namespace)
  try {
    const account = await resource.get(accountName)
    if (account.secrets?.some((reference) => reference.name === name) !== true) return
    await resource.update({ ...account, secrets: account.secrets.filter((reference) => reference.name !== name) })
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
  }
}
