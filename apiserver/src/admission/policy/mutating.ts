import { ApiError } from '@kapell/openapi/meta/status'
import { schemaOf } from '@kapell/openapi/schema/registry'
import type { StructSchema } from '@kapell/openapi/schema/schema'
import { compileMutations, type Change, type CompiledMutation } from '../../cel/admission/mutating-policy.ts'
import { deepEqual } from '../../registry/deep-equal.ts'
import type { Services } from '../../registry/services.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts'
import type { VersionedObjects } from '../dynamic/versioned.ts'
import { nameOf, named } from '../matching.ts'
import type { ReinvocationPart } from '../reinvocation.ts'
import { applyChange, ChangeError } from './apply-change.ts'
import { policyIndexes, type Bound } from './policy-index.ts'
import { isNoPolicys, PolicyRequest, type Applicable, type Misconfigured } from './policy-request.ts'
import type { MutatingPolicy } from './types.ts'

interface Program {
  readonly mutations: readonly CompiledMutation[]
  readonly mayAgain: boolean
}

const indexOf = policyIndexes<MutatingPolicy, Program>({
  policies: 'mutatingadmissionpolicies',
  bindings: 'mutatingadmissionpolicybindings',
  compile: ({ spec }) => ({
    mutations: compileMutations(spec ?? {}),
    mayAgain: spec?.reinvocationPolicy === 'IfNeeded',
  }),
})

/** The answer to a request that cannot be mutated: always 403, and the text is the policy's alone. */
function denial(reason: 'Forbidden' | 'Invalid', message: string, attributes: AdmissionAttributes): ApiError {
  const { group, plural } = named(attributes)
  const name = nameOf(attributes)
  return new ApiError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    details: {
      ...(name === '' ? {} : { name }),
      ...(group === '' ? {} : { group }),
      kind: plural,
      causes: [{ message }],
    },
    code: 403,
  })
}

/** The lists and maps of what a policy sees; none for scales, which have no type that configurations could apply to. */
function schemaFor({ definition, kind }: VersionedObjects): StructSchema | undefined {
  if (kind.kind === 'Scale') return undefined
  return 'custom' in definition && definition.custom !== undefined ? definition.custom.schema : schemaOf(kind)
}

class Mutation {
  readonly #attributes: AdmissionAttributes
  readonly #request: PolicyRequest
  readonly #reinvocation: ReinvocationPart | undefined

  constructor(attributes: AdmissionAttributes, services: Services) {
    this.#attributes = attributes
    this.#request = new PolicyRequest(attributes, services)
    this.#reinvocation = attributes.reinvocation?.part('policies')
  }

  async run(all: readonly Bound<Program>[]): Promise<void> {
    this.#reinvocation?.begin(this.#attributes.object)
    try {
      for (const bound of all) {
        const misconfigured = (problem: Misconfigured): void => this.#misconfigured(problem, bound.policy.fails)
        for await (const one of this.#request.applicable(bound, misconfigured)) await this.#ask(one)
      }
    } finally {
      this.#reinvocation?.end(this.#attributes.object)
    }
  }

  #misconfigured({ policy, binding, message }: Misconfigured, fails: boolean): void {
    if (!fails) return
    const who = binding === undefined ? `policy "${policy}"` : `policy '${policy}' with binding '${binding}'`
    throw denial('Forbidden', `${who} denied request: ${message}`, this.#attributes)
  }

  async #ask(one: Applicable<Program>): Promise<void> {
    const { policy, binding, params, definition } = one
    const id = JSON.stringify([policy.name, binding.name, params?.metadata?.namespace, params?.metadata?.name])
    const { second = false } = this.#attributes.reinvocation ?? {}
    if (second && this.#reinvocation?.wants(id) !== true) return
    const { matches, problem } = await this.#request.conditions(
      policy,
      await this.#request.input(await this.#request.see(definition), params),
    )
    if (!matches) return
    if (problem !== undefined) return this.#fail(one, problem)
    let changed = false
    for (const mutation of policy.program.mutations) {
      if (await this.#mutate(one, mutation)) changed = true
    }
    if (changed) this.#reinvocation?.objectChanged()
    if (policy.program.mayAgain && !second) this.#reinvocation?.invoked(id)
  }

  /** Each mutation sees what those before it made. Tells whether anything is different now. */
  async #mutate(one: Applicable<Program>, mutation: CompiledMutation): Promise<boolean> {
    const seen = await this.#request.see(one.definition)
    if (seen.object === undefined) return false
    const input = await this.#request.input(seen, one.params)
    const change: Change = await this.#request.decide(input, (whole) => mutation.evaluate(whole))
    let next: unknown
    try {
      if (change.kind === 'error') throw new ChangeError(change.message)
      next = applyChange(change, seen.object, { kind: seen.kind, schema: schemaFor(seen) })
    } catch (error) {
      if (!(error instanceof ChangeError)) throw error
      this.#fail(one, error.message)
      return false
    }
    if (next === undefined) return false
    const before = structuredClone(this.#attributes.object)
    await seen.takeBack(next, { unknownFields: 'strict' })
    return !deepEqual(before, this.#attributes.object)
  }

  #fail({ policy, binding }: Applicable<Program>, message: string): void {
    if (!policy.fails) return
    const text = `policy '${policy.name}' with binding '${binding.name}' denied request: ${message}`
    throw denial('Invalid', text, this.#attributes)
  }
}

/** Source: "Mutating Admission Policy". Deletions have nothing that could be changed. */
export const mutatingPolicies: AdmissionPlugin = {
  name: 'MutatingAdmissionPolicy',
  handles: ({ operation }) => operation !== 'DELETE',
  admit: (attributes, services) => {
    const { bound } = indexOf(services)
    return isNoPolicys(bound, attributes) ? undefined : new Mutation(attributes, services).run(bound)
  },
}
