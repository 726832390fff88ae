/** Timestamps and durations as text. Source: RFC 3339; Go's duration syntax, which upstream's expressions use. */
import { CelError, conversionError } from '../runtime/errors.ts'
import { Duration, Timestamp } from './scalars.ts'

const second = 1_000_000_000n
const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: second,
  m: 60n * second,
  h: 3600n * second,
}
const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?([Zz]|([+-])(\d\d):(\d\d))$/

export function parseTimestamp(text: string): Timestamp {
  const match = rfc3339.exec(text)
  if (!match) throw conversionError('string', 'google.protobuf.Timestamp')
  const [, year, month, day, hour, minute, secs, fraction = '', , sign, offsetHours = '0', offsetMinutes = '0'] = match
  const date = new Date(0)
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  const valid =
    date.getUTCMonth() === Number(month) - 1 && Number(hour) < 24 && Number(minute) < 60 && Number(secs) < 60
  if (!valid) throw conversionError('string', 'google.protobuf.Timestamp')
  date.setUTCHours(Number(hour), Number(minute), Number(secs))
  const shift = BigInt(Number(offsetHours) * 3600 + Number(offsetMinutes) * 60) * second * (sign === '-' ? 1n : -1n)
  const nanos = BigInt(fraction.slice(0, 9).padEnd(9, '0'))
  return new Timestamp(BigInt(date.getTime()) * 1_000_000n + nanos + shift)
}

/** Floor division: the part before the epoch counts down. */
export function split(nanos: bigint, unit: bigint): [whole: bigint, rest: bigint] {
  const rest = ((nanos % unit) + unit) % unit
  return [(nanos - rest) / unit, rest]
}

/** RFC 3339 in UTC, with as many digits of a second as needed. */
export function formatTimestamp({ nanos }: Timestamp): string {
  const [seconds, rest] = split(nanos, second)
  const text = new Date(Number(seconds) * 1000).toISOString().slice(0, 19)
  const fraction = rest === 0n ? '' : `.${String(rest).padStart(9, '0').replace(/0+$/, '')}`
  return `${text}${fraction}Z`
}

/** `1h30m`, `-1.5s`, `0`. */
export function parseDuration(text: string): Duration {
  const invalid = (): CelError => conversionError('string', 'google.protobuf.Duration')
  const match = /^([+-]?)(.*)$/s.exec(text)
  const body = match?.[2] ?? ''
  if (body === '0') return new Duration(0n)
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(body) || body.length > 200) throw invalid()
  let nanos = 0n
  for (const [, whole = '', fraction = '', unit = ''] of body.matchAll(/(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h)/g)) {
    const scale = units[unit] ?? 1n
    nanos += BigInt(whole || '0') * scale + (BigInt(fraction || '0') * scale) / 10n ** BigInt(fraction.length)
  }
  return new Duration(match?.[1] === '-' ? -nanos : nanos)
}

/** Seconds, with as many digits as needed: `5400s`, `1.5s`. */
export function formatDuration({ nanos }: Duration): string {
  const magnitude = nanos < 0n ? -nanos : nanos
  const fraction = String(magnitude % second)
    .padStart(9, '0')
    .replace(/0+$/, '')
  return `${nanos < 0n ? '-' : ''}${magnitude / second}${fraction && `.${fraction}`}s`
}

export interface CalendarFields {
  readonly year: number
  /** From 0. */
  readonly month: number
  /** From 1. */
  readonly day: number
  readonly hours: number
  readonly minutes: number
  readonly seconds: number
  readonly milliseconds: number
  /** Sunday is 0. */
  readonly weekday: number
  /** From 0. */
  readonly dayOfYear: number
}

function offsetOf(zone: string, at: Date): number {
  const fixed = /^([+-]?)(\d\d):(\d\d)$/.exec(zone)
  if (fixed) return (Number(fixed[2]) * 60 + Number(fixed[3])) * (fixed[1] === '-' ? -60_000 : 60_000)
  if (zone === '' || zone === 'UTC') return 0
  try {
    const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(at)
    const name = parts.find((part) => part.type === 'timeZoneName')?.value ?? ''
    const match = /([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(name)
    if (!match) return 0
    const seconds = Number(match[2]) * 3600 + Number(match[3]) * 60 + Number(match[4] ?? 0)
    return seconds * (match[1] === '-' ? -1000 : 1000)
  } catch {
    throw new CelError(`unknown time zone ${zone}`)
  }
}

/** The calendar's view of a moment in a time zone: a name of the IANA database or `+hh:mm`. */
export function calendar({ nanos }: Timestamp, zone = 'UTC'): CalendarFields {
  const [millis] = split(nanos, 1_000_000n)
  const moment = new Date(Number(millis))
  const local = new Date(moment.getTime() + offsetOf(zone, moment))
  const newYear = new Date(local)
  newYear.setUTCMonth(0, 1)
  return {
    year: local.getUTCFullYear(),
    month: local.getUTCMonth(),
    day: local.getUTCDate(),
    hours: local.getUTCHours(),
    minutes: local.getUTCMinutes(),
    seconds: local.getUTCSeconds(),
    milliseconds: local.getUTCMilliseconds(),
    weekday: local.getUTCDay(),
    dayOfYear: Math.round((local.getTime() - newYear.getTime()) / 86_400_000),
  }
}
