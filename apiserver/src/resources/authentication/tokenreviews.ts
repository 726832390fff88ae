import type { V1TokenReview, V1TokenReviewStatus } from '@kapell/openapi/types'
import { badRequest } from '@kapell/openapi/meta/status'
import type { UserInfo } from '../../authentication/user.ts'
import { defineVirtual } from '../../registry/definition.ts'

/** A user as the review kinds write it: absent what is empty. */
export function userInfoOf(user: UserInfo): NonNullable<V1TokenReviewStatus['user']> {
  const extra = Object.entries(user.extra ?? {})
  return {
    username: user.username,
    ...(user.uid === undefined || user.uid === '' ? {} : { uid: user.uid }),
    ...(user.groups.length === 0 ? {} : { groups: [...user.groups] }),
    ...(extra.length === 0 ? {} : { extra: Object.fromEntries(extra.map(([key, values]) => [key, [...values]])) }),
  }
}

const anonymous = (audiences: readonly string[]): { user: UserInfo; audiences: string[] } => ({
  user: { username: 'system:anonymous', groups: ['system:unauthenticated'] },
  audiences: [...audiences],
})

/** What a client says of a token that is not good stands, save that it were good. */
function keptOf({ user, audiences }: V1TokenReviewStatus = {}): V1TokenReviewStatus {
  return { user: user ?? {}, ...(audiences === undefined ? {} : { audiences }) }
}

export const tokenReviews = defineVirtual({
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenReview',
  plural: 'tokenreviews',
  namespaced: false,
  verbs: ['create'],
  create: async ({ body, services }) => {
    const review = body as V1TokenReview
    const token = review.spec?.token ?? ''
    if (token === '') throw badRequest('token is required for TokenReview in authentication')
    // Blanks are no token at all, and whoever has none is anonymous.
    const answer =
      token.trim() === ''
        ? anonymous(review.spec.audiences ?? services.tokens.defaultAudiences)
        : await services.tokens.review(token, review.spec.audiences ?? [])
    const status: V1TokenReviewStatus =
      'error' in answer
        ? { ...keptOf(review.status), ...(answer.error === '' ? {} : { error: answer.error }) }
        : {
            authenticated: true,
            user: userInfoOf(answer.user),
            ...(answer.audiences.length === 0 ? {} : { audiences: answer.audiences }),
          }
    return { ...review, status } as V1TokenReview
  },
})
