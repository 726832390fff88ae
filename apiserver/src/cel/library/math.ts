/** Numbers. Source: the math extension's document. */
import { CelError, noSuchOverload } from '../runtime/errors.ts'
import type { ListValue } from '../values/collections.ts'
import { type Value } from '../values/collections.ts'
import { compareNumbers, numeric } from '../values/compare.ts'
import { CelUint, int, minInt } from '../values/scalars.ts'
import { elements } from './costs.ts'
import { declare, type LibraryTable } from './declare.ts'

type Number_ = bigint | number | CelUint

const best =
  (sign: 1 | -1) =>
  (values: Iterable<Value>): Value => {
    let chosen: Value | undefined
    for (const value of values) {
      const [a, b] = [numeric(value), chosen === undefined ? undefined : numeric(chosen)]
      if (a === undefined) throw noSuchOverload()
      if (b === undefined || (compareNumbers(a, b) ?? 0) * sign > 0) chosen = value
    }
    if (chosen === undefined) throw new CelError('math.@max(list) argument must not be empty')
    return chosen
  }
const numbers = ['int', 'uint', 'double']

/** `math.greatest` and `math.least` come here from their macros. */
function extremes(name: string, sign: 1 | -1): LibraryTable {
  const pick = best(sign)
  return Object.fromEntries([
    ...numbers.map((type) => [`math.@${name}(${type}): ${type}`, (value: Value) => value]),
    ...numbers.flatMap((a) =>
      numbers.map((b) => [`math.@${name}(${a}, ${b}): ${a === b ? a : 'dyn'}`, (x: Value, y: Value) => pick([x, y])]),
    ),
    ...numbers.map((type) => [
      `math.@${name}(list<${type}>): ${type}`,
      { call: (list: ListValue) => pick(list), cost: elements() },
    ]),
  ]) as LibraryTable
}

const awayFromZero = (value: number): number => Math.sign(value) * Math.round(Math.abs(value))

function abs(value: bigint): bigint {
  if (value === minInt) throw new CelError('integer overflow')
  return value < 0n ? -value : value
}
function sign(value: Number_): Value {
  if (value instanceof CelUint) return new CelUint(value.value === 0n ? 0n : 1n)
  if (typeof value === 'bigint') return value > 0n ? 1n : value < 0n ? -1n : 0n
  return Math.sign(value)
}
/** Shifts by negative amounts are errors; by 64 and more they leave nothing. */
function amount(by: bigint, direction: string): bigint {
  if (by < 0n) throw new CelError(`math.${direction}() negative offset: ${by}`)
  return by
}
const left = (value: bigint, by: bigint): bigint => {
  const offset = amount(by, 'bitShiftLeft')
  return offset >= 64n ? 0n : value << offset
}
const right = (value: bigint, by: bigint): bigint => {
  const offset = amount(by, 'bitShiftRight')
  return offset >= 64n ? 0n : value >> offset
}
const uint = (value: bigint): CelUint => new CelUint(BigInt.asUintN(64, value))

/** A row each for int and uint. */
function bits(name: string, operate: (a: bigint, b: bigint) => bigint): LibraryTable {
  return {
    [`math.${name}(int, int): int`]: (a: bigint, b: bigint) => BigInt.asIntN(64, operate(a, b)),
    [`math.${name}(uint, uint): uint`]: (a: CelUint, b: CelUint) => uint(operate(a.value, b.value)),
  }
}

export const math = declare({
  ...extremes('max', 1),
  ...extremes('min', -1),
  'math.ceil(double): double': (value: number) => Math.ceil(value),
  'math.floor(double): double': (value: number) => Math.floor(value),
  'math.round(double): double': awayFromZero,
  'math.trunc(double): double': (value: number) => Math.trunc(value),
  'math.isNaN(double): bool': (value: number) => Number.isNaN(value),
  'math.isInf(double): bool': (value: number) => Math.abs(value) === Infinity,
  'math.isFinite(double): bool': (value: number) => Number.isFinite(value),
  'math.abs(double): double': (value: number) => Math.abs(value),
  'math.abs(int): int': abs,
  'math.abs(uint): uint': (value: CelUint) => value,
  'math.sign(double): double': sign,
  'math.sign(int): int': sign,
  'math.sign(uint): uint': sign,
  'math.sqrt(double): double': (value: number) => Math.sqrt(value),
  'math.sqrt(int): double': (value: bigint) => Math.sqrt(Number(value)),
  'math.sqrt(uint): double': (value: CelUint) => Math.sqrt(Number(value.value)),
  ...bits('bitAnd', (a, b) => a & b),
  ...bits('bitOr', (a, b) => a | b),
  ...bits('bitXor', (a, b) => a ^ b),
  'math.bitNot(int): int': (value: bigint) => int(~value),
  'math.bitNot(uint): uint': (value: CelUint) => uint(~value.value),
  'math.bitShiftLeft(int, int): int': (value: bigint, by: bigint) => BigInt.asIntN(64, left(value, by)),
  'math.bitShiftLeft(uint, int): uint': (value: CelUint, by: bigint) => uint(left(value.value, by)),
  // Shifting right fills with zeros, negative numbers too.
  'math.bitShiftRight(int, int): int': (value: bigint, by: bigint) =>
    BigInt.asIntN(64, right(BigInt.asUintN(64, value), by)),
  'math.bitShiftRight(uint, int): uint': (value: CelUint, by: bigint) => uint(right(value.value, by)),
})
