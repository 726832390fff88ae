import type { KubeObject } from '@kapell/openapi/meta/object'
import { compileMatchConditions, type CompiledConditions } from '../../cel/admission/match-conditions.ts'
import type { Services } from '../../registry/services.ts'
import { compileCriteria, type MatchCriteria } from '../dynamic/request-matcher.ts'
import type { Binding, MutatingPolicy, ParamRef, ValidatingPolicy } from './types.ts'

/** A policy ready to be matched and asked. */
export interface CompiledPolicy<Program> {
  readonly name: string
  readonly criteria: MatchCriteria
  readonly conditions: CompiledConditions | undefined
  readonly paramKind: { apiVersion: string; kind: string } | undefined
  readonly fails: boolean
  readonly program: Program
}

export interface CompiledBinding {
  readonly name: string
  readonly policyName: string
  /** Undefined: for whatever the policy is for. */
  readonly criteria: MatchCriteria | undefined
  readonly paramRef: ParamRef | undefined
  readonly actions: readonly string[]
}

/** A policy with its bindings, in order of their names; one without does nothing. */
export interface Bound<Program> {
  readonly policy: CompiledPolicy<Program>
  readonly bindings: readonly CompiledBinding[]
}

type AnyPolicy = ValidatingPolicy | MutatingPolicy

const group = 'admissionregistration.k8s.io'
const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)

function compilePolicy<Policy extends AnyPolicy, Program>(
  name: string,
  policy: Policy,
  compile: (policy: Policy) => Program,
): CompiledPolicy<Program> {
  const { failurePolicy, paramKind, matchConstraints = {}, matchConditions = [] } = policy.spec ?? {}
  const params = paramKind !== undefined
  return {
    name,
    criteria: compileCriteria(matchConstraints, { emptyMatches: false }),
    conditions: matchConditions.length === 0 ? undefined : compileMatchConditions(matchConditions, { params }),
    paramKind,
    fails: failurePolicy !== 'Ignore',
    program: compile(policy),
  }
}

function compileBinding(name: string, { spec }: Binding): CompiledBinding {
  const match = spec?.matchResources
  return {
    name,
    policyName: spec?.policyName ?? '',
    criteria: match === undefined ? undefined : compileCriteria(match, { emptyMatches: true }),
    paramRef: spec?.paramRef,
    actions: spec?.validationActions ?? [],
  }
}

/** All policies of one kind that are bound, kept current. Compiled when they change, not when requests come. */
export class PolicyIndex<Policy extends AnyPolicy, Program> {
  readonly #policies = new Map<string, CompiledPolicy<Program>>()
  readonly #bindings = new Map<string, CompiledBinding>()
  #bound: readonly Bound<Program>[] | undefined

  constructor(
    services: Services,
    options: { policies: string; bindings: string; compile: (policy: Policy) => Program },
  ) {
    const { policies, bindings, compile } = options
    this.#follow<Policy>(services, policies, (name, policy) => {
      if (policy === undefined) this.#policies.delete(name)
      else this.#policies.set(name, compilePolicy(name, policy, compile))
    })
    this.#follow<Binding>(services, bindings, (name, binding) => {
      if (binding === undefined) this.#bindings.delete(name)
      else this.#bindings.set(name, compileBinding(name, binding))
    })
  }

  get bound(): readonly Bound<Program>[] {
    return (this.#bound ??= [...this.#policies.values()]
      .sort(byName)
      .map((policy) => ({
        policy,
        bindings: [...this.#bindings.values()].filter((one) => one.policyName === policy.name).sort(byName),
      }))
      .filter(({ bindings }) => bindings.length > 0))
  }

  #follow<T extends KubeObject>(
    services: Services,
    plural: string,
    put: (name: string, object: T | undefined) => void,
  ): void {
    const resource = { group, plural }
    const change = (name: string, object: T | undefined): void => {
      put(name, object)
      this.#bound = undefined
    }
    // What is cached counts from the first request on; what follows comes as it is stored.
    for (const one of services.objects.list<T>(resource)) change(one.metadata?.name ?? '', one)
    services.objects.follow<T>(resource, change)
  }
}

/** An index for each server in this process, made when it is first needed. */
export function policyIndexes<Policy extends AnyPolicy, Program>(options: {
  policies: string
  bindings: string
  compile: (policy: Policy) => Program
}): (services: Services) => PolicyIndex<Policy, Program> {
  const indexes = new WeakMap<Services, PolicyIndex<Policy, Program>>()
  return (services) => {
    let index = indexes.get(services)
    if (index === undefined) indexes.set(services, (index = new PolicyIndex(services, options)))
    return index
  }
}
