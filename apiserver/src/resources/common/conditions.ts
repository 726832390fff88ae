import { duplicate, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { qualifiedName } from '@kapell/openapi/meta/names'
import type { V1AllocatedDeviceStatus } from '@kapell/openapi/types'
import { nameErrors, unsupported } from '../common/validation.ts'

export type Condition = NonNullable<V1AllocatedDeviceStatus['conditions']>[number]

/** Conditions of the common form. Source: API conventions, "Typical status properties". */
export function validateConditions(conditions: readonly Partial<Condition>[], at: FieldPath): FieldError[] {
  return conditions.flatMap(({ type = '', status = '', reason = '', lastTransitionTime }, i) => {
    const here = at.index(i)
    const errors = nameErrors(here.child('type'), type, qualifiedName)
    if (conditions.findIndex((one) => one.type === type) < i) errors.push(duplicate(here.child('type'), type))
    if (!['True', 'False', 'Unknown'].includes(status))
      errors.push(unsupported(here.child('status'), status, ['False', 'True', 'Unknown']))
    if (lastTransitionTime == null) errors.push(required(here.child('lastTransitionTime')))
    if (reason === '') errors.push(required(here.child('reason')))
    return errors
  })
}
