import type { V1PodDisruptionBudget } from '@kapell/openapi/types'
import { invalid, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import {
  nonNegativeIntOrPercent,
  notAbove100Percent,
  unsupported,
  validateLabelSelector,
} from '../common/validation.ts'

/** Source: PodDisruptionBudget v1 policy. */
export function validateBudget(budget: V1PodDisruptionBudget, root: FieldPath): FieldError[] {
  const at = root.child('spec')
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy: policy } = budget.spec ?? {}
  const errors: FieldError[] = []
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    const shown = {
      MinAvailable: minAvailable,
      Selector: selector ?? null,
      MaxUnavailable: maxUnavailable,
      UnhealthyPodEvictionPolicy: policy ?? null,
    }
    errors.push(invalid(at, shown, 'minAvailable and maxUnavailable cannot be both set'))
  }
  for (const [field, value] of [
    ['minAvailable', minAvailable],
    ['maxUnavailable', maxUnavailable],
  ] as const) {
    if (value === undefined) continue
    errors.push(...nonNegativeIntOrPercent(at.child(field), value), ...notAbove100Percent(at.child(field), value))
  }
  errors.push(...validateLabelSelector(selector, at.child('selector')))
  if (policy !== undefined && policy !== 'AlwaysAllow' && policy !== 'IfHealthyBudget') {
    errors.push(unsupported(at.child('unhealthyPodEvictionPolicy'), policy, ['AlwaysAllow', 'IfHealthyBudget']))
  }
  return errors
}
