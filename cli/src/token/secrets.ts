import { randomInt } from 'node:crypto'
import {
  bootstrapTokenNamespace,
  bootstrapTokenSecretName,
  bootstrapTokenType,
  type BootstrapToken,
  type BootstrapTokenUsage,
} from '@kapell/openapi/meta/bootstrap-token'
import { rfc3339 } from '@kapell/openapi/meta/time'
import type { V1Secret } from '@kapell/openapi/types'

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
const random = (length: number): string => Array.from({ length }, () => letters[randomInt(letters.length)]).join('')

export const newToken = (): BootstrapToken => ({ id: random(6), secret: random(16) })

/** The Secret that makes a token one of the cluster's. */
export function tokenSecret(options: {
  token: BootstrapToken
  usages: readonly BootstrapTokenUsage[]
  groups: readonly string[]
  description: string
  /** 0: it never expires. */
  ttlMs: number
  now: Date
}): V1Secret {
  const { token, usages, groups, description, ttlMs, now } = options
  return {
    metadata: { name: bootstrapTokenSecretName(token.id), namespace: bootstrapTokenNamespace },
    type: bootstrapTokenType,
    stringData: {
      'token-id': token.id,
      'token-secret': token.secret,
      ...(ttlMs === 0 ? {} : { expiration: rfc3339(new Date(now.getTime() + ttlMs)) }),
      ...Object.fromEntries(usages.map((usage) => [`usage-bootstrap-${usage}`, 'true'])),
      ...(groups.length === 0 ? {} : { 'auth-extra-groups': groups.join(',') }),
      ...(description === '' ? {} : { description }),
    },
  }
}

/** "24h0m0s", "90m", "30s", "0" as Go writes and reads durations, in milliseconds; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0
  const match = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text)
  if (match === null || text === '') return undefined
  const [hours = '0', minutes = '0', seconds = '0'] = match.slice(1)
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
}
