import { admissionActivation } from '../../cel/admission/environment.ts'
import { compileMatchConditions } from '../../cel/admission/match-conditions.ts'
import type { AdmissionAttributes } from '../admission.ts'
import { CallFailure, reviewRequest } from './review.ts'
import type { MatchCondition } from './types.ts'
import type { VersionedObjects } from './versioned.ts'

export interface ConditionInput {
  attributes: AdmissionAttributes
  seen: VersionedObjects
  /** For the failure's text. */
  webhook: string
}

/** True when every condition holds. Throws {@link CallFailure} when one has no value and none is false. */
export type CompiledConditions = (input: ConditionInput) => boolean

/**
 * Compiled when the configuration changes, not when requests come. `authorizer` has no value here: it would have to be
 * asked while an expression runs; a condition that needs it is left to the failure policy.
 */
export function compileConditions(conditions: readonly MatchCondition[]): CompiledConditions {
  if (conditions.length === 0) return () => true
  const compiled = compileMatchConditions(conditions)
  return ({ attributes, seen, webhook }) => {
    const { object, oldObject, ...request } = reviewRequest(attributes, seen, '')
    const outcome = compiled.evaluate(admissionActivation({ object, oldObject, request }))
    if (outcome.kind === 'error') throw new CallFailure(webhook, outcome.errors.join('; '))
    return outcome.kind === 'match'
  }
}
