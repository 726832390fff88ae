/**
 * What a plain YAML scalar means: YAML 1.1 as the original reads it. Differs from the specification in that times and
 * base-60 numbers are strings.
 */
export type YamlScalar = string | number | boolean | null

const words = new Map<string, boolean | null>()
for (const word of ['y', 'yes', 'on', 'true']) for (const form of spellings(word)) words.set(form, true)
for (const word of ['n', 'no', 'off', 'false']) for (const form of spellings(word)) words.set(form, false)
for (const word of ['', '~', ...spellings('null')]) words.set(word, null)

function spellings(word: string): string[] {
  return [word, word.toUpperCase(), `${word.charAt(0).toUpperCase()}${word.slice(1)}`]
}

const floatPattern = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
const integerPattern = /^[-+]?(?:0|[1-9][0-9]*)$/
const basePattern = /^([-+]?)(0x[0-9a-f]+|0b[01]+|0o?[0-7]+)$/i
const notNumbers = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/

/** NaN and the infinities come as numbers; JSON has none, so that the caller must refuse them. */
export function resolvePlain(text: string): YamlScalar {
  const word = words.get(text)
  if (word !== undefined) return word
  const first = text.charCodeAt(0)
  // Only digits, signs and dots begin numbers.
  if (!(first >= 48 && first <= 57) && first !== 43 && first !== 45 && first !== 46) return text
  if (notNumbers.test(text)) return text.includes('n') || text.includes('N') ? notNumber(text) : text
  const plain = text.replaceAll('_', '')
  if (integerPattern.test(plain)) return Number(plain)
  const based = basePattern.exec(plain)
  if (based !== null) {
    const [, sign, digits = ''] = based
    const value = BigInt(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits)
    // What no 64 bits hold is a text.
    if (value > (sign === '-' ? 2n ** 63n : 2n ** 64n - 1n)) return text
    return Number(sign === '-' ? -value : value)
  }
  return floatPattern.test(plain) ? Number(plain) : text
}

function notNumber(text: string): number {
  if (/nan/i.test(text)) return Number.NaN
  return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}

const base60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/
const timestamp =
  /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(?:\.[0-9]+)?(?:Z|[-+][0-9]{2}:[0-9]{2})?)?$/

/** Whether a string must be quoted, so that no reader takes it for something else. */
export function isAmbiguous(text: string): boolean {
  return typeof resolvePlain(text) !== 'string' || base60.test(text) || timestamp.test(text) || notNumbers.test(text)
}
