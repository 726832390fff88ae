/**
 * Quantities ("1500m", "2Gi", "1e3"), exact. Kept as a whole number of nanos, the finest step the API knows; what is
 * finer is rounded up, away from zero. Source: the API reference, "Quantity".
 */
export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent'

/** Thrown by {@link parseQuantity}; the message is the one that clients see. */
export class QuantityError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'QuantityError'
  }
}

const nano = 1_000_000_000n
/** Powers of ten, the lower ones. */
const steps = Array.from({ length: 12 }, (_, exponent) => 10n ** BigInt(exponent))
const maxInt64 = 9223372036854775807n
/** Beyond this an exponent is an attack on the memory, not a quantity. */
const maxExponent = 1000
const maxTextLength = 1500

const decimalSuffixes = new Map([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
])
const decimalByExponent = new Map([...decimalSuffixes].map(([suffix, exponent]) => [exponent, suffix]))
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']

const abs = (n: bigint): bigint => (n < 0n ? -n : n)

/** Division rounded away from zero. */
function divideUp(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor
  return quotient * divisor === value ? quotient : quotient + (value < 0n ? -1n : 1n)
}

export class Quantity {
  readonly nanos: bigint
  readonly format: QuantityFormat
  readonly #text: string | undefined

  constructor(nanos: bigint, format: QuantityFormat, text?: string) {
    this.nanos = nanos
    this.format = format
    this.#text = text
  }

  /** The whole value, rounded up. Beyond 2^53 a number cannot be exact: see {@link bigValue}. */
  value(): number {
    return Number(this.bigValue())
  }
  bigValue(): bigint {
    return divideUp(this.nanos, nano)
  }
  /** Thousandths, rounded up. */
  milliValue(): number {
    return Number(divideUp(this.nanos, 1_000_000n))
  }
  /** As a floating-point number, for ratios and scores. */
  toNumber(): number {
    return Number(this.nanos / nano) + Number(this.nanos % nano) / 1e9
  }
  /** The format of a zero gives way to the other's. */
  add(other: Quantity): Quantity {
    return new Quantity(this.nanos + other.nanos, this.isZero() ? other.format : this.format)
  }
  sub(other: Quantity): Quantity {
    return new Quantity(this.nanos - other.nanos, this.isZero() ? other.format : this.format)
  }
  mul(factor: number | bigint): Quantity {
    return new Quantity(this.nanos * BigInt(factor), this.format)
  }
  neg(): Quantity {
    return new Quantity(-this.nanos, this.format)
  }
  /** Rounded up to a power of ten, such as -3 for milli. Text that is already that coarse is kept as it was written. */
  roundUp(exponent: number): Quantity {
    const step = steps[exponent + 9] ?? 10n ** BigInt(exponent + 9)
    if (this.nanos % step === 0n) return this
    return new Quantity(divideUp(this.nanos, step) * step, this.format)
  }
  cmp(other: Quantity): -1 | 0 | 1 {
    return this.nanos < other.nanos ? -1 : this.nanos > other.nanos ? 1 : 0
  }
  equals(other: Quantity): boolean {
    return this.nanos === other.nanos
  }
  isZero(): boolean {
    return this.nanos === 0n
  }
  sign(): -1 | 0 | 1 {
    return this.nanos < 0n ? -1 : this.nanos > 0n ? 1 : 0
  }
  /** Canonical: the largest suffix that leaves no fraction. */
  toString(): string {
    return this.#text ?? canonical(this.nanos, this.format)
  }
  toJSON(): string {
    return this.toString()
  }
}

function canonical(nanos: bigint, format: QuantityFormat): string {
  if (nanos === 0n) return '0'
  if (format === 'BinarySI' && abs(nanos) >= 1024n * nano && nanos % nano === 0n) {
    let mantissa = nanos / nano
    let step = 0
    while (step < binarySuffixes.length - 1 && mantissa % 1024n === 0n) {
      mantissa /= 1024n
      step += 1
    }
    return `${mantissa}${binarySuffixes[step] ?? ''}`
  }
  let mantissa = nanos
  let exponent = -9
  while (mantissa % 1000n === 0n && (format === 'DecimalExponent' || exponent < 18)) {
    mantissa /= 1000n
    exponent += 3
  }
  if (format === 'DecimalExponent') return exponent === 0 ? `${mantissa}` : `${mantissa}e${exponent}`
  return `${mantissa}${decimalByExponent.get(exponent) ?? ''}`
}

