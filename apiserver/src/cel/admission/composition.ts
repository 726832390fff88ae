/** What the expressions of one policy have in common: variables, a budget, and what each may be of. */
import type { Program } from '../compile.ts'
import { costLimits } from '../kubernetes/environment.ts'
import { CelError } from '../runtime/errors.ts'
import { types, type CelType } from '../types/types.ts'
import { MapValue, type MapKey, type Value } from '../values/collections.ts'
import {
  admissionActivation,
  admissionEnv,
  compileAdmission,
  type AdmissionInput,
  type AdmissionVariables,
  type ExpressionCheck,
} from './environment.ts'
import { objectType, patchesType } from './mutation.ts'

export interface Variable {
  readonly name: string
  readonly expression: string
}

/** What may be asked of the expressions of one policy, each with its wanted types; variables must come first. */
export class PolicyExpressions {
  readonly #options: { params: boolean; variables: boolean; types?: AdmissionVariables['types'] }
  readonly #variables = new Map<string, CelType>()

  /** `variables`: the policy has some, whatever they are called. */
  constructor(options: { params: boolean; variables: boolean; types?: AdmissionVariables['types'] }) {
    this.#options = options
  }
  variable(name: string, source: string): ExpressionCheck {
    const check = this.#compile(source, [])
    this.#variables.set(name, check.compilation?.program?.resultType ?? types.dyn)
    return check
  }
  validation(source: string): ExpressionCheck {
    return this.#compile(source, [types.bool])
  }
  /** Messages cannot ask the authorizer. */
  message(source: string): ExpressionCheck {
    return this.#compile(source, [types.string], { authorizer: false })
  }
  annotation(source: string): ExpressionCheck {
    return this.#compile(source, [types.string, types.null])
  }
  applyConfiguration(source: string): ExpressionCheck {
    return this.#compile(source, [objectType], { patches: true })
  }
  jsonPatch(source: string): ExpressionCheck {
    return this.#compile(source, [patchesType], { patches: true })
  }
  #compile(source: string, wanted: readonly CelType[], more: AdmissionVariables = {}): ExpressionCheck {
    const { variables, ...options } = this.#options
    const env = admissionEnv({ ...options, ...(variables && { variables: this.#variables }), ...more })
    return compileAdmission(source, env, wanted)
  }
}

export interface Compiled {
  readonly source: string
  readonly program: Program | undefined
  readonly problem: string | undefined
}
export const compiled = (source: string, { compilation, problem }: ExpressionCheck): Compiled => ({
  source,
  program: compilation?.program,
  problem,
})

export function compileVariables(
  variables: readonly Variable[],
  expressions: PolicyExpressions,
): ReadonlyMap<string, Compiled> {
  return new Map(
    variables.map(({ name, expression }) => [name, compiled(expression, expressions.variable(name, expression))]),
  )
}

export interface Result {
  readonly value?: Value
  /** As clients see it: with the expression. */
  readonly error?: string
}

export const outOfBudget =
  'validation failed due to running out of cost budget, no further validation rules will be run'

/** One policy, one request, one budget; each variable is evaluated at most once, when it is first asked for. */
export class PolicyRun {
  readonly #activation: ReturnType<typeof admissionActivation>
  #budget: number = costLimits.perObject

  constructor(variables: ReadonlyMap<string, Compiled>, input: Omit<AdmissionInput, 'variables'>) {
    const lazy = new LazyVariables([...variables.keys()], (name) => this.#run(variables.get(name)))
    this.#activation = admissionActivation({ ...input, variables: lazy })
  }
  /** No expression may run any more. */
  get isSpent(): boolean {
    return this.#budget < 0
  }
  evaluate(one: Compiled): Result {
    const { value, error } = this.#run(one)
    if (error === undefined) return value === undefined ? {} : { value }
    return { error: `expression '${one.source}' resulted in error: ${error}` }
  }
  #run(one: Compiled | undefined): Result {
    if (!one?.program) return { error: one?.problem ?? 'no such variable' }
    const outcome = one.program.evaluate(this.#activation, { costBudget: costLimits.perCall })
    this.#budget -= outcome.cost
    return outcome.error === undefined ? { value: outcome.value } : { error: outcome.error }
  }
}

class LazyVariables extends MapValue {
  readonly #names: readonly string[]
  readonly #compute: (name: string) => Result
  readonly #known = new Map<string, Result>()
  override readonly typeName = 'kubernetes.variables'

  constructor(names: readonly string[], compute: (name: string) => Result) {
    super()
    this.#names = names
    this.#compute = compute
  }
  get size(): number {
    return this.#names.length
  }
  keys(): Iterable<Value> {
    return this.#names
  }
  override has(key: MapKey): boolean {
    return typeof key === 'string' && this.#names.includes(key)
  }
  get(key: MapKey): Value | undefined {
    if (typeof key !== 'string' || !this.has(key)) return undefined
    let result = this.#known.get(key)
    if (!result) {
      result = this.#compute(key)
      this.#known.set(key, result)
    }
    if (result.error !== undefined) {
      throw new CelError(`composited variable "${key}" fails to evaluate: ${result.error}`)
    }
    return result.value
  }
}
