/** The prices that many functions share. Source: upstream's documented cost model for expressions. */
import type { CostRule } from './declare.ts'

/** A tenth of a unit a character, as upstream prices walking over text. */
const step = 0.1
/** A guess: an expression inside of a regular expression has four characters. */
const regexFactor = 0.25

const size = (sizes: readonly number[], index: number): number => sizes[index] ?? 1

/** Walking once over the text of an argument, or several times. */
export const walk =
  (argument = 0, times = 1): CostRule =>
  (sizes) =>
    Math.ceil(size(sizes, argument) * times * step)
export const walkResult =
  (times = 1): CostRule =>
  (_, result) =>
    Math.ceil(result * times * step)
export const walkBoth: CostRule = (sizes) => Math.ceil((size(sizes, 0) + size(sizes, 1)) * step)
/** Up to the end of the shorter one. */
export const walkShorter: CostRule = (sizes) => Math.ceil(Math.min(size(sizes, 0), size(sizes, 1)) * step)
export const searchText: CostRule = (sizes) => Math.ceil(size(sizes, 0) * step) * Math.ceil(size(sizes, 1) * step)
export const matchText: CostRule = (sizes) =>
  Math.ceil((1 + size(sizes, 0)) * step) * Math.ceil(size(sizes, 1) * regexFactor)
/** Over all elements, and all text in them. */
export const traversal =
  (argument = 0): CostRule =>
  (_sizes, _result, walks) =>
    walks(argument)
/** Each element with each other of the same list. */
export const squared: CostRule = (sizes) => size(sizes, 0) ** 2
/** As if a pattern of the greatest length were matched. */
export const validation: CostRule = (sizes) => Math.ceil((1 + size(sizes, 1)) * step) * 32
/** One unit an element. */
export const elements =
  (argument = 0): CostRule =>
  (sizes) =>
    size(sizes, argument)
/** Each element with each. */
export const pairs: CostRule = (sizes) => size(sizes, 0) * size(sizes, 1)
export const fixed =
  (price: number): CostRule =>
  () =>
    price
export const sum =
  (...rules: CostRule[]): CostRule =>
  (sizes, result, walks) =>
    rules.reduce((total, rule) => total + rule(sizes, result, walks), 0)
