import type { V1FlowSchema, V1PriorityLevelConfiguration } from '@kapell/openapi/types'
import { forbidden, invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { dns1123Subdomain } from '@kapell/openapi/meta/names'
import { internalView } from '../common/internal-view.ts'
import { nameErrors, unsupported } from '../common/validation.ts'
import { validateFlowRule } from './flow-rules.ts'
import { validateLimited, validateShares } from './level-rules.ts'

/** Source: "API Priority and Fairness". */

const maxPrecedence = 10_000

export function validateFlowSchema(schema: V1FlowSchema, root: FieldPath): FieldError[] {
  const at = root.child('spec')
  const spec = schema.spec
  const errors: FieldError[] = []
  const precedence = spec?.matchingPrecedence ?? 0
  const here = at.child('matchingPrecedence')
  if (precedence <= 0) errors.push(invalid(here, precedence, 'must be a positive value'))
  if (precedence > maxPrecedence) errors.push(invalid(here, precedence, `must not be greater than ${maxPrecedence}`))
  if (precedence === 1 && schema.metadata?.name !== 'exempt') {
    errors.push(invalid(here, precedence, "only the schema named 'exempt' may have matchingPrecedence 1"))
  }
  const method = spec?.distinguisherMethod
  if (method !== undefined && method.type !== 'ByUser' && method.type !== 'ByNamespace') {
    errors.push(unsupported(at.child('distinguisherMethod', 'type'), { Type: method.type }, ['ByNamespace', 'ByUser']))
  }
  if ((spec?.priorityLevelConfiguration?.name ?? '') === '') {
    errors.push(required(at.child('priorityLevelConfiguration', 'name'), 'must reference a priority level'))
  } else {
    const { name } = spec?.priorityLevelConfiguration ?? { name: '' }
    errors.push(...nameErrors(at.child('priorityLevelConfiguration', 'name'), name, dns1123Subdomain))
  }
  for (const [i, rule] of (spec?.rules ?? []).entries()) {
    const ruleAt = at.child('rules').index(i)
    if ((rule.subjects ?? []).length === 0) {
      errors.push(required(ruleAt.child('subjects'), 'subjects must contain at least one value'))
    }
    if ((rule.resourceRules ?? []).length + (rule.nonResourceRules ?? []).length === 0) {
      errors.push(required(ruleAt, 'at least one of resourceRules and nonResourceRules has to be non-empty'))
    }
    errors.push(...validateFlowRule(rule, ruleAt))
  }
  errors.push(...validateExempt(schema, at))
  return errors
}

/** The way in for administrators is not theirs to close. */
function validateExempt(schema: V1FlowSchema, at: FieldPath): FieldError[] {
  if (schema.metadata?.name !== 'exempt') return []
  const { matchingPrecedence, priorityLevelConfiguration, rules = [] } = schema.spec ?? {}
  const masters = rules[0]?.subjects?.some((s) => s.kind === 'Group' && s.group?.name === 'system:masters') === true
  const fixed =
    matchingPrecedence === 1 && priorityLevelConfiguration?.name === 'exempt' && rules.length === 1 && masters
  return fixed
    ? []
    : [
        invalid(
          at,
          internalView('flowcontrol.v1.FlowSchemaSpec', schema.spec ?? {}),
          "spec of 'exempt' must equal the fixed value",
        ),
      ]
}

export function defaultPriorityLevel(level: V1PriorityLevelConfiguration): void {
  const spec = level.spec
  if (spec?.exempt !== undefined) {
    spec.exempt.nominalConcurrencyShares ??= 0
    spec.exempt.lendablePercent ??= 0
  }
  const limited = spec?.limited
  if (limited === undefined) return
  limited.nominalConcurrencyShares ??= 30
  limited.lendablePercent ??= 0
  const queuing = limited.limitResponse?.queuing
  if (queuing === undefined) return
  if ((queuing.handSize ?? 0) === 0) queuing.handSize = 8
  if ((queuing.queues ?? 0) === 0) queuing.queues = 64
  if ((queuing.queueLengthLimit ?? 0) === 0) queuing.queueLengthLimit = 50
}

export function validatePriorityLevel(level: V1PriorityLevelConfiguration, root: FieldPath): FieldError[] {
  const at = root.child('spec')
  const { type = '', limited, exempt } = level.spec ?? {}
  const isExempt = level.metadata?.name === 'exempt'
  const wrongExempt =
    isExempt === (type === 'Exempt')
      ? []
      : [invalid(at.child('type'), type, "must be 'Exempt' if and only if `name` is 'exempt'")]
  switch (type) {
    case '':
      return [required(at.child('type'))]
    case 'Exempt':
      return [
        ...wrongExempt,
        ...validateShares(exempt, at.child('exempt')),
        ...(limited === undefined ? [] : [forbidden(at.child('limited'), 'must be nil if the type is not Limited')]),
      ]
    case 'Limited': {
      const errors = exempt === undefined ? [] : [forbidden(at.child('exempt'), 'must be nil if the type is Limited')]
      if (limited === undefined)
        return [...errors, required(at.child('limited'), 'must not be empty when type is Limited')]
      return [...errors, ...validateLimited(limited, at.child('limited'))]
    }
    default:
      return [unsupported(at.child('type'), type, ['Exempt', 'Limited'])]
  }
}
