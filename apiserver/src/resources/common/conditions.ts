import {
  duplicate,
  invalid,
  required,
  tooLong,
  type FieldError,
  type FieldPath,
} from '@kapell/openapi/meta/field-errors'
import { qualifiedName } from '@kapell/openapi/meta/names'
import type { V1AllocatedDeviceStatus } from '@kapell/openapi/types'
import { nameErrors, unsupported } from './validation.ts'

export type Condition = NonNullable<V1AllocatedDeviceStatus['conditions']>[number]

const maxReasonBytes = 1024
const maxMessageBytes = 32 * 1024
const reasonPattern = /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/
const badReason =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')"

function reasonErrors(reason: string, at: FieldPath): FieldError[] {
  if (reason === '') return [required(at)]
  return [
    ...(reasonPattern.test(reason) ? [] : [invalid(at, reason, badReason)]),
    ...(Buffer.byteLength(reason) > maxReasonBytes ? [tooLong(at, maxReasonBytes)] : []),
  ]
}

/** Conditions of the common form. Source: API conventions, "Typical status properties". */
export function validateConditions(conditions: readonly Partial<Condition>[], at: FieldPath): FieldError[] {
  return conditions.flatMap((condition, i) => {
    const { type = '', status = '', reason = '', message = '', lastTransitionTime, observedGeneration = 0 } = condition
    const here = at.index(i)
    const errors = nameErrors(here.child('type'), type, qualifiedName)
    if (conditions.findIndex((one) => one.type === type) < i) errors.push(duplicate(here.child('type'), type))
    if (!['True', 'False', 'Unknown'].includes(status))
      errors.push(unsupported(here.child('status'), status, ['False', 'True', 'Unknown']))
    if (observedGeneration < 0) {
      errors.push(
        invalid(here.child('observedGeneration'), observedGeneration, 'must be greater than or equal to zero'),
      )
    }
    if (lastTransitionTime == null) errors.push(required(here.child('lastTransitionTime')))
    errors.push(...reasonErrors(reason, here.child('reason')))
    if (Buffer.byteLength(message) > maxMessageBytes) errors.push(tooLong(here.child('message'), maxMessageBytes))
    return errors
  })
}
