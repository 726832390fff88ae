import type { V1JobSpec, V1PodFailurePolicy, V1PodFailurePolicyRule } from '@kapell/openapi/types'
import {
  duplicate,
  invalid,
  noValue,
  required,
  tooMany,
  type FieldError,
  type FieldPath,
} from '@kapell/openapi/meta/field-errors'
import { qualifiedName } from '@kapell/openapi/meta/names'
import { internalView } from '../common/internal-view.ts'
import { nameErrors, nonNegative, unsupported } from '../common/validation.ts'
import { parseIndexes } from './indexes.ts'

/** When a Job has failed or succeeded before its count is full. Source: "Jobs", "Pod failure policy", "Success policy". */

const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore']
const operators = ['In', 'NotIn']
const conditionStatuses = ['False', 'True', 'Unknown']
const maxRules = 20
const maxPatterns = 20
const maxValues = 255

/** `valid values: ["a" "b"]`. */
const validValues = (values: readonly string[]): string =>
  `valid values: [${values.map((value) => JSON.stringify(value)).join(' ')}]`

export function validateFailurePolicy(policy: V1PodFailurePolicy, spec: V1JobSpec, at: FieldPath): FieldError[] {
  const rulesAt = at.child('rules')
  const rules = policy.rules ?? []
  if (rules.length > maxRules) return [tooMany(rulesAt, rules.length, maxRules)]
  const pod = spec.template?.spec
  const names = new Set([...(pod?.containers ?? []), ...(pod?.initContainers ?? [])].map((c) => c.name))
  return rules.flatMap((rule, i) => validateRule(rule, spec, names, rulesAt.index(i)))
}

function validateRule(
  rule: V1PodFailurePolicyRule,
  spec: V1JobSpec,
  names: ReadonlySet<string>,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = []
  const action = (rule.action as string | undefined) ?? ''
  const actionAt = at.child('action')
  if (action === '') errors.push(required(actionAt, validValues(actions)))
  else if (action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) {
    errors.push(invalid(actionAt, action, 'requires the backoffLimitPerIndex to be set'))
  } else if (!actions.includes(action)) errors.push(unsupported(actionAt, action, actions))
  if (rule.onExitCodes !== undefined) {
    errors.push(...validateExitCodes(rule.onExitCodes, names, at.child('onExitCodes')))
  }
  const conditions = rule.onPodConditions ?? []
  const conditionsAt = at.child('onPodConditions')
  if (conditions.length > maxPatterns) errors.push(tooMany(conditionsAt, conditions.length, maxPatterns))
  for (const [j, pattern] of conditions.entries()) {
    const here = conditionsAt.index(j)
    const status = pattern.status ?? ''
    errors.push(...nameErrors(here.child('type'), pattern.type, qualifiedName))
    if (status === '') errors.push(required(here.child('status'), validValues(conditionStatuses)))
    else if (!conditionStatuses.includes(status)) {
      errors.push(unsupported(here.child('status'), status, conditionStatuses))
    }
  }
  const hasCodes = rule.onExitCodes !== undefined
  if (hasCodes && conditions.length > 0) {
    errors.push(invalid(at, noValue, 'specifying both OnExitCodes and OnPodConditions is not supported'))
  }
  if (!hasCodes && conditions.length === 0) {
    errors.push(invalid(at, noValue, 'specifying one of OnExitCodes and OnPodConditions is required'))
  }
  return errors
}

function validateExitCodes(
  codes: NonNullable<V1PodFailurePolicyRule['onExitCodes']>,
  names: ReadonlySet<string>,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = []
  const operator = (codes.operator as string | undefined) ?? ''
  if (operator === '') errors.push(required(at.child('operator'), validValues(operators)))
  else if (!operators.includes(operator)) errors.push(unsupported(at.child('operator'), operator, operators))
  if (codes.containerName !== undefined && !names.has(codes.containerName)) {
    const text = 'must be one of the container or initContainer names in the pod template'
    errors.push(invalid(at.child('containerName'), codes.containerName, text))
  }
  const values = (codes.values as number[] | null | undefined) ?? []
  const here = at.child('values')
  if (values.length === 0) errors.push(invalid(here, codes.values ?? null, 'at least one value is required'))
  else if (values.length > maxValues) errors.push(tooMany(here, values.length, maxValues))
  let isOrdered = true
  for (const [j, value] of values.entries()) {
    if (operator === 'In' && value === 0) {
      errors.push(invalid(here.index(j), value, 'must not be 0 for the In operator'))
    }
    if (values.indexOf(value) < j) errors.push(duplicate(here.index(j), value))
    if (j > 0 && (values[j - 1] ?? 0) > value) isOrdered = false
  }
  if (!isOrdered) errors.push(invalid(here, values, 'must be ordered'))
  return errors
}

export function validateSuccessPolicy(spec: V1JobSpec, at: FieldPath): FieldError[] {
  if (spec.successPolicy === undefined) return []
  const rulesAt = at.child('rules')
  if (spec.completionMode !== 'Indexed') {
    const shown = internalView('batch.v1.SuccessPolicy', spec.successPolicy)
    return [invalid(at, shown, 'requires indexed completion mode')]
  }
  const rules = spec.successPolicy.rules ?? []
  if (rules.length === 0) {
    return [required(rulesAt, 'at least one rules must be specified when the successPolicy is specified')]
  }
  const errors = rules.length > maxRules ? [tooMany(rulesAt, rules.length, maxRules)] : []
  for (const [i, rule] of rules.entries()) errors.push(...validateSuccessRule(rule, spec, rulesAt.index(i)))
  return errors
}

function validateSuccessRule(
  rule: NonNullable<V1JobSpec['successPolicy']>['rules'][number],
  spec: V1JobSpec,
  at: FieldPath,
): FieldError[] {
  const { succeededCount: count, succeededIndexes: text } = rule
  if (count === undefined && text === undefined) {
    return [required(at, 'at least one of succeededCount or succeededIndexes must be specified')]
  }
  const errors: FieldError[] = []
  const completions = spec.completions ?? 0
  const indexes = text === undefined ? undefined : parseIndexes(text, completions)
  if (indexes?.problem !== undefined) {
    errors.push(invalid(at.child('succeededIndexes'), text, `error parsing succeededIndexes: ${indexes.problem}`))
  }
  if (count === undefined) return errors
  const countAt = at.child('succeededCount')
  errors.push(...nonNegative(countAt, count))
  if (count > completions) {
    const whole = `${completions} (the number of specified completions)`
    errors.push(invalid(countAt, count, `must be less than or equal to ${whole}`))
  }
  if (indexes !== undefined && count > indexes.count) {
    const whole = `${indexes.count} (the number of indexes in the specified succeededIndexes field)`
    errors.push(invalid(countAt, count, `must be less than or equal to ${whole}`))
  }
  return errors
}
