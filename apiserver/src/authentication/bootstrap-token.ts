import { timingSafeEqual } from 'node:crypto'
import {
  bootstrapTokenSecretName,
  parseBootstrapToken,
  readBootstrapSecret,
} from '@kapell/openapi/meta/bootstrap-token'
import type { V1Secret } from '@kapell/openapi/types'
import type { ResourceName, TokenService } from '../registry/services.ts'
import type { UserInfo } from './user.ts'

export interface BootstrapTokenOptions {
  now: () => Date
  /** The newest state: a token that was revoked or has served is no longer good. */
  getLatest: (resource: ResourceName, at: { namespace: string; name: string }) => Promise<V1Secret | undefined>
}

/**
 * Bootstrap tokens, "<id>.<secret>", beside those of service accounts: a new machine shows one until it has a
 * certificate. They stand in Secrets of kube-system that say what they may be used for and until when.
 * Source: "Authenticating with Bootstrap Tokens".
 */
export function withBootstrapTokens(tokens: TokenService, options: BootstrapTokenOptions): TokenService {
  const userOf = async (id: string, secret: string): Promise<UserInfo | undefined> => {
    const stored = await options.getLatest(
      { group: '', plural: 'secrets' },
      { namespace: 'kube-system', name: bootstrapTokenSecretName(id) },
    )
    if (stored === undefined || stored.metadata?.deletionTimestamp !== undefined) return undefined
    const facts = readBootstrapSecret(stored, options.now())
    if (facts === undefined || facts.id !== id || facts.expired || !facts.usages.includes('authentication'))
      return undefined
    if (facts.groups === undefined || !sameText(facts.secret, secret)) return undefined
    return { username: `system:bootstrap:${id}`, groups: [...facts.groups, 'system:authenticated'] }
  }
  return {
    ...tokens,
    review: async (token, audiences) => {
      const parsed = parseBootstrapToken(token)
      if (parsed === undefined) return tokens.review(token, audiences)
      const user = await userOf(parsed.id, parsed.secret)
      if (user === undefined) return { error: 'invalid bearer token' }
      const known = tokens.defaultAudiences
      const shared = audiences.length === 0 ? [...known] : audiences.filter((audience) => known.includes(audience))
      if (shared.length > 0) return { user, audiences: shared }
      return {
        error: `[invalid bearer token, token audiences ${JSON.stringify(known)} is invalid for the target audiences ${JSON.stringify(audiences)}]`,
      }
    },
  }
}

/** Takes the same time wherever they differ. */
function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
