/**
 * Checks a policy's expressions against the types of the objects and parameters that it is for: what is found does not
 * keep the policy from working, but is told in its status. Source: "Validating Admission Policy", "Type checking".
 */
import type { CelType } from '../types/types.ts'
import { PolicyExpressions } from './composition.ts'
import type { PolicySpec } from './policy.ts'

/** A kind that the policy is for. `name` is "apps/v1, Kind=Deployment". */
export interface CheckedKind {
  readonly name: string
  readonly type: CelType
}
export interface ExpressionWarning {
  readonly fieldRef: string
  readonly warning: string
}

/** Expressions of validations and their messages; warnings come in order of the kinds' names. */
export function checkPolicyTypes(
  spec: PolicySpec,
  { kinds, params }: { kinds: readonly CheckedKind[]; params: CelType | undefined },
): ExpressionWarning[] {
  const { variables = [], validations = [] } = spec
  const sorted = [...kinds].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  const checkers = sorted.map(({ name, type }) => {
    const expressions = new PolicyExpressions({
      params: spec.paramKind !== undefined,
      variables: variables.length > 0,
      types: { object: type, ...(params && { params }) },
    })
    for (const one of variables) expressions.variable(one.name, one.expression)
    return { name, expressions }
  })
  const warnings: ExpressionWarning[] = []
  const check = (fieldRef: string, problemOf: (expressions: PolicyExpressions) => string | undefined): void => {
    const found = checkers.flatMap(({ name, expressions }) => {
      const problem = problemOf(expressions)?.replace(/^compilation failed: /, '')
      return problem === undefined ? [] : [`${name}: ${problem}\n`]
    })
    if (found.length > 0) warnings.push({ fieldRef, warning: found.join('\n') })
  }
  for (const [i, { expression, messageExpression }] of validations.entries()) {
    const at = `spec.validations[${i}]`
    check(`${at}.expression`, (expressions) => expressions.validation(expression).problem)
    if (messageExpression !== undefined && messageExpression !== '') {
      check(`${at}.messageExpression`, (expressions) => expressions.message(messageExpression).problem)
    }
  }
  return warnings
}
