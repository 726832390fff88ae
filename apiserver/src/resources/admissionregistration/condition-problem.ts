import { admissionEnv, compileAdmission } from '../../cel/admission/environment.ts'

/** What is wrong with a match condition's expression; undefined when nothing is. */
export function conditionProblem(expression: string): string | undefined {
  return compileAdmission(expression, admissionEnv(), ['bool']).problem
}
