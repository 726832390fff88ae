import type { V1Secret, V1ServiceAccount } from '@kapell/openapi/types'
import type { KubeObject } from '@kapell/openapi/meta/object'
import type { ObjectAccess, ResourceName } from '../registry/services.ts'
import type { UserInfo } from './user.ts'

/** The issuer of tokens that are kept in Secrets, made by the token controller. */
export const legacyIssuer = 'kubernetes/serviceaccount'

const prefix = 'kubernetes.io/serviceaccount'
const lastUsedLabel = 'kubernetes.io/legacy-token-last-used'
const invalidSinceLabel = 'kubernetes.io/legacy-token-invalid-since'

export interface LegacyTokenAccess {
  getLatest: (resource: ResourceName, at: { namespace?: string; name: string }) => Promise<KubeObject | undefined>
  /** Writes the day of the last use; failures are its own affair. Absent: use is not tracked. */
  labelSecret?: (at: { namespace: string; name: string }, labels: Record<string, string>) => Promise<void>
  now: () => Date
}

/**
 * Whom a token from a Secret speaks for: good while the Secret holds it and the account is there, and not marked as
 * invalid. Its use is noted by the day. Source: "Managing Service Accounts", texts recorded.
 */
export async function reviewLegacyToken(
  token: string,
  claims: Record<string, unknown>,
  access: LegacyTokenAccess,
): Promise<{ user: UserInfo } | { error: string }> {
  const claim = (name: string): string => {
    const value = claims[`${prefix}/${name}`]
    return typeof value === 'string' ? value : ''
  }
  const namespace = claim('namespace')
  const secretName = claim('secret.name')
  const accountName = claim('service-account.name')
  const uid = claim('service-account.uid')
  const username = `system:serviceaccount:${namespace}:${accountName}`
  if (claims.sub !== username) return { error: 'sub claim is invalid' }

  const secretAt = { namespace, name: secretName }
  const secret = (await access.getLatest({ group: '', plural: 'secrets' }, secretAt)) as V1Secret | undefined
  if (secret === undefined || secret.metadata?.deletionTimestamp !== undefined)
    return { error: 'Token has been invalidated' }
  if (Buffer.from(secret.data?.token ?? '', 'base64').toString() !== token)
    return { error: "Token does not match server's copy" }
  const account = (await access.getLatest(
    { group: '', plural: 'serviceaccounts' },
    { namespace, name: accountName },
  )) as V1ServiceAccount | undefined
  if (account === undefined) return { error: `serviceaccounts "${accountName}" not found` }
  if (account.metadata?.deletionTimestamp !== undefined)
    return { error: `ServiceAccount ${namespace}/${accountName} has been deleted` }
  if (account.metadata?.uid !== uid)
    return { error: `ServiceAccount UID (${account.metadata?.uid ?? ''}) does not match claim (${uid})` }
  if ((secret.metadata?.labels?.[invalidSinceLabel] ?? '') !== '')
    return {
      error:
        `the token in secret ${namespace}/${secretName} for service account ${namespace}/${accountName} has been ` +
        'marked invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove ' +
        `the '${invalidSinceLabel}' label from the secret to temporarily allow use of this token`,
    }
  const today = access.now().toISOString().slice(0, 10)
  if (secret.metadata?.labels?.[lastUsedLabel] !== today)
    void access.labelSecret?.(secretAt, { [lastUsedLabel]: today })
  return {
    user: {
      username,
      uid,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    },
  }
}

/** Notes use on Secrets; what cannot be noted is told at debug level and left. */
export function secretLabeller(
  objects: Pick<ObjectAccess, 'update'>,
  log: { debug: (message: string) => void },
): NonNullable<LegacyTokenAccess['labelSecret']> {
  return async (at, labels) => {
    try {
      await objects.update<V1Secret>({ group: '', plural: 'secrets' }, at, ({ metadata }) => {
        if (metadata !== undefined) metadata.labels = { ...metadata.labels, ...labels }
      })
    } catch (error) {
      log.debug(`use of the token in ${at.namespace}/${at.name} not noted: ${String(error)}`)
    }
  }
}
