/**
 * A validating admission policy as a pure decision: compiled once, asked about one request with one set of
 * parameters. Who matches, binds and answers is the business of admission. Source: API reference,
 * "ValidatingAdmissionPolicy"; the texts are those that clients see.
 */
import type { Value } from '../values/collections.ts'
import {
  compiled,
  compileVariables,
  outOfBudget,
  PolicyExpressions,
  PolicyRun,
  type Compiled,
  type Variable,
} from './composition.ts'
import type { AdmissionInput } from './environment.ts'

export interface PolicySpec {
  readonly paramKind?: unknown
  readonly variables?: readonly Variable[]
  readonly validations?: readonly {
    readonly expression: string
    readonly message?: string
    readonly messageExpression?: string
    readonly reason?: string
  }[]
  readonly auditAnnotations?: readonly { readonly key: string; readonly valueExpression: string }[]
}

export type Verdict =
  | { readonly kind: 'admit' }
  | { readonly kind: 'deny'; readonly message: string; readonly reason: string }
  /** No value: the failure policy decides. */
  | { readonly kind: 'error'; readonly message: string }
export interface PolicyOutcome {
  /** One for each validation, in order; then one for each annotation that has no value. */
  readonly verdicts: readonly Verdict[]
  /** By key, not yet prefixed with the policy's name. */
  readonly annotations: Readonly<Record<string, string>>
}

export interface CompiledPolicy {
  evaluate(input: Omit<AdmissionInput, 'variables'>): PolicyOutcome
}

const maxMessage = 5120
const maxAnnotation = 10 * 1024

export function compilePolicy(spec: PolicySpec): CompiledPolicy {
  const { variables = [], validations = [], auditAnnotations = [] } = spec
  const expressions = new PolicyExpressions({
    params: spec.paramKind !== undefined,
    variables: variables.length > 0,
  })
  const named = compileVariables(variables, expressions)
  const checks = validations.map((one) => ({
    ...one,
    check: compiled(one.expression, expressions.validation(one.expression)),
    text: one.messageExpression
      ? compiled(one.messageExpression, expressions.message(one.messageExpression))
      : undefined,
  }))
  const annotations = auditAnnotations.map(({ key, valueExpression }) => ({
    key,
    value: compiled(valueExpression, expressions.annotation(valueExpression)),
  }))
  const spent: PolicyOutcome = { verdicts: [{ kind: 'error', message: outOfBudget }], annotations: {} }
  return {
    evaluate: (input) => {
      const run = new PolicyRun(named, input)
      const verdicts: Verdict[] = []
      for (const one of checks) {
        const { value, error } = run.evaluate(one.check)
        if (run.isSpent) return spent
        if (error !== undefined) verdicts.push({ kind: 'error', message: error })
        else if (value === true) verdicts.push({ kind: 'admit' })
        else verdicts.push({ kind: 'deny', message: messageOf(run, one), reason: one.reason ?? 'Invalid' })
      }
      const found: [string, string][] = []
      // Annotations have a budget of their own.
      const notes = new PolicyRun(named, input)
      for (const { key, value } of annotations) {
        const outcome = notes.evaluate(value)
        if (notes.isSpent) return spent
        if (outcome.error !== undefined) verdicts.push({ kind: 'error', message: outcome.error })
        else if (typeof outcome.value === 'string' && outcome.value.trim() !== '') {
          found.push([key, outcome.value.trim().slice(0, maxAnnotation)])
        }
      }
      return { verdicts, annotations: Object.fromEntries(found) }
    },
  }
}

function messageOf(run: PolicyRun, one: { message?: string; expression: string; text: Compiled | undefined }): string {
  const said: Value | undefined = one.text && run.evaluate(one.text).value
  const text = typeof said === 'string' ? said.trim() : ''
  if (text !== '' && text.length <= maxMessage && !/[\n\r]/.test(text)) return text
  return one.message?.trim() || `failed expression: ${one.expression.trim()}`
}
