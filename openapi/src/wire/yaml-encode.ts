import { isAmbiguous } from './yaml-scalars.ts'
import { styleFor, writeText } from './yaml-text.ts'

/** Keys longer than this are written with a question mark. */
const longestSimpleKey = 128

const isDigit = (text: string | undefined): boolean => text !== undefined && /^\p{Nd}$/u.test(text)
const isLetter = (text: string): boolean => /^\p{L}$/u.test(text)

/** The order of keys: as people count, "a2" before "a10", and letters after everything else. */
export function compareKeys(a: string, b: string): number {
  const [as, bs] = [[...a], [...b]]
  let afterDigits = false
  for (let i = 0; i < as.length && i < bs.length; i++) {
    const [x, y] = [as[i] ?? '', bs[i] ?? '']
    if (x === y) {
      afterDigits = isDigit(x)
      continue
    }
    const [xIsLetter, yIsLetter] = [isLetter(x), isLetter(y)]
    if (xIsLetter && yIsLetter) return byCode(x, y)
    if (xIsLetter || yIsLetter) return xIsLetter === afterDigits ? -1 : 1
    return compareNumbers(as, bs, i) || byCode(x, y)
  }
  return as.length - bs.length
}

const byCode = (x: string, y: string): number => (x.codePointAt(0) ?? 0) - (y.codePointAt(0) ?? 0)

/** Of the numbers that go on, or begin, where two texts part. */
function compareNumbers(as: readonly string[], bs: readonly string[], at: number): number {
  const run = (of: readonly string[]): string => {
    let end = at
    while (isDigit(of[end])) end++
    return of.slice(at, end).join('')
  }
  const [x, y] = [run(as), run(bs)]
  let leading = ''
  // Zeros count when a number stands before them.
  if (as[at] === '0' || bs[at] === '0') {
    for (let j = at - 1; j >= 0 && isDigit(as[j]); j--) if (as[j] !== '0') leading = '1'
  }
  const value = (digits: string): bigint => BigInt(`${leading}${/^\d*$/.test(digits) ? digits : ''}` || '0')
  const [m, n] = [value(x), value(y)]
  return m === n ? x.length - y.length : m < n ? -1 : 1
}

/** As Go prints a float: the shortest digits, with an exponent below -4 and from 6 on. */
export function numberText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return BigInt(value).toString()
  const [digits = '', exponent = '0'] = value.toExponential().split('e')
  const power = Number(exponent)
  if (power >= -4 && power < 6) return String(value)
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`
}

interface Place {
  column: number
  indent: number
}

function scalar(value: unknown, place: Place, isKey = false): string {
  if (typeof value === 'number') return numberText(value)
  if (typeof value !== 'string') return String(value)
  const wanted = value.includes('\n') ? 'literal' : isAmbiguous(value) ? 'double' : 'plain'
  return writeText(value, styleFor(value, wanted, isKey), { ...place, cut: !isKey })
}

const isFull = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0

/** The lines of a map or a list, without the indentation of the first. */
function block(value: object, indent: number): string {
  const lead = `\n${' '.repeat(indent)}`
  if (Array.isArray(value)) {
    return value.map((one: unknown) => `- ${inner(one, { column: indent + 2, indent: indent + 2 })}`).join(lead)
  }
  const entries = Object.entries(value).filter(([, one]) => one !== undefined)
  return entries
    .sort(([a], [b]) => compareKeys(a, b))
    .map(([key, one]) => entry(key, plainValue(one), indent))
    .join(lead)
}

function entry(key: string, value: unknown, indent: number): string {
  const name = scalar(key, { column: indent, indent: indent + 2 }, true)
  const isSimple = key.length <= longestSimpleKey && !/[\n\r\u2028\u2029]/.test(key)
  const head = isSimple
    ? `${name}:`
    : `? ${scalar(key, { column: indent + 2, indent: indent + 2 })}\n${' '.repeat(indent)}:`
  if (!isFull(value)) return `${head} ${inner(value, { column: indent + head.length + 1, indent: indent + 2 })}`
  // Lists stand below their key, maps further in.
  const deeper = Array.isArray(value) ? indent : indent + 2
  return isSimple ? `${head}\n${' '.repeat(deeper)}${block(value, deeper)}` : `${head} ${block(value, indent + 2)}`
}

function inner(given: unknown, place: Place): string {
  const value = plainValue(given)
  if (isFull(value)) return block(value, place.indent)
  if (Array.isArray(value)) return '[]'
  return typeof value === 'object' && value !== null ? '{}' : scalar(value, place)
}

/** Numbers that are kept as they were written say what they are. */
function plainValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const { toJSON } = value as { toJSON?: () => unknown }
  return typeof toJSON === 'function' ? toJSON.call(value) : value
}

/** Writes a value as the original does: keys sorted, lists not indented, what could be misread in quotes. */
export function encodeYaml(value: unknown): string {
  return `${inner(value, { column: 0, indent: 0 })}\n`
}
