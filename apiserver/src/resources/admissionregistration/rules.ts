import { required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'

/** What webhooks and policies leave out. Source: "Dynamic Admission Control". */

interface Match {
  matchPolicy?: string
  namespaceSelector?: object
  objectSelector?: object
  resourceRules?: { scope?: string }[]
  excludeResourceRules?: { scope?: string }[]
}

export function defaultMatch(match: Match | undefined): void {
  if (match === undefined) return
  match.matchPolicy ??= 'Equivalent'
  match.namespaceSelector ??= {}
  match.objectSelector ??= {}
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])]) rule.scope ??= '*'
}

interface Policy {
  failurePolicy?: string
  matchConstraints?: Match
  validations?: unknown[]
  auditAnnotations?: unknown[]
}

export function defaultPolicy(spec: Policy | undefined): void {
  if (spec === undefined) return
  spec.failurePolicy ??= 'Fail'
  defaultMatch(spec.matchConstraints)
}

export function validatePolicy(spec: Policy | undefined, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (spec?.matchConstraints === undefined) errors.push(required(at.child('matchConstraints')))
  if ((spec?.validations ?? []).length + (spec?.auditAnnotations ?? []).length === 0) {
    const text = 'validations or auditAnnotations must contain at least one item'
    errors.push(required(at.child('validations'), text), required(at.child('auditAnnotations'), text))
  }
  return errors
}

interface Webhook {
  failurePolicy?: string
  matchPolicy?: string
  namespaceSelector?: object
  objectSelector?: object
  timeoutSeconds?: number
  reinvocationPolicy?: string
  rules?: { scope?: string }[]
  clientConfig: { service?: { port?: number } }
}

export function defaultWebhook(webhook: Webhook): void {
  webhook.failurePolicy ??= 'Fail'
  webhook.matchPolicy ??= 'Equivalent'
  webhook.namespaceSelector ??= {}
  webhook.objectSelector ??= {}
  webhook.timeoutSeconds ??= 10
  for (const rule of webhook.rules ?? []) rule.scope ??= '*'
  if (webhook.clientConfig?.service !== undefined) webhook.clientConfig.service.port ??= 443
}

export function validateBinding(
  spec: { policyName?: string; validationActions?: string[] } | undefined,
  needsActions: boolean,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = []
  if ((spec?.policyName ?? '') === '') errors.push(required(at.child('policyName')))
  if (needsActions && (spec?.validationActions ?? []).length === 0) {
    errors.push(required(at.child('validationActions'), 'at least one validation action is required'))
  }
  return errors
}

export function validateMutations(
  spec: (Policy & { mutations?: unknown[]; reinvocationPolicy?: string }) | undefined,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = []
  if (spec?.matchConstraints === undefined) errors.push(required(at.child('matchConstraints')))
  if ((spec?.mutations ?? []).length === 0) {
    errors.push(required(at.child('mutations'), 'mutations must contain at least one item'))
  }
  if ((spec?.reinvocationPolicy ?? '') === '') errors.push(required(at.child('reinvocationPolicy')))
  return errors
}
