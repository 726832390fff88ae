import type { KubeObject } from '@kapell/openapi/meta/object'
import { Answers } from '../../cel/admission/answers.ts'
import { admissionActivation, type AdmissionInput } from '../../cel/admission/environment.ts'
import type { AnyDefinition } from '../../registry/definition.ts'
import type { Services } from '../../registry/services.ts'
import type { AdmissionAttributes } from '../admission.ts'
import { askAuthorizer } from '../dynamic/authorizer.ts'
import { isExempt } from '../dynamic/matching.ts'
import { createRequestMatcher } from '../dynamic/request-matcher.ts'
import { reviewRequest } from '../dynamic/review.ts'
import { versionedObjects, type VersionedObjects } from '../dynamic/versioned.ts'
import { ConfigurationError, paramsOf } from './params.ts'
import type { Bound, CompiledBinding, CompiledPolicy } from './policy-index.ts'

/** What every policy would be asked about: questions of access and identity must not depend on policies. */
const reviews = new Set([
  'authentication.k8s.io/selfsubjectreviews',
  'authentication.k8s.io/tokenreviews',
  'authorization.k8s.io/localsubjectaccessreviews',
  'authorization.k8s.io/selfsubjectaccessreviews',
  'authorization.k8s.io/selfsubjectrulesreviews',
  'authorization.k8s.io/subjectaccessreviews',
])

/** True when no policy can be for the request: what most requests cost. */
export function isNoPolicys(bound: readonly unknown[], { resource }: AdmissionAttributes): boolean {
  return bound.length === 0 || isExempt(resource) || reviews.has(`${resource.group}/${resource.plural}`)
}

/** Why a policy cannot be asked: about the policy itself, or about one of its bindings. */
export interface Misconfigured {
  readonly policy: string
  readonly binding?: string
  readonly message: string
}

/** A policy, a binding and one set of parameters that are for the request. */
export interface Applicable<Program> {
  readonly policy: CompiledPolicy<Program>
  readonly binding: CompiledBinding
  readonly params: KubeObject | undefined
  readonly definition: AnyDefinition['definition']
}

/** One request, as policies are asked about it; what several ask for is looked up once. */
export class PolicyRequest {
  readonly #attributes: AdmissionAttributes
  readonly #services: Services
  readonly #answers: Answers
  readonly #matches: ReturnType<typeof createRequestMatcher>
  #namespaceObject: Promise<KubeObject | undefined> | undefined

  constructor(attributes: AdmissionAttributes, services: Services) {
    this.#attributes = attributes
    this.#services = services
    this.#answers = new Answers(askAuthorizer(attributes.user, services))
    this.#matches = createRequestMatcher(attributes, services)
  }

  /** Whatever of a policy is for the request, one after the other; `misconfigured` is told what cannot be used. */
  async *applicable<Program>(
    { policy, bindings }: Bound<Program>,
    misconfigured: (problem: Misconfigured) => void,
  ): AsyncIterable<Applicable<Program>> {
    const definition = await this.#matches(policy.criteria)
    if (definition === undefined) return
    const { paramKind } = policy
    const kind = paramKind && this.#services.webhooks.ofKind(paramKind)
    if (paramKind !== undefined && kind === undefined) {
      const named = `${paramKind.apiVersion}, Kind=${paramKind.kind}`
      const message = `failed to configure policy: failed to find resource referenced by paramKind: '${named}'`
      misconfigured({ policy: policy.name, message })
      return
    }
    for (const binding of bindings) {
      if (binding.criteria !== undefined && (await this.#matches(binding.criteria)) === undefined) continue
      try {
        for (const params of await paramsOf(binding.paramRef, kind, this.#attributes.namespace)) {
          yield { policy, binding, params, definition }
        }
      } catch (error) {
        if (!(error instanceof ConfigurationError)) throw error
        const message = `failed to configure binding: ${error.message}`
        misconfigured({ policy: policy.name, binding: binding.name, message })
      }
    }
  }

  /** The objects as they are now, in the version that the policy knows. */
  see(definition: AnyDefinition['definition']): Promise<VersionedObjects> {
    return versionedObjects(this.#attributes, definition)
  }

  /** What expressions see. */
  async input(seen: VersionedObjects, params: KubeObject | undefined): Promise<Omit<AdmissionInput, 'authorize'>> {
    const { object, oldObject, ...request } = reviewRequest(this.#attributes, seen, '')
    return { object, oldObject, request, params, namespaceObject: await (this.#namespaceObject ??= this.#namespace()) }
  }

  /** Decides with the authorizer at hand. */
  decide<T>(input: Omit<AdmissionInput, 'authorize'>, evaluate: (input: AdmissionInput) => T): T | Promise<T> {
    return this.#answers.decide((authorize) => evaluate({ ...input, authorize }))
  }

  /** Undefined when the conditions leave the request out; what went wrong, when that cannot be told. */
  async conditions(
    { conditions }: CompiledPolicy<unknown>,
    input: Omit<AdmissionInput, 'authorize'>,
  ): Promise<{ matches: boolean; problem?: string }> {
    if (conditions === undefined) return { matches: true }
    const outcome = await this.decide(input, (whole) => conditions.evaluate(admissionActivation(whole)))
    if (outcome.kind !== 'error') return { matches: outcome.kind === 'match' }
    const { errors } = outcome
    return { matches: true, problem: errors.length === 1 ? (errors[0] ?? '') : `[${errors.join(', ')}]` }
  }

  async #namespace(): Promise<KubeObject | undefined> {
    const { namespace: name } = this.#attributes
    if (name === '') return undefined
    const namespaces = { group: '', plural: 'namespaces' }
    const { objects } = this.#services
    return objects.get<KubeObject>(namespaces, { name }) ?? (await objects.getLatest<KubeObject>(namespaces, { name }))
  }
}
