/** Steps for calls: the operators that decide what else is evaluated, and everything that a library has. */
import type { Overload } from '../library/declare.ts'
import { optionalEntry } from '../library/optionals.ts'
import { elementAt, entryOf } from '../library/standard.ts'
import type { Call } from '../syntax/ast.ts'
import { ListValue, MapValue, OptionalValue, type Value } from '../values/collections.ts'
import { typeNameOf } from '../values/type-of.ts'
import { CelError, noMatchingOverload, noSuchOverload } from './errors.ts'
import type { Frame, Step } from './frame.ts'
import { Meter, prices, sizeOf, walkOf } from './meter.ts'
import { namespacedFunction, type Planner, type Scope } from './plan.ts'

export function planCall(planner: Planner, call: Call, scope: Scope): Step {
  const steps = call.args.map((arg) => planner.plan(arg, scope))
  const [a, b, c] = steps
  switch (call.fn) {
    case '_&&_':
      return a && b ? logical(a, b, false) : unbound(call.fn)
    case '_||_':
      return a && b ? logical(a, b, true) : unbound(call.fn)
    case '_?_:_':
      return a && b && c ? conditional(a, b, c) : unbound(call.fn)
    case '@not_strictly_false':
      return a ? notStrictlyFalse(a) : unbound(call.fn)
    case '_[_]':
      return a && b ? index(a, b) : unbound(call.fn)
    case '_?._':
      return a && b ? selectOptional(a, b) : unbound(call.fn)
  }
  if (call.target && (call.fn === 'or' || call.fn === 'orValue') && a) {
    return alternative(planner.plan(call.target, scope), a, call.fn === 'orValue')
  }
  const space = namespacedFunction(planner, call, scope)
  if (call.target && space === undefined) {
    const members = planner.env.functions.overloads(call.fn).filter((one) => one.member)
    return dispatch(call.fn, members, [planner.plan(call.target, scope), ...steps])
  }
  const full = space ?? planner.env.resolveFunction(call.fn) ?? call.fn
  const globals = planner.env.functions.overloads(full).filter((one) => !one.member)
  return constant(call, dispatch(full, globals, steps))
}

const unbound = (fn: string): Step => {
  return () => {
    throw new CelError(`unbound function: ${fn}`)
  }
}

/** Operators on values that cannot take part in them at all say so by name. */
const operators: Readonly<Record<string, readonly string[]>> = {
  '_+_': ['int', 'uint', 'double', 'list'],
  '_-_': ['int', 'uint', 'double'],
  '_*_': ['int', 'uint', 'double'],
  '_/_': ['int', 'uint', 'double'],
  '_%_': ['int', 'uint'],
  '-_': ['int', 'double'],
  '_<_': ['int', 'uint', 'double', 'bool'],
  '_<=_': ['int', 'uint', 'double', 'bool'],
  '_>_': ['int', 'uint', 'double', 'bool'],
  '_>=_': ['int', 'uint', 'double', 'bool'],
}
/** Values that take any message, and answer of themselves when they do not know it. */
const receivers = new Set(['string', 'bytes', 'google.protobuf.Timestamp', 'google.protobuf.Duration', 'optional_type'])
/** Functions that have one implementation for all that they take. */
const single = new Set(['size', 'contains', 'startsWith', 'endsWith', 'matches', '@in'])

function unmatched(fn: string, args: readonly Value[]): CelError {
  const names = args.map(typeNameOf)
  const [first = ''] = names
  const able = Object.hasOwn(operators, fn) ? operators[fn] : undefined
  if (able)
    return able.includes(first) || receivers.has(first) ? noSuchOverload() : new CelError(`no such overload: ${fn}`)
  return single.has(fn) || /[^\w.]/.test(fn) ? noSuchOverload() : noMatchingOverload(fn, names)
}

function dispatch(fn: string, named: readonly Overload[], steps: readonly Step[]): Step {
  if (named.length === 0) return unbound(fn)
  const overloads = named.filter((one) => one.params.length === steps.length)
  const [first, second] = steps
  if (steps.length === 1 && first) return (frame) => invoke(fn, frame, overloads, [first(frame)])
  if (steps.length === 2 && first && second)
    return (frame) => invoke(fn, frame, overloads, [first(frame), second(frame)])
  return (frame) =>
    invoke(
      fn,
      frame,
      overloads,
      steps.map((step) => step(frame)),
    )
}

function invoke(fn: string, { meter }: Frame, overloads: readonly Overload[], args: Value[]): Value {
  for (const one of overloads) {
    if (!one.accepts(args)) continue
    const result = (one.call as (...args: Value[]) => Value)(...args)
    meter.add(one.cost ? one.cost(args.map(sizeOf), sizeOf(result), (i) => walkOf(args[i] ?? null)) : prices.call)
    return result
  }
  throw unmatched(fn, args)
}

/** Conversions of literals cost nothing: they are done once. */
const folded = new Set(['duration', 'timestamp', 'int', 'uint', 'double', 'string', 'bytes', 'bool'])
function constant(call: Call, step: Step): Step {
  if (!folded.has(call.fn) || call.args.length !== 1 || call.args[0]?.kind !== 'literal') return step
  let known: Value | undefined
  return (frame) => {
    known ??= step({ ...frame, meter: new Meter(Infinity) })
    return known
  }
}
function attempt(step: Step, frame: Frame): Value | CelError {
  try {
    return step(frame)
  } catch (error) {
    if (error instanceof CelError) return error
    throw error
  }
}

/** `&&` and `||`: one decisive operand is enough, whatever becomes of the other. */
function logical(left: Step, right: Step, decisive: boolean): Step {
  return (frame) => {
    const a = attempt(left, frame)
    if (a === decisive) return decisive
    const b = attempt(right, frame)
    if (b === decisive) return decisive
    if (a instanceof CelError) throw a
    if (b instanceof CelError) throw b
    if (typeof a !== 'boolean' || typeof b !== 'boolean') throw noSuchOverload()
    return !decisive
  }
}

function conditional(condition: Step, whenTrue: Step, whenFalse: Step): Step {
  return (frame) => {
    const chosen = condition(frame)
    if (typeof chosen !== 'boolean') throw noSuchOverload()
    return chosen ? whenTrue(frame) : whenFalse(frame)
  }
}

/** Whether a fold shall go on: an error may still be absorbed. */
function notStrictlyFalse(operand: Step): Step {
  return (frame) => {
    const value = attempt(operand, frame)
    frame.meter.add(prices.call)
    return value !== false
  }
}

function selectOptional(operand: Step, field: Step): Step {
  return (frame) => {
    const value = operand(frame)
    frame.meter.add(prices.select)
    return optionalEntry(value, field(frame))
  }
}

function index(container: Step, key: Step): Step {
  return (frame) => {
    const value = container(frame)
    const at = key(frame)
    frame.meter.add(prices.select)
    if (value instanceof ListValue) return elementAt(value, at)
    if (value instanceof MapValue) return entryOf(value, at)
    if (value instanceof OptionalValue) return optionalEntry(value, at)
    throw new CelError(`no such key: ${typeof at === 'object' ? typeNameOf(at) : String(at)}`)
  }
}

/** `a.or(b)` and `a.orValue(b)`: the other is evaluated only when needed. */
function alternative(optional: Step, other: Step, unwrap: boolean): Step {
  return (frame) => {
    const value = optional(frame)
    frame.meter.add(prices.call)
    if (!(value instanceof OptionalValue)) throw noSuchOverload()
    if (value.value === undefined) return other(frame)
    return unwrap ? value.value : value
  }
}
