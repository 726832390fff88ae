/** Numbers of JSON texts that JavaScript cannot hold as they are written. */

export interface UnheldNumber {
  /** As the text has it. */
  readonly source: string
  /** Beyond all doubles; else a whole number of 64 bits that a double would round. */
  readonly isTooLarge: boolean
}

/**
 * What most texts do not have: a number of sixteen digits, or with an exponent of three. Only where a value begins:
 * "e123" stands in every fourth UID.
 */
const suspicious = /(?:^|[:,[])\s*-?\d[\d.]*(?:\d{15}|[eE]\+?\d{3})/
const [least, most] = [-(2n ** 63n), 2n ** 63n - 1n]

type Reviver = (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown
const parse = JSON.parse as (text: string, reviver: Reviver) => unknown

/** The first of them; undefined for nearly all texts, after one look. `text` must be JSON. */
export function unheldNumber(text: string): UnheldNumber | undefined {
  if (!suspicious.test(text)) return undefined
  let found: UnheldNumber | undefined
  parse(text, function (_key, value, { source }) {
    if (found === undefined && typeof value === 'number' && source !== undefined) {
      if (!Number.isFinite(value)) found = { source, isTooLarge: true }
      else if (!Number.isSafeInteger(value) && /^-?\d+$/.test(source)) {
        const exact = BigInt(source)
        if (exact >= least && exact <= most && exact !== BigInt(value)) found = { source, isTooLarge: false }
      }
    }
    return value
  })
  return found
}
