/** Code points, which CEL counts where JavaScript counts UTF-16 units. */

const surrogate = /[\ud800-\udfff]/

export function codePointLength(text: string): number {
  if (!surrogate.test(text)) return text.length
  let count = 0
  for (const _ of text) count++
  return count
}

/** Text by code points: plain text is itself indexed by code points already. */
export interface CodePoints {
  readonly length: number
  slice(from: number, to?: number): string
}
export function codePoints(text: string): CodePoints {
  if (!surrogate.test(text)) return text
  const points = [...text]
  return { length: points.length, slice: (from, to) => points.slice(from, to).join('') }
}

/** Code point offset of a UTF-16 offset. */
export const toCodePointOffset = (text: string, offset: number): number => codePointLength(text.slice(0, offset))

/** UTF-16 offset of a code point offset. */
export const toUnitOffset = (text: string, offset: number): number => codePoints(text).slice(0, offset).length
