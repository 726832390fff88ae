import { forbiddenError, type ApiError } from '@kapell/openapi/meta/status'
import { Answers } from '../../cel/admission/answers.ts'
import { admissionActivation } from '../../cel/admission/environment.ts'
import { compileMatchConditions } from '../../cel/admission/match-conditions.ts'
import type { Services } from '../../registry/services.ts'
import type { AdmissionAttributes } from '../admission.ts'
import { nameOf, named } from '../matching.ts'
import { askAuthorizer } from './authorizer.ts'
import { reviewRequest } from './review.ts'
import type { MatchCondition } from './types.ts'
import type { VersionedObjects } from './versioned.ts'

export interface ConditionInput {
  attributes: AdmissionAttributes
  seen: VersionedObjects
  services: Services
}

/** A condition has no value and none is false: the failure policy decides whether the request is refused. */
export class ConditionFailure extends Error {
  constructor(errors: readonly string[]) {
    super(errors.length === 1 ? errors[0] : `[${errors.join(', ')}]`)
    this.name = 'ConditionFailure'
  }
  refusal(attributes: AdmissionAttributes): ApiError {
    return forbiddenError(named(attributes), nameOf(attributes), this.message)
  }
}

/** True when every condition holds. Throws {@link ConditionFailure}. */
export type CompiledConditions = (input: ConditionInput) => boolean | Promise<boolean>

/** Compiled when the configuration changes, not when requests come. */
export function compileConditions(conditions: readonly MatchCondition[]): CompiledConditions {
  if (conditions.length === 0) return () => true
  const compiled = compileMatchConditions(conditions)
  return async ({ attributes, seen, services }) => {
    const { object, oldObject, ...request } = reviewRequest(attributes, seen, '')
    const answers = new Answers(askAuthorizer(attributes.user, services))
    const outcome = await answers.decide((authorize) =>
      compiled.evaluate(admissionActivation({ object, oldObject, request, authorize })),
    )
    if (outcome.kind === 'error') throw new ConditionFailure(outcome.errors)
    return outcome.kind === 'match'
  }
}
