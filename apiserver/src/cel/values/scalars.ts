/** The scalars that JavaScript has no own type for. int is bigint, double is number. */
import { CelError } from '../runtime/errors.ts'

export const minInt = -(2n ** 63n)
export const maxInt = 2n ** 63n - 1n
export const maxUint = 2n ** 64n - 1n

/** Checks that an int did not overflow. */
export function int(value: bigint): bigint {
  if (value < minInt || value > maxInt) throw new CelError('integer overflow')
  return value
}

/** An unsigned 64-bit number. */
export class CelUint {
  readonly value: bigint
  constructor(value: bigint) {
    this.value = value
  }
  static checked(value: bigint): CelUint {
    if (value < 0n || value > maxUint) throw new CelError('unsigned integer overflow')
    return new CelUint(value)
  }
}

/** The name of a type as a value: what `type(x)` gives. */
export class TypeValue {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/** Base of what only a library understands: quantities, addresses, URLs, authorizers. */
export abstract class OpaqueValue {
  abstract readonly typeName: string
  equals(other: OpaqueValue): boolean {
    return this === other
  }
}

const second = 1_000_000_000n
const minTimestamp = -62135596800n * second
const maxTimestamp = 253402300800n * second - 1n

/** Nanoseconds since the epoch, years 1 to 9999. */
export class Timestamp {
  readonly nanos: bigint
  constructor(nanos: bigint) {
    if (nanos < minTimestamp || nanos > maxTimestamp) throw new CelError('timestamp overflow')
    this.nanos = nanos
  }
}

/** Nanoseconds. */
export class Duration {
  readonly nanos: bigint
  constructor(nanos: bigint) {
    if (nanos < minInt || nanos > maxInt) throw new CelError('integer overflow')
    this.nanos = nanos
  }
}
