import type { UserInfo } from '../../authentication/user.ts'
import type { AuthorizationAnswer, AuthorizationQuestion } from '../../cel/kubernetes/authorizer.ts'
import type { Services } from '../../registry/services.ts'

/** Who an expression asks about: the requester, or the service account it names. */
function subject(question: AuthorizationQuestion, requester: UserInfo): UserInfo {
  const { serviceAccount } = question
  if (serviceAccount === undefined) return requester
  const { namespace, name } = serviceAccount
  return {
    username: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  }
}

/** What the variable `authorizer` of expressions asks. */
export function askAuthorizer(
  requester: UserInfo,
  services: Pick<Services, 'authorize'>,
): (question: AuthorizationQuestion) => Promise<AuthorizationAnswer> {
  return async (question) => {
    const { verb, path, group = '', resource, subresource, namespace, name, fieldSelector } = question
    const user = subject(question, requester)
    try {
      const { allowed, reason } = await services.authorize(
        resource === undefined
          ? { user, verb, path: path ?? '' }
          : {
              ...{ user, verb, group, version: '*', resource },
              ...(subresource !== undefined && { subresource }),
              ...(namespace !== undefined && { namespace }),
              ...(name !== undefined && { name }),
              ...(fieldSelector !== undefined && { fieldSelector }),
            },
      )
      return { allowed, reason }
    } catch (error) {
      return { allowed: false, error: error instanceof Error ? error.message : String(error) }
    }
  }
}