const shape = /^([+-]?)([0-9]*)(?:\.([0-9]*))?((?:[eEinumkKMGTP]*[-+]?[0-9]*))$/
const wrongShape = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
const wrongSuffix = "unable to parse quantity's suffix"

function suffixOf(text: string): { base: 2 | 10; exponent: number; format: QuantityFormat } {
  const decimal = decimalSuffixes.get(text)
  if (decimal !== undefined) return { base: 10, exponent: decimal, format: 'DecimalSI' }
  const binary = binarySuffixes.indexOf(text)
  if (binary > 0) return { base: 2, exponent: binary * 10, format: 'BinarySI' }
  if (/^[eE][-+]?[0-9]+$/.test(text)) {
    const exponent = Number(text.slice(1))
    if (Math.abs(exponent) <= maxExponent) return { base: 10, exponent, format: 'DecimalExponent' }
  }
  throw new QuantityError(wrongSuffix)
}

/** Quantities read lately, by their text: the same few dozens stand in most objects. They never change. */
const known = new Map<string, Quantity>()
const knownLimit = 2048
const knownLength = 24

/** Reads a quantity. Throws {@link QuantityError}. */
export function parseQuantity(text: string | number): Quantity {
  if (typeof text !== 'string' || text.length > knownLength) return readQuantity(text)
  let quantity = known.get(text)
  if (quantity === undefined) {
    quantity = readQuantity(text)
    if (known.size >= knownLimit) known.clear()
    known.set(text, quantity)
  }
  return quantity
}

function readQuantity(text: string | number): Quantity {
  const given = String(text).trim()
  const match = given.length > maxTextLength ? null : shape.exec(given)
  if (match === null || given === '') throw new QuantityError(wrongShape)
  const [, sign = '', wholePart = '', denominator = '', suffix = ''] = match
  const { base, exponent, format } = suffixOf(suffix)
  const digits = wholePart.replace(/^0+(?=.)/, '') || '0'
  let mantissa = BigInt(`0${digits}${denominator}`)
  if (sign === '-') mantissa = -mantissa
  if (mantissa === 0n) return new Quantity(0n, format)
  const nanos = scaled(mantissa, denominator.length, base, exponent)
  if (format === 'BinarySI') {
    const capped = nanos > maxInt64 * nano ? maxInt64 * nano : nanos
    return new Quantity(capped, format)
  }
  const scale = exponent - denominator.length
  return new Quantity(nanos, format, keepsItsText(digits + denominator, scale) ? given : undefined)
}

function scaled(mantissa: bigint, decimals: number, base: 2 | 10, exponent: number): bigint {
  if (base === 2) return divideUp((mantissa << BigInt(exponent)) * nano, 10n ** BigInt(decimals))
  const power = exponent - decimals + 9
  return power >= 0 ? mantissa * 10n ** BigInt(power) : divideUp(mantissa, 10n ** BigInt(-power))
}

/** Texts that the original takes for canonical at a glance, and so leaves as written ("1.", "+5", "1e03"). */
function keepsItsText(digits: string, scale: number): boolean {
  return scale % 3 === 0 && scale >= -9 && digits.length <= 18 && !digits.endsWith('000') && !digits.startsWith('0')
}

/** `text` in canonical form. Throws {@link QuantityError}. */
export const canonicalQuantity = (text: string | number): string => parseQuantity(text).toString()
export const quantityOf = (value: number | bigint, format: QuantityFormat = 'DecimalSI'): Quantity =>
  new Quantity(typeof value === 'bigint' ? value * nano : BigInt(Math.ceil(value)) * nano, format)
export const milliQuantity = (milli: number, format: QuantityFormat = 'DecimalSI'): Quantity =>
  new Quantity(BigInt(Math.ceil(milli)) * 1_000_000n, format)
export const zeroQuantity: Quantity = new Quantity(0n, 'DecimalSI')
