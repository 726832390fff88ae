import type { V1SelfSubjectRulesReview } from '@kapell/openapi/types'
import { badRequest } from '@kapell/openapi/meta/status'
import { rulesFor } from '../../authorization/rbac-rules.ts'
import { defineVirtual } from '../../registry/definition.ts'

/** "What may I do in this namespace?": what `kubectl auth can-i --list` shows. */
export const selfSubjectRulesReviews = defineVirtual({
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectRulesReview',
  plural: 'selfsubjectrulesreviews',
  namespaced: false,
  verbs: ['create'],
  create: ({ body, user, services }) => {
    const namespace = (body as V1SelfSubjectRulesReview).spec?.namespace ?? ''
    if (namespace === '') return Promise.reject(badRequest('no namespace on request'))
    const rules = rulesFor(user, namespace, services.objects)
    const review: V1SelfSubjectRulesReview = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectRulesReview',
      metadata: {},
      spec: {},
      status: {
        incomplete: false,
        resourceRules: rules.filter((r) => (r.resources ?? []).length > 0),
        nonResourceRules: rules
          .filter((r) => (r.nonResourceURLs ?? []).length > 0)
          .map((r) => ({ verbs: r.verbs, nonResourceURLs: r.nonResourceURLs ?? [] })),
      },
    }
    return Promise.resolve(review)
  },
})
