import { labelValue, qualifiedName } from './names.ts'
import { parseRequirements } from './label-parser.ts'

/** Label selectors, as text and as objects. Source: the concepts page "Labels and Selectors". */
export type LabelOperator = '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt'

export interface LabelRequirement {
  key: string
  operator: LabelOperator
  /** Sorted. */
  values: readonly string[]
}

export interface Selector {
  readonly requirements: readonly LabelRequirement[]
  /** True when it matches everything. */
  readonly empty: boolean
  /** True when it can match nothing at all: what an absent selector means. */
  readonly nothing: boolean
  matches(labels: Readonly<Record<string, string>> | undefined): boolean
  toString(): string
}

/** The message is what clients see. */
export class LabelSelectorError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'LabelSelectorError'
  }
}

/** The shape of a LabelSelector in an object. */
export interface LabelSelector {
  matchLabels?: Record<string, string>
  matchExpressions?: { key: string; operator: string; values?: string[] }[]
}

/** Reads "a=b,c in (d,e),!f"; '' matches everything. Throws {@link LabelSelectorError}. */
export function parseSelector(text: string): Selector {
  return selectorOf(parseRequirements(text).sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)))
}

export const everything: Selector = selectorOf([])
export const nothing: Selector = { ...selectorOf([]), empty: false, nothing: true, matches: () => false }

/** Every pair must be there; {} matches everything. */
export function selectorFromSet(labels: Readonly<Record<string, string>> | undefined): Selector {
  return selectorOf(
    Object.entries(labels ?? {})
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([key, value]) => ({ key, operator: '=', values: [value] })),
  )
}

const expressionOperators: Record<string, LabelOperator> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
}

/** An object's selector: undefined matches nothing, {} everything. Throws {@link LabelSelectorError}. */
export function selectorFromLabelSelector(selector: LabelSelector | undefined | null): Selector {
  if (selector == null) return nothing
  const requirements: LabelRequirement[] = Object.entries(selector.matchLabels ?? {}).map(([key, value]) =>
    requirement(key, '=', [value]),
  )
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const known = Object.hasOwn(expressionOperators, operator) ? expressionOperators[operator] : undefined
    if (known === undefined)
      throw new LabelSelectorError(`${JSON.stringify(operator)} is not a valid label selector operator`)
    requirements.push(requirement(key, known, values ?? []))
  }
  return selectorOf(requirements.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)))
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

function matchesRequirement(r: LabelRequirement, value: string | undefined): boolean {
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

export function selectorOf(requirements: readonly LabelRequirement[]): Selector {
  return {
    requirements,
    empty: requirements.length === 0,
    nothing: false,
    matches: (labels) =>
      requirements.every((r) =>
        matchesRequirement(r, labels !== undefined && Object.hasOwn(labels, r.key) ? labels[r.key] : undefined),
      ),
    toString: () => requirements.map(printRequirement).join(','),
  }
}

function printRequirement({ key, operator, values }: LabelRequirement): string {
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
