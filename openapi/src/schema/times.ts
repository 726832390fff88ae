import { DecodeError } from './problems.ts'

const timeLayout = '2006-01-02T15:04:05Z07:00'
const microLayout = '2006-01-02T15:04:05.000000Z07:00'
const rfc3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(Z|[+-]\d{2}:\d{2})$/
const plain = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/
/** The usual form on a day that every month has: nothing more to check. */
const usual = /^[1-9]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/
const zeroTime = '0001-01-01T00:00:00Z'

/** RFC 3339 text as the API writes it: UTC, whole seconds; undefined for the zero time. */
export function normalTime(text: string): string | undefined {
  if (usual.test(text)) return text
  const { date } = parsed(text, timeLayout)
  if (text === zeroTime) return undefined
  return plain.test(text) ? text : `${date.toISOString().slice(0, 19)}Z`
}

/** The same with exactly six decimals, which the API demands. */
export function normalMicroTime(text: string): string | undefined {
  const { date, fraction } = parsed(text, microLayout)
  if (fraction.length !== 6) throw problem(text, microLayout)
  if (text.startsWith('0001-01-01T00:00:00.000000Z')) return undefined
  return `${date.toISOString().slice(0, 19)}.${fraction}Z`
}

function parsed(text: string, layout: string): { date: Date; fraction: string } {
  const parts = rfc3339.exec(text)
  if (parts === null) throw problem(text, layout)
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = parts
  const inRange =
    between(month, 1, 12) &&
    between(day, 1, 31) &&
    between(hour, 0, 23) &&
    between(minute, 0, 59) &&
    between(second, 0, 59)
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`)
  const days = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()
  if (!inRange || Number.isNaN(date.getTime()) || (Number(year) > 100 && Number(day) > days)) {
    throw new DecodeError(`parsing time ${JSON.stringify(text)}: ${outOfRange(parts)} out of range`)
  }
  return { date, fraction }
}

const between = (text: string | undefined, low: number, high: number): boolean =>
  Number(text) >= low && Number(text) <= high

function outOfRange([, , month, , hour, minute, second]: RegExpExecArray): string {
  if (!between(month, 1, 12)) return 'month'
  if (!between(hour, 0, 23)) return 'hour'
  if (!between(minute, 0, 59)) return 'minute'
  return between(second, 0, 59) ? 'day' : 'second'
}

/** Elements of a time in order, by the name that the layout gives them. */
const elements: [RegExp, string][] = [
  [/^\d{4}/, '2006'],
  [/^-/, '-'],
  [/^\d{2}/, '01'],
  [/^-/, '-'],
  [/^\d{2}/, '02'],
  [/^T/, 'T'],
  [/^\d{2}/, '15'],
  [/^:/, ':'],
  [/^\d{2}/, '04'],
  [/^:/, ':'],
  [/^\d{2}/, '05'],
]

/** Says where reading stopped: `cannot parse "yesterday" as "2006"`. */
function problem(text: string, layout: string): DecodeError {
  let rest = text
  const steps = [
    ...elements,
    ...(layout === microLayout
      ? [[/^\.\d{6}/, '.000000'] as [RegExp, string]]
      : [[/^([.,]\d+)?/, ''] as [RegExp, string]]),
    [/^(Z|[+-]\d{2}:\d{2})/, 'Z07:00'] as [RegExp, string],
  ]
  const quoted = JSON.stringify(text)
  for (const [pattern, name] of steps) {
    const found = pattern.exec(rest)
    if (found === null) {
      return new DecodeError(`parsing time ${quoted} as "${layout}": cannot parse ${JSON.stringify(rest)} as "${name}"`)
    }
    rest = rest.slice(found[0].length)
  }
  return new DecodeError(`parsing time ${quoted}: extra text: ${JSON.stringify(rest)}`)
}
