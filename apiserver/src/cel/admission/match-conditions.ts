/** Match conditions of webhooks and policies. Source: API reference, "MatchCondition"; upstream's order of outcomes. */
import type { Program } from '../compile.ts'
import { costLimits } from '../kubernetes/environment.ts'
import type { Activation } from '../runtime/frame.ts'
import { types } from '../types/types.ts'
import { admissionEnv, compileAdmission, type AdmissionVariables } from './environment.ts'

export interface MatchCondition {
  readonly name: string
  readonly expression: string
}
export type MatchOutcome =
  | { readonly kind: 'match' }
  /** One condition is false: whatever the others would say. */
  | { readonly kind: 'no-match'; readonly condition: string }
  /** None is false, and these have no value: the failure policy decides. */
  | { readonly kind: 'error'; readonly errors: readonly string[] }

export interface CompiledConditions {
  evaluate(activation: Activation): MatchOutcome
}

/** A quarter of what policies may spend. */
const budget = costLimits.perObject / 4

export function compileMatchConditions(
  conditions: readonly MatchCondition[],
  variables: AdmissionVariables = {},
): CompiledConditions {
  const env = admissionEnv(variables)
  const compiled = conditions.map(({ name, expression }) => ({
    name,
    expression,
    ...compileAdmission(expression, env, [types.bool]),
  }))
  return {
    evaluate: (activation) => {
      const errors: string[] = []
      let left = budget
      for (const { name, expression, compilation, problem } of compiled) {
        const program: Program | undefined = compilation?.program
        const outcome = program?.evaluate(activation, { costBudget: Math.min(left, costLimits.perCall) })
        left -= outcome?.cost ?? 0
        const failed = outcome ? outcome.error : problem
        if (failed !== undefined || !outcome)
          errors.push(`expression '${expression}' resulted in error: ${failed ?? ''}`)
        else if (outcome.value !== true) return { kind: 'no-match', condition: name }
      }
      return errors.length === 0 ? { kind: 'match' } : { kind: 'error', errors }
    },
  }
}
