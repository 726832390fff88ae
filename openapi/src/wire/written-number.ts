import { maxJsonDepth, parseJson } from './json.ts'

/**
 * A whole number that was written as a fraction or with an exponent: "1.0", "3e0". Where the API has an integer, the
 * text is refused for that; JavaScript forgets it.
 */
export class WrittenNumber {
  readonly source: string
  constructor(source: string) {
    this.source = source
  }
  toJSON(): number {
    return Number(this.source)
  }
}

/** Where a value may begin, a number with a fraction of zeros or with an exponent. Texts inside strings match, too. */
const suspicious = /[:[,]\s*-?\d+(?:\.0+(?!\d)|(?:\.\d+)?[eE])/

/** Whether a closer look is worth it; false for nearly all texts. */
export const mayHoldWrittenNumbers = (text: string): boolean => suspicious.test(text)

type Reviver = (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown
const parse = JSON.parse as (text: string, reviver: Reviver) => unknown

/** As parseJson, with such numbers as WrittenNumber. */
export function parseKeepingText(text: string, problem?: (why: string) => Error): unknown {
  const plain = parseJson(text, problem)
  return mayHoldWrittenNumbers(text) ? keepWrittenNumbers(text) : plain
}

/** `text` must be JSON. */
export function keepWrittenNumbers(text: string): unknown {
  return parse(text, (_key, value, { source }) =>
    typeof value === 'number' && Number.isInteger(value) && source !== undefined && !/^-?\d+$/.test(source)
      ? new WrittenNumber(source)
      : value,
  )
}

/** The value as plain JSON. */
export function withoutText(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  return hasText(value, 0) ? (JSON.parse(JSON.stringify(value)) as unknown) : value
}

/** What is deeper than any body may be holds none. */
function hasText(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null || depth > maxJsonDepth) return false
  return value instanceof WrittenNumber || Object.values(value).some((item) => hasText(item, depth + 1))
}
