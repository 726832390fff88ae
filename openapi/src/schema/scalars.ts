import { WrittenNumber, withoutText } from '../wire/written-number.ts'
import { parseQuantity } from '../meta/quantity.ts'
import { DecodeError, foundName, typeProblem, type PlaceOfProblem } from './problems.ts'
import type { ScalarSchema } from './schema.ts'
import { normalMicroTime, normalTime } from './times.ts'

/** Bytes may come as numbers, too. */
const isByte = (item: unknown): boolean =>
  typeof item === 'number' && Number.isInteger(item) && item >= 0 && item <= 255

/**
 * A scalar in its normal form: quantities canonical, times in UTC, null as undefined. Throws DecodeError.
 * `place` is asked only when there is something to complain about.
 */
export function decodeScalar(schema: ScalarSchema, value: unknown, place: () => PlaceOfProblem): unknown {
  switch (schema.kind) {
    case 'string':
      if (typeof value === 'string') return value
      break
    case 'boolean':
      if (typeof value === 'boolean') return value
      break
    case 'int32':
      if (typeof value === 'number') {
        if (Number.isInteger(value) && value >= -0x80000000 && value <= 0x7fffffff) return value
        throw typeProblem(foundName(value, true), schema.typeName, place(), { value, kind: schema.kind })
      }
      if (value instanceof WrittenNumber)
        throw typeProblem(foundName(value, true), schema.typeName, place(), { value, kind: schema.kind })
      break
    case 'int64':
      if (typeof value === 'number') {
        if (Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63) return value
        throw typeProblem(foundName(value, true), schema.typeName, place(), { value, kind: schema.kind })
      }
      if (value instanceof WrittenNumber)
        throw typeProblem(foundName(value, true), schema.typeName, place(), { value, kind: schema.kind })
      break
    case 'number':
      if (typeof value === 'number') return value
      if (value instanceof WrittenNumber) return value.toJSON()
      break
    case 'any':
      return withoutText(value) ?? undefined
    case 'bytes':
      if (typeof value === 'string') return checkedBase64(value)
      if (Array.isArray(value) && value.every(isByte)) return Buffer.from(value).toString('base64')
      break
    case 'quantity':
      if (value == null) return undefined
      if (value instanceof WrittenNumber) return canonicalQuantity(value.source)
      if (typeof value !== 'string' && typeof value !== 'number') return canonicalQuantity('{}')
      return canonicalQuantity(String(value))
    case 'intOrString':
      if (value == null) return undefined
      return decodeIntOrString(value, place)
    case 'time':
    case 'microTime':
      if (value == null) return undefined
      if (typeof value !== 'string') throw typeProblem(foundName(value), 'string', place())
      return schema.kind === 'time' ? normalTime(value) : normalMicroTime(value)
  }
  if (value == null) return undefined
  throw typeProblem(foundName(value), schema.typeName, place(), { value, kind: schema.kind })
}

function decodeIntOrString(value: unknown, place: () => PlaceOfProblem): unknown {
  if (typeof value === 'string') return value
  if (typeof value === 'number' && Number.isInteger(value) && value >= -0x80000000 && value <= 0x7fffffff) return value
  throw typeProblem(foundName(value, true), 'int32', place())
}

const quantities = new Map<string, string>()
const maxQuantities = 4096

/** Few quantities exist, and they come again and again: each text is parsed once. */
function canonicalQuantity(text: string): string {
  const known = quantities.get(text)
  if (known !== undefined) return known
  let canonical: string
  try {
    canonical = parseQuantity(text).toString()
  } catch (error) {
    throw new DecodeError(error instanceof Error ? error.message : String(error))
  }
  if (quantities.size >= maxQuantities) quantities.clear()
  quantities.set(text, canonical)
  return canonical
}

const cleanBase64 = /^[A-Za-z0-9+/]*={0,2}$/

/** Line breaks are allowed between, and left out. */
function checkedBase64(text: string): string {
  const clean = text.includes('\n') || text.includes('\r') ? text.replaceAll(/[\r\n]/g, '') : text
  if (clean.length % 4 === 0 && cleanBase64.test(clean)) return clean
  const wrong = text.search(/[^A-Za-z0-9+/\r\n]/)
  throw new DecodeError(`illegal base64 data at input byte ${wrong < 0 ? text.length - (text.length % 4) : wrong}`)
}
