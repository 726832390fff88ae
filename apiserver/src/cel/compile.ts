/**
 * The room's door: `compile` an expression in an environment, then `evaluate` the program as often as needed.
 */
import { check } from './check/checker.ts'
import type { CelEnv } from './check/env.ts'
import { literalIssues } from './check/literals.ts'
import { CelError, CostExceededError } from './runtime/errors.ts'
import type { Activation } from './runtime/frame.ts'
import { Meter } from './runtime/meter.ts'
import { Planner } from './runtime/plan.ts'
import type { Expr } from './syntax/ast.ts'
import { formatIssues, type Issue } from './syntax/issues.ts'
import { parse, type ParseLimits } from './syntax/parser.ts'
import { types, type CelType } from './types/types.ts'
import type { Value } from './values/collections.ts'

export interface CompileOptions {
  /** False: errors of type show only when the expression runs. */
  readonly check?: boolean
  readonly limits?: Partial<ParseLimits>
}
export interface EvaluateOptions {
  /** The run ends with `costExceeded` when it costs more. */
  readonly costBudget?: number
}
export type Outcome =
  | { readonly value: Value; readonly cost: number; readonly error?: undefined }
  | { readonly value?: undefined; readonly cost: number; readonly error: string; readonly costExceeded: boolean }

export interface Program {
  readonly source: string
  readonly expr: Expr
  readonly resultType: CelType
  /** Types of all nodes, by id; empty when not checked. */
  readonly typeOf: ReadonlyMap<number, CelType>
  evaluate(activation: Activation, options?: EvaluateOptions): Outcome
}
export interface Compilation {
  readonly program?: Program
  readonly issues: readonly Issue[]
  /** The issues as clients know them: lines with place, source and caret. */
  readonly text: string
}

export function compile(source: string, env: CelEnv, options: CompileOptions = {}): Compilation {
  const failed = (issues: readonly Issue[]): Compilation => ({ issues, text: formatIssues(source, issues) })
  const parsed = parse(source, { withoutMacros: env.withoutMacros, plainNames: env.strictLiterals, ...options.limits })
  if (!parsed.expr) return failed(parsed.issues)
  const { expr } = parsed
  const checked = options.check === false ? undefined : check(expr, env)
  if (checked && checked.issues.length > 0) return failed(checked.issues)
  const strict = checked && env.strictLiterals ? [...literalIssues(expr), ...checked.mixed] : []
  if (strict.length > 0) return failed(strict)
  const typeOf = checked?.typeOf ?? new Map<number, CelType>()
  const step = new Planner(env).plan(expr)
  const evaluate = (activation: Activation, { costBudget = Infinity }: EvaluateOptions = {}): Outcome => {
    const meter = new Meter(costBudget)
    try {
      return { value: step({ activation, meter, locals: [] }), cost: meter.cost }
    } catch (error) {
      if (error instanceof CelError) return { error: error.message, costExceeded: false, cost: meter.cost }
      if (error instanceof CostExceededError) return { error: error.message, costExceeded: true, cost: meter.cost }
      throw error
    }
  }
  const resultType = typeOf.get(expr.id) ?? types.dyn
  return { issues: [], text: '', program: { source, expr, resultType, typeOf, evaluate } }
}
