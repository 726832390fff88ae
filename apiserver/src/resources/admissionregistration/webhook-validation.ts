import {
  duplicate,
  invalid,
  notSupported,
  required,
  tooMany,
  type FieldError,
  type FieldPath,
} from '@kapell/openapi/meta/field-errors'
import { dns1035Label, dns1123Subdomain, qualifiedName } from '@kapell/openapi/meta/names'
import { validateLabelSelector } from '../common/validation.ts'
import type { WebhookConfig } from '../../server/webhook-client.ts'
import { validateClientConfig } from './client-config.ts'
import { conditionProblem } from './condition-problem.ts'
import { validateRule, type Rule } from './rule-validation.ts'

/** Webhooks of a configuration. Source: API reference, "ValidatingWebhookConfiguration" and its answers to wrong ones. */

export interface Condition {
  name?: string
  expression?: string
}

export interface Webhook {
  name?: string
  clientConfig?: WebhookConfig
  rules?: Rule[]
  failurePolicy?: string
  matchPolicy?: string
  sideEffects?: string
  timeoutSeconds?: number
  reinvocationPolicy?: string
  admissionReviewVersions?: string[]
  namespaceSelector?: object
  objectSelector?: object
  matchConditions?: Condition[]
}

const knownVersions = ['v1', 'v1beta1']
const maxConditions = 64

export function validateWebhooks(
  webhooks: readonly Webhook[] | undefined,
  options: { at: FieldPath; mutating: boolean; previous?: readonly Webhook[] },
): FieldError[] {
  const { at, mutating, previous = [] } = options
  const names = new Set<string>()
  const keptConditions = new Set(previous.flatMap((one) => (one.matchConditions ?? []).map((c) => c.expression ?? '')))
  return (webhooks ?? []).flatMap((webhook, i) => {
    const here = at.index(i)
    const errors = [
      ...validateWebhook(webhook, here, mutating),
      ...validateConditions(webhook.matchConditions, here.child('matchConditions'), { kept: keptConditions }),
    ]
    const { name = '' } = webhook
    if (names.has(name)) errors.push(duplicate(here.child('name'), name))
    names.add(name)
    return errors
  })
}

function validateWebhook(webhook: Webhook, at: FieldPath, mutating: boolean): FieldError[] {
  const { failurePolicy, matchPolicy, sideEffects, timeoutSeconds, reinvocationPolicy } = webhook
  const errors: FieldError[] = [
    ...validateVersions(webhook.admissionReviewVersions ?? [], at.child('admissionReviewVersions')),
    ...validateName(webhook.name ?? '', at.child('name')),
    ...(webhook.rules ?? []).flatMap((rule, i) => validateRule(rule, at.child('rules').index(i))),
  ]
  const oneOf = (field: string, value: string | undefined, valid: readonly string[]): void => {
    if (value !== undefined && !valid.includes(value)) errors.push(notSupported(at.child(field), value, valid))
  }
  oneOf('failurePolicy', failurePolicy, ['Fail', 'Ignore'])
  oneOf('matchPolicy', matchPolicy, ['Equivalent', 'Exact'])
  if (sideEffects == null) {
    errors.push(required(at.child('sideEffects'), 'must specify one of None, NoneOnDryRun'))
  } else oneOf('sideEffects', sideEffects, ['None', 'NoneOnDryRun'])
  if (timeoutSeconds !== undefined && (timeoutSeconds > 30 || timeoutSeconds < 1)) {
    errors.push(
      invalid(at.child('timeoutSeconds'), timeoutSeconds, 'the timeout value must be between 1 and 30 seconds'),
    )
  }
  if (mutating) oneOf('reinvocationPolicy', reinvocationPolicy, ['IfNeeded', 'Never'])
  errors.push(
    ...validateLabelSelector(webhook.namespaceSelector, at.child('namespaceSelector')),
    ...validateLabelSelector(webhook.objectSelector, at.child('objectSelector')),
    ...validateClientConfig(webhook.clientConfig, at.child('clientConfig')),
  )
  return errors
}

/** A webhook's name is a domain name of its own: three parts at least. */
function validateName(name: string, at: FieldPath): FieldError[] {
  if (name === '') return [required(at)]
  const errors = dns1123Subdomain(name).map((text) => invalid(at, name, text))
  if (errors.length === 0 && name.split('.').length < 3) {
    errors.push(invalid(at, name, 'should be a domain with at least three segments separated by dots'))
  }
  return errors
}

function validateVersions(versions: readonly string[], at: FieldPath): FieldError[] {
  const known = knownVersions.join(', ')
  if (versions.length === 0) return [required(at, `must specify one of ${known}`)]
  const errors: FieldError[] = []
  for (const [i, version] of versions.entries()) {
    if (versions.indexOf(version) < i) {
      errors.push(invalid(at.index(i), version, 'duplicate version'))
      continue
    }
    for (const text of dns1035Label(version)) errors.push(invalid(at.index(i), version, text))
  }
  if (!versions.some((one) => knownVersions.includes(one))) {
    errors.push(invalid(at, versions, `must include at least one of ${known}`))
  }
  return errors
}

/** `kept`: expressions that were stored before are not judged anew. */
export function validateConditions(
  conditions: readonly Condition[] | undefined,
  at: FieldPath,
  options: { kept?: ReadonlySet<string>; params?: boolean } = {},
): FieldError[] {
  const all = conditions ?? []
  const { kept, params = false } = options
  const errors: FieldError[] = []
  if (all.length > maxConditions) errors.push(tooMany(at, all.length, maxConditions))
  const names = new Set<string>()
  for (const [i, { name = '', expression = '' }] of all.entries()) {
    const here = at.index(i)
    if (expression.trim() === '') errors.push(required(here.child('expression')))
    else if (kept?.has(expression) !== true) {
      const problem = conditionProblem(expression, { params })
      if (problem !== undefined) errors.push(invalid(here.child('expression'), expression, problem))
    }
    if (name === '') errors.push(required(here.child('name')))
    else for (const text of qualifiedName(name)) errors.push(invalid(here.child('name'), name, text))
    if (name !== '' && names.has(name)) errors.push(duplicate(here.child('name'), name))
    names.add(name)
  }
  return errors
}
