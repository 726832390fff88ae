import { labelValue, qualifiedName } from './names.ts'

/** One condition of a label selector: checked, matched and printed. */
export type LabelOperator = '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt'

export interface LabelRequirement {
  key: string
  operator: LabelOperator
  /** Sorted. */
  values: readonly string[]
}

/** The message is what clients see. */
export class LabelSelectorError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'LabelSelectorError'
  }
}

const int64 = /^[+-]?[0-9]+$/
const isInt64 = (text: string): boolean => int64.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text)

/** One checked requirement. Throws {@link LabelSelectorError}. */
export function requirement(key: string, operator: LabelOperator, given: readonly string[]): LabelRequirement {
  const values = [...new Set(given)].sort()
  const errors = keyErrors(key)
  const count = (ok: boolean, text: string): void => {
    if (!ok) errors.push(`values: Invalid value: ${JSON.stringify(values)}: ${text}`)
  }
  if (operator === 'in' || operator === 'notin')
    count(values.length > 0, "for 'in', 'notin' operators, values set can't be empty")
  else if (operator === 'exists' || operator === '!')
    count(values.length === 0, 'values set must be empty for exists and does not exist')
  else if (operator === 'gt' || operator === 'lt') {
    count(values.length === 1, "for 'Gt', 'Lt' operators, exactly one value is required")
    values.forEach((v, i) => {
      if (!isInt64(v))
        errors.push(
          `values[${i}]: Invalid value: ${JSON.stringify(v)}: for 'Gt', 'Lt' operators, the value must be an integer`,
        )
    })
  } else count(values.length === 1, 'exact-match compatibility requires one single value')
  values.forEach((value, i) => {
    const wrong = labelValue(value)
    if (wrong.length > 0)
      errors.push(`values[${i}][${key}]: Invalid value: ${JSON.stringify(value)}: ${wrong.join('; ')}`)
  })
  throwAll(errors)
  return { key, operator, values }
}

function keyErrors(key: string): string[] {
  const wrong = qualifiedName(key)
  return wrong.length === 0 ? [] : [`<nil>: Invalid value: ${JSON.stringify(key)}: ${wrong.join('; ')}`]
}

/** Throws {@link LabelSelectorError} when `key` cannot be a label's. */
export function checkLabelKey(key: string): void {
  throwAll(keyErrors(key))
}

function throwAll(errors: readonly string[]): void {
  if (errors.length === 1) throw new LabelSelectorError(errors[0] ?? '')
  if (errors.length > 1) throw new LabelSelectorError(`[${errors.join(', ')}]`)
}

export function matchesRequirement(r: LabelRequirement, value: string | undefined): boolean {
  switch (r.operator) {
    case '=':
    case '==':
    case 'in':
      return value !== undefined && r.values.includes(value)
    case '!=':
    case 'notin':
      return value === undefined || !r.values.includes(value)
    case 'exists':
      return value !== undefined
    case '!':
      return value === undefined
    case 'gt':
    case 'lt': {
      if (value === undefined || !isInt64(value)) return false
      const [have, wanted] = [BigInt(value), BigInt(r.values[0] ?? '0')]
      return r.operator === 'gt' ? have > wanted : have < wanted
    }
  }
}

export function printRequirement({ key, operator, values }: LabelRequirement): string {
  switch (operator) {
    case '!':
      return `!${key}`
    case 'exists':
      return key
    case 'in':
    case 'notin':
      return `${key} ${operator} (${values.join(',')})`
    case 'gt':
      return `${key}>${values.join()}`
    case 'lt':
      return `${key}<${values.join()}`
    default:
      return `${key}${operator}${values.join()}`
  }
}
