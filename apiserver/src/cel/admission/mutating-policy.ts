/**
 * The mutations of a policy as pure decisions: each, asked about one request with one set of parameters, says what is
 * to be changed. Source: API reference, "MutatingAdmissionPolicy".
 */
import { CelError } from '../runtime/errors.ts'
import { jsonFromCel } from '../schema/json-values.ts'
import { compiled, compileVariables, PolicyExpressions, PolicyRun, type Variable } from './composition.ts'
import type { AdmissionInput } from './environment.ts'
import { operationsOf, typeMismatch, type PatchOperation } from './mutation.ts'

export interface MutationSpec {
  readonly patchType?: string
  readonly applyConfiguration?: { readonly expression?: string }
  readonly jsonPatch?: { readonly expression?: string }
}
export interface MutatingPolicySpec {
  readonly paramKind?: unknown
  readonly variables?: readonly Variable[]
  readonly mutations?: readonly MutationSpec[]
}

export type Change =
  | { readonly kind: 'apply'; readonly configuration: unknown }
  | { readonly kind: 'patch'; readonly operations: readonly PatchOperation[] }
  /** Nothing is known of what it wants: the failure policy decides. */
  | { readonly kind: 'error'; readonly message: string }

export interface CompiledMutation {
  evaluate(input: Omit<AdmissionInput, 'variables'>): Change
}

export function compileMutations(spec: MutatingPolicySpec): readonly CompiledMutation[] {
  const { variables = [], mutations = [] } = spec
  const expressions = new PolicyExpressions({
    params: spec.paramKind !== undefined,
    variables: variables.length > 0,
  })
  const named = compileVariables(variables, expressions)
  return mutations.map((mutation) => {
    const isPatch = mutation.patchType === 'JSONPatch'
    const source = (isPatch ? mutation.jsonPatch : mutation.applyConfiguration)?.expression ?? ''
    const program = compiled(source, isPatch ? expressions.jsonPatch(source) : expressions.applyConfiguration(source))
    return {
      evaluate: (input) => {
        const { value = null, error } = new PolicyRun(named, input).evaluate(program)
        if (error !== undefined) return { kind: 'error', message: error }
        try {
          if (isPatch) return { kind: 'patch', operations: operationsOf(value) }
          const mismatch = typeMismatch(value)
          if (mismatch !== undefined) return { kind: 'error', message: `type mismatch: ${mismatch}` }
          return { kind: 'apply', configuration: jsonFromCel(value) }
        } catch (failure) {
          if (failure instanceof CelError) return { kind: 'error', message: failure.message }
          throw failure
        }
      },
    }
  })
}
