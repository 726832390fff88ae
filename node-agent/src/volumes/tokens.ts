import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Clock } from '@kapell/controllers/machinery/clock'
import { serviceAccounts } from '@kapell/openapi/meta/refs'
import type { KubeObject } from '@kapell/openapi/meta/object'
import type { V1Pod } from '@kapell/openapi/types'
import type { TokenRequest } from './plugin.ts'

interface TokenAnswer extends KubeObject {
  status?: { token?: string; expirationTimestamp?: string }
}

/** Tokens for pods, bound to them, kept until they need to be replaced. */
export interface Tokens {
  get(pod: V1Pod, request: TokenRequest): Promise<string>
  forget(uid: string): void
}

/** A token is replaced when four fifths of its life are over, or a day after it was made. */
const refreshShare = 0.8
const longestMs = 24 * 3_600_000

export function createTokens(options: { client: ApiClient; clock: Clock }): Tokens {
  const { client, clock } = options
  const known = new Map<string, { token: string; refreshAtMs: number; expiresAtMs: number }>()
  return {
    get: async (pod, { audience, expirationSeconds }) => {
      const { uid = '', name = '', namespace = 'default' } = pod.metadata ?? {}
      const account = pod.spec?.serviceAccountName ?? 'default'
      const key = JSON.stringify([uid, account, audience, expirationSeconds])
      const now = clock.now().getTime()
      const cached = known.get(key)
      if (cached !== undefined && now < cached.refreshAtMs) return cached.token
      const body = {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        metadata: {},
        spec: {
          audiences: audience === undefined || audience === '' ? [] : [audience],
          expirationSeconds,
          boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
        },
      } as KubeObject
      try {
        const answer = await client
          .resource(serviceAccounts, namespace)
          .createSubresource<TokenAnswer>(account, 'token', body, { signal: AbortSignal.timeout(10_000) })
        const token = answer.status?.token ?? ''
        if (token === '') throw new Error(`no token came for service account ${namespace}/${account}`)
        const expiresAtMs = new Date(answer.status?.expirationTimestamp ?? now + expirationSeconds * 1000).getTime()
        known.set(key, {
          token,
          expiresAtMs,
          refreshAtMs: now + Math.min((expiresAtMs - now) * refreshShare, longestMs),
        })
        return token
      } catch (error) {
        // The control plane may be away; the token is good for a while yet.
        if (cached !== undefined && now < cached.expiresAtMs) return cached.token
        throw error
      }
    },
    forget: (uid) => {
      for (const key of known.keys()) if (key.startsWith(JSON.stringify([uid]).slice(0, -1))) known.delete(key)
    },
  }
}
