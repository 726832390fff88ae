import type { V1Lease } from '@kapell/openapi/types'
import { invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { isNegative } from '../common/validation.ts'

/** Source: Lease v1 coordination. */
export function validateLease(lease: V1Lease, root: FieldPath): FieldError[] {
  const at = root.child('spec')
  const { leaseDurationSeconds: duration, leaseTransitions: transitions, strategy, preferredHolder } = lease.spec ?? {}
  const errors: FieldError[] = []
  if (duration !== undefined && duration <= 0) {
    errors.push(invalid(at.child('leaseDurationSeconds'), duration, 'must be greater than 0'))
  }
  if (transitions !== undefined && transitions < 0) {
    errors.push(invalid(at.child('leaseTransitions'), transitions, isNegative))
  }
  if (preferredHolder !== undefined && preferredHolder !== '' && strategy === undefined) {
    errors.push(required(at.child('strategy'), 'must be specified if preferredHolder is specified'))
  }
  return errors
}
