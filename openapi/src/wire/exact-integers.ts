import { unheldNumber } from './number-text.ts'

/**
 * Whole numbers of 64 bits, as Go keeps them: those that a double would round are BigInts from here to the store and
 * back. Only custom resources may hold them at will; for nearly all texts one look tells that there are none.
 */

type RawJson = (text: string) => unknown
const { rawJSON } = JSON as unknown as { rawJSON: RawJson }

// JSON.stringify has no other way to be told.
Object.defineProperty(BigInt.prototype, 'toJSON', {
  value(this: bigint) {
    return rawJSON(this.toString())
  },
  configurable: true,
  writable: true,
})

type Reviver = (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown
const parse = JSON.parse as (text: string, reviver: Reviver) => unknown
const [least, most] = [-(2n ** 63n), 2n ** 63n - 1n]

function exact(value: number, source: string): number | bigint {
  if (Number.isSafeInteger(value) || !/^-?\d+$/.test(source)) return value
  const whole = BigInt(source)
  return whole >= least && whole <= most && whole !== BigInt(value) ? whole : value
}

/** Reads JSON that is known to be JSON; `plain` is what JSON.parse made of it, when that is at hand. */
export function withExactIntegers(text: string, plain?: unknown): unknown {
  if (unheldNumber(text)?.isTooLarge !== false) return plain ?? (JSON.parse(text) as unknown)
  return parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined ? exact(value, source) : value,
  )
}
