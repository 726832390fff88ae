import type { V1SelfSubjectReview } from '@kapell/openapi/types'
import { defineVirtual } from '../../registry/definition.ts'
import { userInfoOf } from './tokenreviews.ts'

/** Who am I. */
export const selfSubjectReviews = defineVirtual({
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectReview',
  plural: 'selfsubjectreviews',
  namespaced: false,
  verbs: ['create'],
  create: ({ user, now }) => {
    const review: V1SelfSubjectReview = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'SelfSubjectReview',
      metadata: { creationTimestamp: `${now.toISOString().slice(0, 19)}Z` },
      status: { userInfo: userInfoOf(user) },
    }
    return Promise.resolve(review)
  },
})
