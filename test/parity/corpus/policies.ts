import type { ParityCases } from '../case.ts'
import { mutatingPolicyCases } from './policies-mutating.ts'
import { parameterPolicyCases } from './policies-parameters.ts'
import { refusedPolicyCases } from './policies-refused.ts'
import { validatingPolicyCases } from './policies-validating.ts'

const named = (prefix: string, cases: ParityCases): ParityCases =>
  Object.fromEntries(Object.entries(cases).map(([title, one]) => [`${prefix}: ${title}`, one]))

/** Admission policies: what is refused of them, and what they answer to requests. */
export const policies: ParityCases = {
  ...named('refused', refusedPolicyCases),
  ...named('validating', validatingPolicyCases),
  ...named('validating', parameterPolicyCases),
  ...named('mutating', mutatingPolicyCases),
}
