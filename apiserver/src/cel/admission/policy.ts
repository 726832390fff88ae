/**
 * A validating admission policy as a pure decision: compiled once, asked about one request with one set of
 * parameters. Who matches, binds and answers is the business of admission. Source: API reference,
 * "ValidatingAdmissionPolicy"; the texts are those that clients see.
 */
import type { Program } from '../compile.ts'
import { costLimits } from '../kubernetes/environment.ts'
import { CelError } from '../runtime/errors.ts'
import { types, type CelType, type TypeKind } from '../types/types.ts'
import { MapValue, type MapKey, type Value } from '../values/collections.ts'
import {
  admissionActivation,
  admissionEnv,
  compileAdmission,
  type AdmissionInput,
  type ExpressionCheck,
} from './environment.ts'

export interface PolicySpec {
  readonly paramKind?: unknown
  readonly variables?: readonly { readonly name: string; readonly expression: string }[]
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
  /** One for each validation, in order. */
  readonly verdicts: readonly Verdict[]
  /** By key, not yet prefixed with the policy's name. */
  readonly annotations: Readonly<Record<string, string>>
}

/** What may be asked of the expressions of one policy, each with its wanted types; variables must come first. */
export class PolicyExpressions {
  readonly #params: boolean
  readonly #variables = new Map<string, CelType>()

  constructor(options: { params: boolean }) {
    this.#params = options.params
  }
  variable(name: string, source: string): ExpressionCheck {
    const check = this.#compile(source, [], true)
    this.#variables.set(name, check.compilation?.program?.resultType ?? types.dyn)
    return check
  }
  validation(source: string): ExpressionCheck {
    return this.#compile(source, ['bool'], true)
  }
  /** Messages cannot ask the authorizer. */
  message(source: string): ExpressionCheck {
    return this.#compile(source, ['string'], false)
  }
  annotation(source: string): ExpressionCheck {
    return this.#compile(source, ['string', 'null'], true)
  }
  #compile(source: string, wanted: readonly TypeKind[], authorizer: boolean): ExpressionCheck {
    const env = admissionEnv({ params: this.#params, variables: this.#variables, authorizer })
    return compileAdmission(source, env, wanted)
  }
}

interface Compiled {
  readonly program: Program | undefined
  readonly problem: string | undefined
}
const compiled = ({ compilation, problem }: ExpressionCheck): Compiled => ({ program: compilation?.program, problem })

export interface CompiledPolicy {
  evaluate(input: Omit<AdmissionInput, 'variables'>): PolicyOutcome
}

const maxMessage = 5120
const maxAnnotation = 10 * 1024

export function compilePolicy(spec: PolicySpec): CompiledPolicy {
  const expressions = new PolicyExpressions({ params: spec.paramKind !== undefined })
  const variables = new Map(
    (spec.variables ?? []).map(({ name, expression }) => [name, compiled(expressions.variable(name, expression))]),
  )
  const validations = (spec.validations ?? []).map((one) => ({
    ...one,
    check: compiled(expressions.validation(one.expression)),
    text: one.messageExpression ? compiled(expressions.message(one.messageExpression)) : undefined,
  }))
  const annotations = (spec.auditAnnotations ?? []).map(({ key, valueExpression }) => ({
    key,
    value: compiled(expressions.annotation(valueExpression)),
  }))
  return {
    evaluate: (input) => {
      const run = new PolicyRun(variables, input)
      const verdicts = validations.map((one): Verdict => {
        const outcome = run.evaluate(one.check)
        if (outcome.error !== undefined) {
          return { kind: 'error', message: `expression '${one.expression}' resulted in error: ${outcome.error}` }
        }
        if (outcome.value === true) return { kind: 'admit' }
        const said = one.text && run.evaluate(one.text).value
        return { kind: 'deny', message: messageOf(said, one), reason: one.reason ?? 'Invalid' }
      })
      const values = annotations.flatMap(({ key, value }): [string, string][] => {
        const outcome = run.evaluate(value)
        return typeof outcome.value === 'string' ? [[key, outcome.value.slice(0, maxAnnotation)]] : []
      })
      return { verdicts, annotations: Object.fromEntries(values) }
    },
  }
}

function messageOf(said: Value | undefined, one: { message?: string; expression: string }): string {
  const text = typeof said === 'string' ? said.trim() : ''
  if (text !== '' && text.length <= maxMessage && !/[\n\r]/.test(text)) return text
  return one.message?.trim() || `failed expression: ${one.expression.trim()}`
}

type Result = { readonly value?: Value; readonly error?: string }

/** One request: one budget, and each variable evaluated at most once, when it is first asked for. */
class PolicyRun {
  readonly #activation: ReturnType<typeof admissionActivation>
  #budget: number = costLimits.perObject

  constructor(variables: ReadonlyMap<string, Compiled>, input: Omit<AdmissionInput, 'variables'>) {
    const lazy = new LazyVariables([...variables.keys()], (name) => this.evaluate(variables.get(name)))
    this.#activation = admissionActivation({ ...input, variables: lazy })
  }
  evaluate(one: Compiled | undefined): Result {
    if (!one?.program) return { error: one?.problem ?? 'no such variable' }
    const costBudget = Math.min(this.#budget, costLimits.perCall)
    const outcome = one.program.evaluate(this.#activation, { costBudget })
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
    if (result.error !== undefined)
      throw new CelError(`composited variable "${key}" fails to evaluate: ${result.error}`)
    return result.value
  }
}
