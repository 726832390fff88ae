import { parseRequirements } from './label-parser.ts'
import {
  LabelSelectorError,
  matchesRequirement,
  printRequirement,
  requirement,
  type LabelOperator,
  type LabelRequirement,
} from './label-requirement.ts'

export { LabelSelectorError, requirement, type LabelOperator, type LabelRequirement }

/** Label selectors, as text and as objects. Source: the concepts page "Labels and Selectors". */
export interface Selector {
  readonly requirements: readonly LabelRequirement[]
  /** True when it matches everything. */
  readonly empty: boolean
  /** True when it can match nothing at all: what an absent selector means. */
  readonly nothing: boolean
  matches(labels: Readonly<Record<string, string>> | undefined): boolean
  toString(): string
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
