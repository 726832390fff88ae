import type { V1LimitRange, V1LimitRangeItem } from '@kapell/openapi/types'
import {
  duplicate,
  forbidden,
  invalid,
  required,
  type FieldError,
  type FieldPath,
} from '@kapell/openapi/meta/field-errors'
import { own } from '@kapell/openapi/meta/own'
import { parseQuantity } from '@kapell/openapi/meta/quantity'
import { qualifiedName } from '@kapell/openapi/meta/names'
import { roundUpAmounts } from '../common/quantities.ts'
import { nameErrors } from '../common/validation.ts'
import { validateContainerResourceName, validateResourceName } from './pods/validation/resources.ts'

const fields = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const

/** For containers the maximum is the default limit, and the default limit or the minimum the default request. */
export function defaultLimitRange(range: V1LimitRange): void {
  for (const item of range.spec?.limits ?? []) {
    for (const field of fields) roundUpAmounts(item[field])
    if (item.type !== 'Container') continue
    item.default = { ...item.max, ...item.default }
    item.defaultRequest = { ...item.min, ...item.default, ...item.defaultRequest }
    for (const field of ['default', 'defaultRequest'] as const) {
      if (Object.keys(item[field] ?? {}).length === 0) delete item[field]
    }
  }
}

export function validateLimitRange(range: V1LimitRange, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const types = new Set<string>()
  const limits = at.child('spec', 'limits')
  for (const [i, item] of (range.spec?.limits ?? []).entries()) {
    const here = limits.index(i)
    if (types.has(item.type)) errors.push(duplicate(here.child('type'), item.type))
    types.add(item.type)
    errors.push(...validateType(item.type, here.child('type')))
    errors.push(...validateItem(item, here))
  }
  return errors
}

const standardTypes = ['Container', 'PersistentVolumeClaim', 'Pod']

function validateType(type: string, at: FieldPath): FieldError[] {
  const errors = nameErrors(at, type, qualifiedName)
  if (errors.length > 0 || type.includes('/') || standardTypes.includes(type)) return errors
  return [invalid(at, type, 'must be a standard limit type or fully qualified')]
}

function validateItem(item: V1LimitRangeItem, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const isPod = item.type === 'Pod'
  const rule = item.type === 'Container' || isPod ? validateContainerResourceName : validateResourceName
  for (const field of fields) {
    // What may not be there at all is not looked at.
    if (isPod && field.startsWith('default')) continue
    for (const name of Object.keys(item[field] ?? {})) errors.push(...rule(name, at.child(field).key(name)))
  }
  if (item.type === 'Pod') {
    for (const field of ['default', 'defaultRequest'] as const) {
      if (Object.keys(item[field] ?? {}).length > 0) {
        errors.push(forbidden(at.child(field), `may not be specified when \`type\` is 'Pod'`))
      }
    }
  }
  if (
    item.type === 'PersistentVolumeClaim' &&
    item.min?.['storage'] === undefined &&
    item.max?.['storage'] === undefined
  ) {
    errors.push(
      required(at.child('limits'), 'either minimum or maximum storage value is required, but neither was provided'),
    )
  }
  errors.push(...validateOrder(isPod ? withoutDefaults(item) : item, at))
  return errors
}

const withoutDefaults = ({
  default: _default,
  defaultRequest: _request,
  ...rest
}: V1LimitRangeItem): V1LimitRangeItem => rest

/** The lower, the higher, what the higher is called, where it is reported, and whose value is shown. */
const pairs = [
  ['min', 'max', 'max'],
  ['min', 'defaultRequest', 'default request'],
  ['defaultRequest', 'max', 'max'],
  ['defaultRequest', 'default', 'default limit'],
  ['min', 'default', 'default'],
  ['default', 'max', 'max'],
] as const
const titles: Record<string, string> = { min: 'min', defaultRequest: 'default request', default: 'default' }

function validateOrder(item: V1LimitRangeItem, at: FieldPath): FieldError[] {
  const names = new Set(fields.flatMap((field) => Object.keys(item[field] ?? {})))
  const errors: FieldError[] = []
  for (const name of [...names].sort()) {
    for (const [low, high, title] of pairs) {
      const a = own(item[low], name)
      const b = own(item[high], name)
      if (a === undefined || b === undefined) continue
      const [lower, upper] = [parseQuantity(a), parseQuantity(b)]
      if (lower.cmp(upper) > 0) {
        const text = `${titles[low] ?? low} value ${lower.toString()} is greater than ${title} value ${upper.toString()}`
        // The minimum is reported beside the default that is below it.
        const isDefault = low === 'min' && high !== 'max'
        const isUpper = (low === 'min' && high === 'defaultRequest') || (low === 'default' && high === 'max')
        const shown = isUpper ? upper : lower
        errors.push(invalid(at.child(isDefault ? high : low).key(name), shown.toString(), text))
      }
    }
    const ratio = own(item.maxLimitRequestRatio, name)
    if (ratio !== undefined && parseQuantity(ratio).toNumber() < 1) {
      errors.push(invalid(at.child('maxLimitRequestRatio').key(name), ratio, `ratio ${ratio} is less than 1`))
    }
    const [min, max] = [own(item.min, name), own(item.max, name)]
    if (ratio === undefined || min === undefined || max === undefined) continue
    const most = parseQuantity(max).toNumber() / parseQuantity(min).toNumber()
    if (parseQuantity(ratio).toNumber() > most) {
      const text = `ratio ${ratio} is greater than max/min = ${most.toFixed(6)}`
      errors.push(invalid(at.child('maxLimitRequestRatio').key(name), ratio, text))
    }
  }
  return errors
}
