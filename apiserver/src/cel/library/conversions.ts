/** `int(x)`, `string(x)` and the like. Source: cel-spec, "List of Standard Definitions". */
import { CelError, conversionError } from '../runtime/errors.ts'
import type { Value } from '../values/collections.ts'
import { CelUint, Duration, maxInt, maxUint, minInt, Timestamp } from '../values/scalars.ts'
import { formatDuration, formatTimestamp, parseDuration, parseTimestamp, split } from '../values/time.ts'
import { walk } from './costs.ts'
import { declare, type Implementation } from './declare.ts'

const same = (value: Value): Value => value
const second = 1_000_000_000n

function toInt(value: bigint): bigint {
  if (value < minInt || value > maxInt) throw new CelError('integer overflow')
  return value
}
function toUint(value: bigint): CelUint {
  if (value < 0n || value > maxUint) throw new CelError('unsigned integer overflow')
  return new CelUint(value)
}
/** Towards zero; strictly inside of the range, as doubles near its ends are not exact. */
function whole(value: number, low: number, high: number): bigint {
  if (!(value > low && value < high)) throw new CelError('integer overflow')
  return BigInt(Math.trunc(value))
}
function parseInteger(text: string, type: string): bigint {
  const signed = type === 'int' ? /^[+-]?\d{1,40}$/ : /^\d{1,40}$/
  if (!signed.test(text)) throw conversionError('string', type)
  return BigInt(text.replace(/^\+/, ''))
}

/** As Go's shortest form: an exponent only for what is very large or very small. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (Object.is(value, -0)) return '-0'
  const magnitude = Math.abs(value)
  if (value === 0 || (magnitude >= 1e-4 && magnitude < 1e21)) return String(value)
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
}
const special: Readonly<Record<string, number>> = {
  nan: NaN,
  inf: Infinity,
  '+inf': Infinity,
  '-inf': -Infinity,
  infinity: Infinity,
  '+infinity': Infinity,
  '-infinity': -Infinity,
}
function parseDouble(text: string): number {
  const known = special[text.toLowerCase()]
  if (known !== undefined) return known
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) {
    throw conversionError('string', 'double')
  }
  return Number(text)
}
const booleans: Readonly<Record<string, boolean>> = {
  true: true, True: true, TRUE: true, t: true, T: true, '1': true,
  false: false, False: false, FALSE: false, f: false, F: false, '0': false,
} // prettier-ignore
function parseBool(text: string): boolean {
  const value = Object.hasOwn(booleans, text) ? booleans[text] : undefined
  if (value === undefined) throw conversionError('string', 'bool')
  return value
}
function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new CelError('invalid UTF-8 in bytes, cannot convert to string')
  }
}

const utf8: Implementation = {
  call: (text: string) => new TextEncoder().encode(text),
  cost: walk(),
  resultSize: ([size = 1]) => size * 4,
}

export const conversions = declare({
  'bool(bool): bool': same,
  'bool(string): bool': parseBool,
  'int(int): int': same,
  'int(uint): int': (value: CelUint) => toInt(value.value),
  'int(double): int': (value: number) => whole(value, -(2 ** 63), 2 ** 63),
  'int(string): int': (text: string) => toInt(parseInteger(text, 'int')),
  'int(timestamp): int': (value: Timestamp) => split(value.nanos, second)[0],
  'int(duration): int': (value: Duration) => value.nanos,
  'uint(uint): uint': same,
  'uint(int): uint': (value: bigint) => toUint(value),
  'uint(double): uint': (value: number) => toUint(whole(value, -1, 2 ** 64)),
  'uint(string): uint': (text: string) => toUint(parseInteger(text, 'uint')),
  'double(double): double': same,
  'double(int): double': (value: bigint) => Number(value),
  'double(uint): double': (value: CelUint) => Number(value.value),
  'double(string): double': parseDouble,
  'string(string): string': same,
  'string(bool): string': (value: boolean) => String(value),
  'string(int): string': (value: bigint) => String(value),
  'string(uint): string': (value: CelUint) => String(value.value),
  'string(double): string': formatDouble,
  'string(bytes): string': { call: decodeUtf8, cost: walk(), resultSize: ([size = 1]) => size },
  'string(timestamp): string': formatTimestamp,
  'string(duration): string': formatDuration,
  'bytes(bytes): bytes': same,
  'bytes(string): bytes': utf8,
  'timestamp(timestamp): timestamp': same,
  'timestamp(string): timestamp': parseTimestamp,
  'timestamp(int): timestamp': (seconds: bigint) => new Timestamp(seconds * second),
  'duration(duration): duration': same,
  'duration(string): duration': parseDuration,
  'duration(int): duration': (nanos: bigint) => new Duration(nanos),
})
