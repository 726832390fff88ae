/** `"%d of %s".format([…])`. Source: the strings extension's document, "Format". */
import { CelError } from '../runtime/errors.ts'
import { ListValue, MapValue, type Value } from '../values/collections.ts'
import { compareText } from '../values/compare.ts'
import { CelUint, Duration, Timestamp, TypeValue } from '../values/scalars.ts'
import { formatDuration, formatTimestamp } from '../values/time.ts'
import { typeNameOf } from '../values/type-of.ts'
import { formatDouble } from './conversions.ts'

const maxPrecision = 1000
const maxLength = 10_000_000

/** Replaces each `%` clause by the argument in its place. */
export function format(text: string, args: ListValue): string {
  let next = 0
  let result = ''
  let from = 0
  for (let at = text.indexOf('%'); at >= 0; at = text.indexOf('%', from)) {
    result += text.slice(from, at)
    if (text[at + 1] === '%') {
      result += '%'
      from = at + 2
      continue
    }
    const clause = /^%(\.(\d*))?(.)?/su.exec(text.slice(at, at + 20))
    const verb = clause?.[3]
    if (!clause || verb === undefined) throw new CelError('unexpected end of string')
    const arg = args.get(next)
    if (arg === undefined) throw new CelError(`index ${next} out of range`)
    next++
    const precision = clause[1] === undefined ? undefined : Number(clause[2])
    if (precision !== undefined && precision > maxPrecision) throw new CelError('precision too large')
    result += formatArg(verb, arg, precision)
    if (result.length > maxLength) throw new CelError('result of format is too long')
    from = at + clause[0].length
  }
  return result + text.slice(from)
}

const whole = (value: Value): bigint | undefined =>
  typeof value === 'bigint' ? value : value instanceof CelUint ? value.value : undefined

function wrong(message: string, value: Value): CelError {
  return new CelError(`error during formatting: ${message}, was given ${typeNameOf(value)}`)
}

function formatArg(verb: string, value: Value, precision: number | undefined): string {
  switch (verb) {
    case 's':
      return textOf(value)
    case 'd':
      return decimal(value)
    case 'f':
      return fixed(value, precision ?? 6)
    case 'e':
      return scientific(value, precision ?? 6)
    case 'b':
      return binary(value)
    case 'x':
      return hexadecimal(value)
    case 'X':
      return hexadecimal(value).toUpperCase()
    case 'o':
      return octal(value)
    default:
      throw new CelError(`could not parse formatting clause: unrecognized formatting clause "${verb}"`)
  }
}

const notFinite = (value: number): string | undefined =>
  Number.isNaN(value) ? 'NaN' : Number.isFinite(value) ? undefined : value > 0 ? 'Infinity' : '-Infinity'

function decimal(value: Value): string {
  const number = whole(value)
  if (number !== undefined) return String(number)
  const special = typeof value === 'number' ? notFinite(value) : undefined
  if (special !== undefined) return special
  throw wrong('decimal clause can only be used on integers', value)
}
function real(value: Value, message: string): number {
  const number = whole(value)
  if (number !== undefined) return Number(number)
  if (typeof value === 'number') return value
  throw wrong(message, value)
}
/** Rounded half to even on the exact value; `toFixed` rounds half up. */
function fixed(value: Value, precision: number): string {
  const number = real(value, 'fixed-point clause can only be used on doubles, integers, or unsigned integers')
  const special = notFinite(number)
  if (special !== undefined) return special
  if (Math.abs(number) >= 1e21 || precision > 40) {
    return `${BigInt(Math.trunc(number))}${precision > 0 ? `.${'0'.repeat(precision)}` : ''}`
  }
  const exact = number.toFixed(precision + 60)
  const [kept, rest] = [exact.slice(0, exact.length - 60), exact.slice(-60)]
  const down = kept.replace(/\.$/, '')
  return /^50+$/.test(rest) && /[02468]$/.test(down) ? down : number.toFixed(precision)
}
function scientific(value: Value, precision: number): string {
  const number = real(value, 'scientific clause can only be used on doubles, integers, or unsigned integers')
  return notFinite(number) ?? number.toExponential(Math.min(precision, 100)).replace(/e([+-])(\d)$/, 'e$10$2')
}
function binary(value: Value): string {
  if (typeof value === 'boolean') return value ? '1' : '0'
  const number = whole(value)
  if (number === undefined) throw wrong('only integers and bools can be formatted as binary', value)
  return number.toString(2)
}
function octal(value: Value): string {
  const number = whole(value)
  if (number === undefined) throw wrong('octal clause can only be used on integers', value)
  return number.toString(8)
}
function hexadecimal(value: Value): string {
  const number = whole(value)
  if (number !== undefined) return number.toString(16)
  if (typeof value === 'string') return Buffer.from(value).toString('hex')
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  throw wrong('only integers, byte buffers, and strings can be formatted as hex', value)
}

/** Any value as text, as `%s` writes it. */
export function textOf(value: Value): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return notFinite(value) ?? formatDouble(value)
  if (value === null || typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (value instanceof CelUint) return String(value.value)
  if (value instanceof Uint8Array) return new TextDecoder().decode(value)
  if (value instanceof Timestamp) return formatTimestamp(value)
  if (value instanceof Duration) return formatDuration(value)
  if (value instanceof TypeValue) return value.name
  if (value instanceof ListValue) return `[${[...value].map(textOf).join(', ')}]`
  if (value instanceof MapValue) return `{${mapText(value)}}`
  throw wrong(
    'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps',
    value,
  )
}

function mapText(map: MapValue): string {
  const entries = [...map.keys()].map((key) => {
    const normal = key instanceof CelUint ? key.value : key
    const value = map.get(normal as string | bigint | boolean) ?? null
    return [textOf(key), textOf(value)] as const
  })
  return entries
    .sort(([a], [b]) => compareText(a, b))
    .map(([key, value]) => `${key}: ${value}`)
    .join(', ')
}
