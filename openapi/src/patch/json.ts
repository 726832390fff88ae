import { WrittenNumber } from '../wire/written-number.ts'

/** Plain JSON values and the few things patches do with them, safe for keys such as "__proto__". */
export type JsonObject = Record<string, unknown>

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof WrittenNumber)

/** The value of an own property; inherited ones do not count. */
export function getOwn(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

/** Sets an own property, "__proto__" included. */
export function setOwn(object: JsonObject, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
  else object[key] = value
}

/** A deep copy of JSON; about five times as fast as structuredClone. */
export function cloneJson<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof WrittenNumber) return value
  if (Array.isArray(value)) return value.map(cloneJson) as T
  const copy: JsonObject = {}
  for (const key of Object.keys(value)) setOwn(copy, key, cloneJson((value as JsonObject)[key]))
  return copy as T
}

/** Deep equality of JSON; the order of keys does not count, and undefined means absent. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
    return a.every((item, i) => equalJson(item, b[i]))
  }
  const [left, right] = [a as JsonObject, b as JsonObject]
  let size = 0
  for (const key of Object.keys(left)) {
    if (left[key] === undefined) continue
    size += 1
    if (!equalJson(left[key], getOwn(right, key))) return false
  }
  let other = 0
  for (const key of Object.keys(right)) if (right[key] !== undefined) other += 1
  return size === other
}

/** A value as Go prints it with %v: "map[a:1 b:[x y]]". Error texts of patches quote values so. */
export function goPrint(value: unknown): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(goPrint).join(' ')}]`
  if (isObject(value)) {
    const parts = Object.keys(value)
      .sort()
      .map((key) => `${key}:${goPrint(value[key])}`)
    return `map[${parts.join(' ')}]`
  }
  return String(value as string | number | boolean)
}
