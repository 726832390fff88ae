import {
  duplicate,
  forbidden,
  invalid,
  required,
  tooMany,
  type FieldError,
  type FieldPath,
} from '@kapell/openapi/meta/field-errors'
import { parseQuantity, type Quantity } from '@kapell/openapi/meta/quantity'
import type { Device } from './device-rules.ts'

/** How much of a device's capacity one request may take. Source: "Dynamic Resource Allocation", consumable capacity. */

type Capacity = NonNullable<Device['capacity']>[string]
type Policy = NonNullable<Capacity['requestPolicy']>
type Range = NonNullable<Policy['validRange']>

const maxValues = 10

export function validateCapacity(capacity: Capacity, sharable: boolean, device: FieldPath): FieldError[] {
  const policy = capacity.requestPolicy
  if (policy === undefined) return []
  const at = device.child('requestPolicy')
  if (!sharable) return [forbidden(at, 'allowMultipleAllocations must be true')]
  const { validRange: range } = policy
  const values = policy.validValues ?? []
  if (values.length > 0 && range !== undefined) {
    const why = 'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time'
    return [forbidden(at, why)]
  }
  const limits: Limits = { most: quantity(capacity.value ?? '0'), normal: quantityOf(policy.default) }
  if (values.length > 0) return validateValues(values, limits, at)
  return range === undefined ? [] : validateRange(range, limits, at)
}

interface Limits {
  /** The device's whole capacity. */
  most: Quantity
  /** What a request that says nothing takes. */
  normal: Quantity | undefined
}

const quantity = (text: unknown): Quantity => parseQuantity(String(text))
const quantityOf = (text: unknown): Quantity | undefined => (text == null ? undefined : quantity(text))

function validateValues(values: readonly string[], { most, normal }: Limits, policy: FieldPath): FieldError[] {
  const at = policy.child('validValues')
  const known = values.slice(0, maxValues).map(quantity)
  const errors = values.length > maxValues ? [tooMany(at, values.length, maxValues)] : []
  if (normal === undefined)
    return [...errors, required(policy.child('default'), 'required when validValues is defined')]
  for (const [i, value] of known.entries()) {
    const before = known[i - 1]
    if (value.cmp(most) > 0)
      errors.push(invalid(at.index(i), String(value), `option is larger than capacity value: ${String(most)}`))
    if (known.slice(0, i).some((other) => other.equals(value)))
      errors.push(duplicate(at.index(i), String(value.bigValue())))
    else if (before !== undefined && value.cmp(before) < 0)
      errors.push(invalid(at.index(i), String(value), 'values must be sorted in ascending order'))
  }
  if (!known.some((value) => value.equals(normal)))
    errors.push(invalid(at, String(normal), 'default value is not valid according to the requestPolicy'))
  return errors
}

function validateRange(range: Range, { most, normal }: Limits, policy: FieldPath): FieldError[] {
  const at = policy.child('validRange')
  const min = quantityOf(range.min)
  const max = quantityOf(range.max)
  const step = quantityOf(range.step)
  if (normal === undefined) return [required(policy.child('default'), 'required when validRange is defined')]
  if (min === undefined) return [required(at.child('min'), 'required when validRange is defined')]
  const errors: FieldError[] = []
  const tell = (field: string, value: Quantity, why: string): void => {
    errors.push(invalid(at.child(field), String(value), why))
  }
  if (min.cmp(most) > 0) tell('min', min, `min is larger than capacity value: ${String(most)}`)
  if (normal.cmp(min) < 0) tell('min', normal, `default is less than min: ${String(min)}`)
  if (max !== undefined) {
    if (min.cmp(max) > 0) tell('max', min, `min is larger than max: ${String(max)}`)
    if (max.cmp(most) > 0) tell('max', max, `max is larger than capacity value: ${String(most)}`)
    if (normal.cmp(max) > 0) tell('max', normal, `default is more than max: ${String(max)}`)
  }
  if (step !== undefined && step.sign() > 0) {
    const first = min.add(step)
    if (first.cmp(most) > 0)
      tell('step', step, `one step ${String(first)} is larger than capacity value: ${String(most)}`)
    for (const value of max === undefined ? [normal] : [normal, max])
      if (value.sub(min).nanos % step.nanos !== 0n)
        tell('step', value, `value is not a multiple of a given step (${String(step)}) from (${String(min)})`)
  }
  return errors
}
