/** Counts what a run costs, and ends it when the budget is spent. */
import { ListValue, MapValue, OptionalValue, type Value } from '../values/collections.ts'
import { codePointLength } from '../values/text.ts'
import { CostExceededError } from './errors.ts'

export class Meter {
  readonly #limit: number
  cost = 0
  constructor(limit: number) {
    this.#limit = limit
  }
  add(price: number): void {
    this.cost += price
    if (this.cost > this.#limit) throw new CostExceededError()
  }
}

/** What cost rules see of a value: its length; 1 for what has none. */
export function sizeOf(value: Value): number {
  if (typeof value === 'string') return codePointLength(value)
  if (typeof value !== 'object' || value === null) return 1
  if (value instanceof ListValue || value instanceof MapValue) return value.size
  if (value instanceof Uint8Array) return value.length
  return value instanceof OptionalValue && value.value !== undefined ? sizeOf(value.value) : 1
}

/** What walking over all of a value takes: a unit for each thing in it, and a tenth for each character. */
export function walkOf(value: Value): number {
  if (typeof value === 'string') return Math.floor(codePointLength(value) / 10)
  if (value instanceof Uint8Array) return Math.floor(value.length / 10)
  let total = 0
  if (value instanceof ListValue) for (const item of value) total += walkOf(item)
  else if (value instanceof MapValue) for (const key of value.keys()) total += walkOf(key)
  else return 1
  return total
}

/** Prices of the language's own constructs, in upstream's units. */
export const prices = { ident: 1, select: 1, call: 1, list: 10, map: 30, struct: 40 } as const
