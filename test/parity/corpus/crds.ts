import type { ParityCases } from '../case.ts'
import { customResourceCases } from './crds-instances.ts'
import { refusedCrdCases } from './crds-refused.ts'
import { customRuleCases } from './crds-rules.ts'

const named = (prefix: string, cases: ParityCases): ParityCases =>
  Object.fromEntries(Object.entries(cases).map(([title, one]) => [`${prefix}: ${title}`, one]))

/** Definitions of custom resources, and the resources. */
export const crds: ParityCases = {
  ...named('definition', refusedCrdCases),
  ...named('resource', customResourceCases),
  ...named('resource', customRuleCases),
}
