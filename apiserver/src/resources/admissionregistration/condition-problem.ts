import { admissionEnv, compileAdmission } from '../../cel/admission/environment.ts'
import { types } from '../../cel/types/types.ts'

/** What is wrong with a match condition's expression; undefined when nothing is. */
export function conditionProblem(expression: string, variables: { params: boolean }): string | undefined {
  return compileAdmission(expression, admissionEnv(variables), [types.bool]).problem
}
