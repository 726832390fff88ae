import { ApiError } from '@kapell/openapi/meta/status'
import { compilePolicy, type CompiledPolicy as Program, type Verdict } from '../../cel/admission/policy.ts'
import type { Services } from '../../registry/services.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts'
import { named, refusedName } from '../matching.ts'
import { policyIndexes, type Bound } from './policy-index.ts'
import { isNoPolicys, PolicyRequest, type Applicable, type Misconfigured } from './policy-request.ts'
import type { ValidatingPolicy } from './types.ts'

const indexOf = policyIndexes<ValidatingPolicy, Program>({
  policies: 'validatingadmissionpolicies',
  bindings: 'validatingadmissionpolicybindings',
  compile: (policy) => compilePolicy(policy.spec ?? {}),
})

interface Denial extends Misconfigured {
  readonly reason: string
}

const codes: Readonly<Record<string, number>> = {
  Unauthorized: 401,
  Forbidden: 403,
  Invalid: 422,
  RequestEntityTooLarge: 413,
}

const textOf = ({ policy, binding, message }: Misconfigured): string =>
  `ValidatingAdmissionPolicy '${policy}'${binding === undefined ? '' : ` with binding '${binding}'`} denied request: ${message}`

/** The answer to a denied request: a 403 whose reason and code the validation chose. */
export function denialOf(denial: Denial, attributes: AdmissionAttributes): ApiError {
  const { group, plural } = named(attributes)
  const name = refusedName(attributes)
  const resource = group === '' ? plural : `${plural}.${group}`
  const text = textOf(denial)
  return new ApiError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `${resource} ${JSON.stringify(name)} is forbidden: ${text}`,
    reason: denial.reason,
    details: {
      name,
      ...(group === '' ? {} : { group }),
      kind: plural,
      causes: [{ message: text }],
    },
    code: codes[denial.reason] ?? 422,
  })
}

interface Failure {
  message: string
  policy: string
  binding: string
  expressionIndex: number
  validationActions: readonly string[]
}

/** Asks all validating policies; the first denial in order of policies, bindings and validations is the answer. */
class Validation {
  readonly #attributes: AdmissionAttributes
  readonly #request: PolicyRequest
  readonly #denials: Denial[] = []
  readonly #failures: Failure[] = []
  /** By key; bindings and parameters may each have something to say. */
  readonly #annotations = new Map<string, Set<string>>()

  constructor(attributes: AdmissionAttributes, services: Services) {
    this.#attributes = attributes
    this.#request = new PolicyRequest(attributes, services)
  }

  async run(all: readonly Bound<Program>[]): Promise<void> {
    for (const bound of all) {
      const misconfigured = (problem: Misconfigured): void => {
        if (bound.policy.fails) this.#denials.push({ ...problem, reason: 'Invalid' })
      }
      for await (const one of this.#request.applicable(bound, misconfigured)) await this.#ask(one)
    }
    for (const [key, values] of this.#annotations) this.#attributes.annotate?.(key, [...values].join(', '))
    if (this.#failures.length > 0) {
      this.#attributes.annotate?.(
        'validation.policy.admission.k8s.io/validation_failure',
        JSON.stringify(this.#failures),
      )
    }
    const [first] = this.#denials
    if (first !== undefined) throw denialOf(first, this.#attributes)
  }

  async #ask(one: Applicable<Program>): Promise<void> {
    const { policy, params, definition } = one
    const input = await this.#request.input(await this.#request.see(definition), params)
    const { matches, problem } = await this.#request.conditions(policy, input)
    if (!matches) return
    if (problem !== undefined) return this.#take(one, { kind: 'error', message: problem }, 0)
    const outcome = await this.#request.decide(input, (whole) => policy.program.evaluate(whole))
    for (const [i, verdict] of outcome.verdicts.entries()) this.#take(one, verdict, i)
    for (const [key, value] of Object.entries(outcome.annotations)) {
      const whole = `${policy.name}/${key}`
      this.#annotations.set(whole, (this.#annotations.get(whole) ?? new Set()).add(value))
    }
  }

  #take({ policy, binding }: Applicable<Program>, verdict: Verdict, expressionIndex: number): void {
    if (verdict.kind === 'admit' || (verdict.kind === 'error' && !policy.fails)) return
    const { message } = verdict
    const reason = verdict.kind === 'deny' ? verdict.reason : 'Invalid'
    const about = { message, policy: policy.name, binding: binding.name }
    if (binding.actions.includes('Deny')) this.#denials.push({ ...about, reason })
    if (binding.actions.includes('Audit')) {
      this.#failures.push({ ...about, expressionIndex, validationActions: binding.actions })
    }
    if (binding.actions.includes('Warn')) {
      this.#attributes.warn(
        `Validation failed for ValidatingAdmissionPolicy '${policy.name}' with binding '${binding.name}': ${message}`,
      )
    }
  }
}

/** Source: "Validating Admission Policy". */
export const validatingPolicies: AdmissionPlugin = {
  name: 'ValidatingAdmissionPolicy',
  handles: () => true,
  validate: (attributes, services) => {
    const { bound } = indexOf(services)
    return isNoPolicys(bound, attributes) ? undefined : new Validation(attributes, services).run(bound)
  },
}
