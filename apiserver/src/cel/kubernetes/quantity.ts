/** Quantities. Source: the Kubernetes documentation, "Kubernetes quantity library". */
import { parseQuantity, Quantity } from '@kapell/openapi/meta/quantity'
import { CelError } from '../runtime/errors.ts'
import { fixed, walk } from '../library/costs.ts'
import { declare } from '../library/declare.ts'
import { maxInt, minInt, OpaqueValue } from '../values/scalars.ts'

export class QuantityValue extends OpaqueValue {
  readonly typeName = 'kubernetes.Quantity'
  readonly quantity: Quantity
  constructor(quantity: Quantity) {
    super()
    this.quantity = quantity
  }
  override equals(other: OpaqueValue): boolean {
    return other instanceof QuantityValue && this.quantity.nanos === other.quantity.nanos
  }
}

const nano = 1_000_000_000n
function parse(text: string): QuantityValue {
  try {
    return new QuantityValue(parseQuantity(text))
  } catch (error) {
    throw new CelError(error instanceof Error ? error.message : 'not a quantity')
  }
}
function isQuantity(text: string): boolean {
  try {
    parseQuantity(text)
    return true
  } catch {
    return false
  }
}
const isInteger = ({ quantity: { nanos } }: QuantityValue): boolean =>
  nanos % nano === 0n && nanos / nano <= maxInt && nanos / nano >= minInt
function asInteger(value: QuantityValue): bigint {
  if (!isInteger(value)) throw new CelError('cannot convert value to integer')
  return value.quantity.nanos / nano
}
const order = (a: QuantityValue, b: QuantityValue): number => a.quantity.cmp(b.quantity)
const plus = (a: QuantityValue, b: QuantityValue | bigint, sign: 1n | -1n): QuantityValue => {
  const nanos = typeof b === 'bigint' ? b * nano : b.quantity.nanos
  return new QuantityValue(new Quantity(a.quantity.nanos + sign * nanos, a.quantity.format))
}
const one = fixed(1)

export const quantityLibrary = declare({
  'quantity(string): kubernetes.Quantity': { call: parse, cost: walk() },
  'isQuantity(string): bool': { call: isQuantity, cost: walk() },
  'kubernetes.Quantity.sign(): int': {
    call: (a: QuantityValue) => BigInt(a.quantity.nanos > 0n) - BigInt(a.quantity.nanos < 0n),
    cost: one,
  },
  'kubernetes.Quantity.isInteger(): bool': { call: isInteger, cost: one },
  'kubernetes.Quantity.asInteger(): int': { call: asInteger, cost: one },
  'kubernetes.Quantity.asApproximateFloat(): double': { call: (a: QuantityValue) => a.quantity.toNumber(), cost: one },
  'kubernetes.Quantity.isGreaterThan(kubernetes.Quantity): bool': (a: QuantityValue, b: QuantityValue) =>
    order(a, b) > 0,
  'kubernetes.Quantity.isLessThan(kubernetes.Quantity): bool': (a: QuantityValue, b: QuantityValue) => order(a, b) < 0,
  'kubernetes.Quantity.compareTo(kubernetes.Quantity): int': (a: QuantityValue, b: QuantityValue) =>
    BigInt(order(a, b)),
  'kubernetes.Quantity.add(kubernetes.Quantity): kubernetes.Quantity': (a: QuantityValue, b: QuantityValue) =>
    plus(a, b, 1n),
  'kubernetes.Quantity.add(int): kubernetes.Quantity': (a: QuantityValue, b: bigint) => plus(a, b, 1n),
  'kubernetes.Quantity.sub(kubernetes.Quantity): kubernetes.Quantity': (a: QuantityValue, b: QuantityValue) =>
    plus(a, b, -1n),
  'kubernetes.Quantity.sub(int): kubernetes.Quantity': (a: QuantityValue, b: bigint) => plus(a, b, -1n),
})
