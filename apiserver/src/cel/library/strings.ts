/** Text. Source: the strings extension's document; offsets are in code points. */
import { CelError } from '../runtime/errors.ts'
import { ArrayList, type ListValue, type Value } from '../values/collections.ts'
import { codePointLength, codePoints, toCodePointOffset, toUnitOffset } from '../values/text.ts'
import { sum, walk, walkResult } from './costs.ts'
import { declare } from './declare.ts'
import { format } from './format.ts'

const outOfRange = (index: bigint): CelError => new CelError(`index out of range: ${index}`)

function charAt(text: string, index: bigint): string {
  const points = codePoints(text)
  if (index < 0n || index > BigInt(points.length)) throw outOfRange(index)
  return points.slice(Number(index), Number(index) + 1)
}

function indexOf(text: string, part: string, from = 0n): bigint {
  const length = BigInt(codePointLength(text))
  if (part === '' && from >= 0n && from <= length) return from
  if (from < 0n || from > length) throw outOfRange(from)
  const at = text.indexOf(part, toUnitOffset(text, Number(from)))
  return BigInt(at < 0 ? -1 : toCodePointOffset(text, at))
}

function lastIndexOf(text: string, part: string, from?: bigint): bigint {
  const length = BigInt(codePointLength(text))
  if (from !== undefined && (from < 0n || from > length)) throw outOfRange(from)
  if (part === '') return from ?? length
  const at = text.lastIndexOf(part, from === undefined ? undefined : toUnitOffset(text, Number(from)))
  return BigInt(at < 0 ? -1 : toCodePointOffset(text, at))
}

function substring(text: string, from: bigint, to?: bigint): string {
  const points = codePoints(text)
  const end = to ?? BigInt(points.length)
  if (from < 0n || from > BigInt(points.length)) throw outOfRange(from)
  if (end < 0n || end > BigInt(points.length)) throw outOfRange(end)
  if (from > end) throw new CelError(`invalid substring range. start: ${from}, end: ${end}`)
  return points.slice(Number(from), Number(end))
}

/** Nothing built here may grow past this: a budget counts only what was built already. */
const maxText = 10_000_000

function replace(text: string, old: string, fresh: string, limit = -1n): string {
  if (limit === 0n) return text
  const gaps = old === '' ? ['', ...text, ''] : text.split(old)
  const count = limit < 0n ? gaps.length : Math.min(Number(limit), gaps.length)
  if (text.length + count * fresh.length > maxText) throw new CelError('result of replace is too long')
  if (old === '') {
    const points = [...text]
    const places = limit < 0n ? points.length + 1 : Math.min(Number(limit), points.length + 1)
    return Array.from({ length: points.length + 1 }, (_, i) => (i < places ? fresh : '') + (points[i] ?? '')).join('')
  }
  const parts = split(text, old, limit < 0n ? limit : limit + 1n)
  return [...parts].join(fresh)
}

function split(text: string, separator: string, limit = -1n): ListValue {
  if (limit === 0n) return new ArrayList([])
  if (limit === 1n) return new ArrayList([text])
  const all = separator === '' ? [...text] : text.split(separator)
  if (limit < 0n || BigInt(all.length) <= limit) return new ArrayList(all)
  const kept = all.slice(0, Number(limit) - 1)
  return new ArrayList([...kept, all.slice(Number(limit) - 1).join(separator)])
}

function join(list: ListValue, separator = ''): string {
  const parts: string[] = []
  for (const item of list) {
    if (typeof item !== 'string') throw new CelError('no such overload')
    parts.push(item)
  }
  return parts.join(separator)
}

const asciiOnly = (text: string, from: RegExp, change: (part: string) => string): string =>
  text.replaceAll(from, change)
/** Unicode's white space, as the extension trims it. */
const space = '[\\u0009-\\u000d\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]'
const leading = new RegExp(`^${space}+`)
const isSpace = new RegExp(`^${space}$`)
function trim(text: string): string {
  let end = text.length
  while (end > 0 && isSpace.test(text[end - 1] ?? '')) end--
  return text.slice(0, end).replace(leading, '')
}

const quoted: Readonly<Record<string, string>> = {
  '\x07': '\\a', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v', '\\': '\\\\', '"': '\\"',
} // prettier-ignore
function quote(text: string): string {
  return `"${text.toWellFormed().replaceAll(/[\x07\b\f\n\r\t\v\\"]/g, (char) => quoted[char] ?? char)}"`
}

const sameSize = ([size = 1]: readonly number[]): number => size
const cut = { cost: walk(), resultSize: sameSize }
const parts = { cost: walk(0, 2), resultSize: sameSize }
const joined = ([count = 1, separator = 0]: readonly number[], elements: (argument: number) => number): number =>
  count === 0 ? 0 : count * (elements(0) + separator)
const replaced = {
  cost: sum(walk(), walkResult(2)),
  resultSize: (sizes: readonly number[]) => (sizes[0] ?? 1) * Math.max(1, sizes[2] ?? 1),
}

export const strings = declare({
  'string.charAt(int): string': { call: charAt, resultSize: () => 1 },
  'string.indexOf(string): int': { call: indexOf, cost: walk() },
  'string.indexOf(string, int): int': { call: indexOf, cost: walk() },
  'string.lastIndexOf(string): int': { call: lastIndexOf, cost: walk() },
  'string.lastIndexOf(string, int): int': { call: lastIndexOf, cost: walk() },
  'string.substring(int): string': { call: substring, ...cut },
  'string.substring(int, int): string': { call: substring, ...cut },
  'string.replace(string, string): string': { call: replace, ...replaced },
  'string.replace(string, string, int): string': { call: replace, ...replaced },
  'string.split(string): list<string>': { call: split, ...parts },
  'string.split(string, int): list<string>': { call: split, ...parts },
  'list<string>.join(): string': { call: join, cost: walkResult(), resultSize: joined },
  'list<string>.join(string): string': { call: join, cost: walkResult(), resultSize: joined },
  'string.lowerAscii(): string': {
    call: (text: string) => asciiOnly(text, /[A-Z]+/g, (part) => part.toLowerCase()),
    ...cut,
  },
  'string.upperAscii(): string': {
    call: (text: string) => asciiOnly(text, /[a-z]+/g, (part) => part.toUpperCase()),
    ...cut,
  },
  'string.trim(): string': { call: trim, ...cut },
  'strings.quote(string): string': { call: quote, cost: walk(), resultSize: ([size = 1]) => size * 2 + 2 },
  'string.format(list<dyn>): string': {
    call: (text: string, args: ListValue): Value => format(text, args),
    cost: walk(),
    resultSize: () => maxText,
  },
})

/** Not in the API's expressions. */
export const reverseText = declare({
  'string.reverse(): string': { call: (text: string) => [...text].reverse().join(''), ...cut },
})
