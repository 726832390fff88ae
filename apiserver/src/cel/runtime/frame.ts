/** What a run knows: the values of variables, the locals of folds and bindings, and the meter. */
import type { Value } from '../values/collections.ts'
import type { CelError } from './errors.ts'
import type { Meter } from './meter.ts'

/** Values by variable name. Lazy ones may compute at the first call. */
export interface Activation {
  get(name: string): Value | undefined
}

export interface Frame {
  readonly activation: Activation
  readonly meter: Meter
  /** A fold's accumulator may hold the error of a step, which a later step may still absorb. */
  readonly locals: (Value | CelError | undefined)[]
}
export type Step = (frame: Frame) => Value

/** Variables from a plain table. */
export function activationOf(values: Readonly<Record<string, Value>>): Activation {
  return { get: (name) => (Object.hasOwn(values, name) ? values[name] : undefined) }
}
