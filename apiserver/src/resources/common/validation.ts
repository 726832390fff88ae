import { equalJson } from '@kapell/openapi/patch/json'
import { forbidden, invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { labelValue, qualifiedName, type NameValidator } from '@kapell/openapi/meta/names'
import { validateLabels } from '../../registry/metadata-validation.ts'
import { selectorView } from './internal-view.ts'

/** Rules that many kinds share. Each returns what is wrong, [] when nothing. */

/** A value outside a closed set, the set in the order given. */
export const unsupported = (at: FieldPath, badValue: unknown, valid: readonly string[]): FieldError => ({
  type: 'FieldValueNotSupported',
  field: at.text,
  badValue,
  detail: `supported values: ${valid.map((v) => JSON.stringify(v)).join(', ')}`,
})

/** A closed set, required: an empty value is outside it. */
export function oneOf(at: FieldPath, value: string | undefined, valid: readonly string[]): FieldError[] {
  return valid.includes(value ?? '') ? [] : [unsupported(at, value ?? '', valid)]
}

export const nameErrors = (at: FieldPath, value: string, rule: NameValidator): FieldError[] =>
  invalidTexts(at, value, rule(value))

function invalidTexts(at: FieldPath, value: string, texts: readonly string[]): FieldError[] {
  return texts.length === 0 ? [] : texts.map((text) => invalid(at, value, text))
}

/** Present and well-formed. */
export function requiredName(at: FieldPath, value: string | undefined, rule: NameValidator): FieldError[] {
  return value === undefined || value === '' ? [required(at)] : nameErrors(at, value, rule)
}

export const isNegative = 'must be greater than or equal to 0'

export function nonNegative(at: FieldPath, value: number | undefined): FieldError[] {
  return value !== undefined && value < 0 ? [invalid(at, value, isNegative)] : []
}

export function inRange(at: FieldPath, value: number, low: number, high: number): FieldError[] {
  return value >= low && value <= high ? [] : [invalid(at, value, `must be between ${low} and ${high}, inclusive`)]
}

export const validatePortNumber = (at: FieldPath, port: number): FieldError[] => inRange(at, port, 1, 65535)

export interface LabelSelectorLike {
  matchLabels?: Record<string, string>
  matchExpressions?: { key: string; operator: string; values?: string[] }[]
}

export function validateLabelSelector(selector: LabelSelectorLike | undefined | null, at: FieldPath): FieldError[] {
  if (selector == null) return []
  const errors = validateLabels(selector.matchLabels, at.child('matchLabels').text)
  for (const [i, expression] of (selector.matchExpressions ?? []).entries()) {
    const here = at.child('matchExpressions').index(i)
    errors.push(...validateOperator(expression, here))
    for (const text of qualifiedName(expression.key)) errors.push(invalid(here.child('key'), expression.key, text))
    for (const [j, value] of (expression.values ?? []).entries()) {
      errors.push(...nameErrors(here.child('values').index(j), value, labelValue))
    }
  }
  return errors
}

function validateOperator({ operator, values }: { operator: string; values?: string[] }, at: FieldPath): FieldError[] {
  switch (operator) {
    case 'In':
    case 'NotIn':
      return (values ?? []).length > 0
        ? []
        : [required(at.child('values'), "must be specified when `operator` is 'In' or 'NotIn'")]
    case 'Exists':
    case 'DoesNotExist':
      return (values ?? []).length === 0
        ? []
        : [forbidden(at.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")]
    default:
      return [invalid(at.child('operator'), operator, 'not a valid selector operator')]
  }
}

const percentPattern = /^[0-9]+%$/

export type IntOrString = number | string

export const isPercent = (value: IntOrString): value is string =>
  typeof value === 'string' && percentPattern.test(value)

/** A whole number from zero up, or a percentage. */
export function nonNegativeIntOrPercent(at: FieldPath, value: IntOrString): FieldError[] {
  if (typeof value === 'number') return nonNegative(at, value)
  return isPercent(value)
    ? []
    : [
        invalid(
          at,
          value,
          "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
        ),
      ]
}

export function notAbove100Percent(at: FieldPath, value: IntOrString): FieldError[] {
  return isPercent(value) && Number(value.slice(0, -1)) > 100
    ? [invalid(at, value, 'must not be greater than 100%')]
    : []
}

export const isZero = (value: IntOrString | undefined): boolean =>
  value === undefined ||
  value === 0 ||
  (typeof value === 'string' && (!isPercent(value) || Number(value.slice(0, -1)) === 0))

/** Equality of JSON values, whatever the order of keys; absent and undefined are the same. */
export const sameJson: (a: unknown, b: unknown) => boolean = equalJson

/** `field is immutable` when the two differ. */
export function unchanged(at: FieldPath, next: unknown, previous: unknown): FieldError[] {
  return sameJson(next, previous) ? [] : [invalid(at, next ?? null, 'field is immutable')]
}

/** The same of a workload's selector. */
export function unchangedSelector(
  at: FieldPath,
  next: LabelSelectorLike | undefined,
  previous: LabelSelectorLike | undefined,
): FieldError[] {
  return sameJson(next, previous) ? [] : [invalid(at, selectorView(next), 'field is immutable')]
}
