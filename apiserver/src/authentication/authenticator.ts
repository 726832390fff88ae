import type { RequestContext } from '../pipeline/context.ts'
import type { UserInfo } from './user.ts'

/** Who asks; undefined when credentials were given and are wrong. */
export type Authenticator = (context: RequestContext) => Promise<UserInfo | undefined> | UserInfo | undefined

export const anonymous: UserInfo = { username: 'system:anonymous', groups: ['system:unauthenticated'] }

/** One way to authenticate: 'none' means it found no credentials of its kind. */
export type CredentialCheck = (
  context: RequestContext,
) => Promise<UserInfo | 'none' | 'wrong'> | UserInfo | 'none' | 'wrong'

/**
 * Asks each kind of credential in turn; the first that knows the caller decides. Wrong credentials and none that is
 * right make a 401; none at all is the anonymous user. Source: "Authenticating".
 */
export function createAuthenticator(checks: readonly CredentialCheck[]): Authenticator {
  const from = (
    context: RequestContext,
    start: number,
    wrong: boolean,
  ): Promise<UserInfo | undefined> | UserInfo | undefined => {
    for (let i = start; i < checks.length; i++) {
      const outcome = checks[i]?.(context) ?? 'none'
      if (outcome instanceof Promise) {
        return outcome.then((late) => {
          if (late !== 'none' && late !== 'wrong') return late
          return from(context, i + 1, wrong || late === 'wrong')
        })
      }
      if (outcome === 'wrong') wrong = true
      else if (outcome !== 'none') return outcome
    }
    return wrong ? undefined : anonymous
  }
  return (context) => from(context, 0, false)
}
