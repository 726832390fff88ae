import type { V1Container } from '@kapell/openapi/types'
import { required, tooMany, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { unsupported } from '../../../common/validation.ts'

/** When one container restarts, apart from its pod. Source: "Pod Lifecycle", "Individual container restart policy". */

const policies = ['Always', 'Never', 'OnFailure']
const actions = ['Restart', 'RestartAllContainers']
const operators = ['In', 'NotIn']
const maxRules = 20
const maxCodes = 255

export function validateRestart(container: V1Container, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const policy = container.restartPolicy
  const rules = container.restartPolicyRules ?? []
  const here = at.child('restartPolicy')
  if (policy !== undefined && !policies.includes(policy)) errors.push(unsupported(here, policy, policies))
  if (policy === undefined && rules.length > 0) {
    errors.push(required(here, 'must specify restartPolicy when restart rules are used'))
  }
  const rulesAt = at.child('restartPolicyRules')
  if (rules.length > maxRules) errors.push(tooMany(rulesAt, rules.length, maxRules))
  for (const [i, rule] of rules.entries()) {
    const { exitCodes } = rule
    const action = (rule.action as string | undefined) ?? ''
    const ruleAt = rulesAt.index(i)
    if (!actions.includes(action)) errors.push(unsupported(ruleAt.child('action'), action, actions))
    if (exitCodes === undefined) {
      errors.push(required(ruleAt.child('exitCodes'), 'must be specified'))
      continue
    }
    const codesAt = ruleAt.child('exitCodes')
    const operator = (exitCodes.operator as string | undefined) ?? ''
    if (!operators.includes(operator)) errors.push(unsupported(codesAt.child('operator'), operator, operators))
    const codes = exitCodes.values ?? []
    if (codes.length > maxCodes) errors.push(tooMany(codesAt.child('values'), codes.length, maxCodes))
  }
  return errors
}
