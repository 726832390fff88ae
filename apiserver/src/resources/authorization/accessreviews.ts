import type {
  V1LocalSubjectAccessReview,
  V1SelfSubjectAccessReview,
  V1SubjectAccessReview,
  V1SubjectAccessReviewSpec,
  V1SubjectAccessReviewStatus,
} from '@kapell/openapi/types'
import { invalid, type FieldError } from '@kapell/openapi/meta/field-errors'
import { badRequest, invalidObject, type ApiError } from '@kapell/openapi/meta/status'
import type { UserInfo } from '../../authentication/user.ts'
import { defineVirtual } from '../../registry/definition.ts'
import type { AuthorizationAttributes, AuthorizationDecision, Services } from '../../registry/services.ts'

import { pathField, selectorProblem, shownPath, validateMetadata, validateQuestion, type Question } from './question.ts'

/** "May this user do that?", asked of the authorizers in front of the API. Source: "Checking API access". */

const group = 'authorization.k8s.io'

function refuseInvalid(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalidObject({ group, kind: '' }, '', errors)
}

const otherNamespace = (): ApiError =>
  badRequest('the namespace of the provided object does not match the namespace sent on the request')

function validateSubject(spec: V1SubjectAccessReviewSpec): FieldError[] {
  return (spec.user ?? '') === '' && (spec.groups ?? []).length === 0
    ? [invalid('spec.user', spec.user ?? '', 'at least one of user or group must be specified')]
    : []
}

const set = <K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> =>
  value === undefined || value === '' ? {} : ({ [key]: value } as Record<K, string>)

function attributesOf(user: UserInfo, spec: Question): AuthorizationAttributes {
  const r = spec.resourceAttributes
  if (r === undefined) {
    return { user, verb: spec.nonResourceAttributes?.verb ?? '', path: spec.nonResourceAttributes?.path ?? '' }
  }
  return {
    user,
    verb: r.verb ?? '',
    group: r.group ?? '',
    version: r.version ?? '*',
    resource: r.resource ?? '',
    ...set('subresource', r.subresource),
    ...set('namespace', r.namespace),
    ...set('name', r.name),
  }
}

async function ask(services: Services, user: UserInfo, spec: Question): Promise<V1SubjectAccessReviewStatus> {
  const status = statusOf(await services.authorize(attributesOf(user, spec)))
  const problem = selectorProblem(spec)
  return problem === undefined ? status : { ...status, evaluationError: problem }
}

function statusOf(decision: AuthorizationDecision): V1SubjectAccessReviewStatus {
  return {
    allowed: decision.allowed,
    ...(decision.denied === true ? { denied: true } : {}),
    ...(decision.reason === '' ? {} : { reason: decision.reason }),
  }
}

function userOf(spec: V1SubjectAccessReviewSpec): UserInfo {
  return {
    username: spec.user ?? '',
    groups: spec.groups ?? [],
    ...(spec.uid === undefined ? {} : { uid: spec.uid }),
    ...(spec.extra === undefined ? {} : { extra: spec.extra }),
  }
}

const common = { group, version: 'v1', verbs: ['create'] } as const

export const subjectAccessReviews = defineVirtual({
  ...common,
  kind: 'SubjectAccessReview',
  plural: 'subjectaccessreviews',
  namespaced: false,
  create: async ({ body, services }) => {
    const review = body as V1SubjectAccessReview
    const spec = review.spec ?? {}
    refuseInvalid([...validateQuestion(spec), ...validateSubject(spec), ...validateMetadata(review.metadata)])
    return { ...review, status: await ask(services, userOf(spec), spec) } as V1SubjectAccessReview
  },
})

export const localSubjectAccessReviews = defineVirtual({
  ...common,
  kind: 'LocalSubjectAccessReview',
  plural: 'localsubjectaccessreviews',
  namespaced: true,
  create: async ({ body, namespace, services }) => {
    const review = body as V1LocalSubjectAccessReview
    const spec = review.spec ?? {}
    if ((review.metadata?.namespace ?? '') !== '' && review.metadata?.namespace !== namespace) throw otherNamespace()
    const { namespace: _namespace, ...metadata } = review.metadata ?? {}
    const errors = [...validateQuestion(spec), ...validateSubject(spec), ...validateMetadata(metadata, { namespace })]
    if (spec.nonResourceAttributes !== undefined)
      errors.push(invalid(pathField, shownPath(spec), 'disallowed on this kind of request'))
    const asked = spec.resourceAttributes?.namespace ?? ''
    if (spec.resourceAttributes !== undefined && asked !== namespace) {
      errors.push(invalid('spec.resourceAttributes.namespace', asked, 'must match metadata.namespace'))
    }
    refuseInvalid(errors)
    return {
      ...review,
      metadata: { ...review.metadata, namespace },
      status: await ask(services, userOf(spec), spec),
    } as V1LocalSubjectAccessReview
  },
})

export const selfSubjectAccessReviews = defineVirtual({
  ...common,
  kind: 'SelfSubjectAccessReview',
  plural: 'selfsubjectaccessreviews',
  namespaced: false,
  create: async ({ body, user, services }) => {
    const review = body as V1SelfSubjectAccessReview
    const spec = review.spec ?? {}
    refuseInvalid([...validateQuestion(spec), ...validateMetadata(review.metadata)])
    return { ...review, status: await ask(services, user, spec) } as V1SelfSubjectAccessReview
  },
})
