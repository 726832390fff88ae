import { parseQuantity, quantityOf } from '@kapell/openapi/meta/quantity'

/** What the node can run out of, as upstream names it. */
export const signals = [
  'memory.available',
  'nodefs.available',
  'nodefs.inodesFree',
  'imagefs.available',
  'imagefs.inodesFree',
  'pid.available',
] as const
export type Signal = (typeof signals)[number]

/** An amount, or a share of the capacity. */
export type Amount = { bytes: number } | { share: number }

export interface Threshold {
  signal: Signal
  /** Less than this is too little. */
  value: Amount
  /** How long it may be too little before pods go; 0 is a hard threshold. */
  graceMs: number
  /** How much more than `value` there must be until it is enough again. Default 0. */
  minReclaim?: Amount
}

/** One signal's state. */
export interface Observation {
  available: number
  capacity: number
}
export type Observations = Partial<Record<Signal, Observation>>

export const amountOf = (amount: Amount, capacity: number): number =>
  'bytes' in amount ? amount.bytes : Math.floor(capacity * amount.share)

/** As messages have it: the largest binary unit that needs no fraction. */
export const amountText = (amount: number): string => quantityOf(Math.floor(amount), 'BinarySI').toString()

const isSignal = (text: string): text is Signal => (signals as readonly string[]).includes(text)

export function parseAmount(text: string): Amount {
  if (text.endsWith('%')) {
    const share = Number(text.slice(0, -1)) / 100
    if (!(share >= 0 && share <= 1))
      throw new Error(`eviction percentage threshold ${text} must be between 0% and 100%`)
    return { share }
  }
  const bytes = parseQuantity(text).value()
  if (bytes < 0) throw new Error(`eviction threshold ${text} must be positive`)
  return { bytes }
}

/** `memory.available<100Mi,nodefs.available<10%`, as upstream's --eviction-hard. Throws on anything else. */
export function parseThresholds(text: string, more: Partial<Threshold> = {}): Threshold[] {
  return text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const [signal = '', value] = part.split('<')
      if (!isSignal(signal) || value === undefined) throw new Error(`unsupported eviction signal ${part}`)
      return { graceMs: 0, ...more, signal, value: parseAmount(value) }
    })
    .filter(({ value }) => !('share' in value && value.share === 0))
}

/** Upstream's defaults; and process ids, which it leaves to its users. */
export const defaultThresholds: readonly Threshold[] = parseThresholds(
  'memory.available<100Mi,nodefs.available<10%,nodefs.inodesFree<5%,imagefs.available<15%,imagefs.inodesFree<5%,pid.available<5%',
)
