/**
 * An expression turned into closures, once; a run then only calls them. Every step tells the meter its price, by the
 * rules of upstream's run-time cost.
 */
import type { CelEnv } from '../check/env.ts'
import { optionalEntry } from '../library/optionals.ts'
import type { Call, Expr, ListLiteral, MapLiteral, Select, StructLiteral } from '../syntax/ast.ts'
import { qualifiedName } from '../syntax/parser.ts'
import {
  ArrayList,
  EntryMap,
  ListValue,
  MapValue,
  OptionalValue,
  StructValue,
  type Value,
} from '../values/collections.ts'
import { TypeValue } from '../values/scalars.ts'
import { planCall } from './calls.ts'
import { CelError, noSuchOverload } from './errors.ts'
import { planFold } from './fold.ts'
import type { Step } from './frame.ts'
import { prices } from './meter.ts'

/** Names of folds and bindings, by their place in the frame. */
export type Scope = ReadonlyMap<string, number>

export class Planner {
  readonly env: CelEnv
  constructor(env: CelEnv) {
    this.env = env
  }

  plan(expr: Expr, scope: Scope = new Map()): Step {
    switch (expr.kind) {
      case 'literal': {
        const { value } = expr
        return () => value
      }
      case 'ident':
        return this.#local(expr.name, scope) ?? this.#global(expr.name)
      case 'select':
        return this.#select(expr, scope)
      case 'call':
        return planCall(this, expr, scope)
      case 'list':
        return this.#list(expr, scope)
      case 'map':
        return this.#map(expr, scope)
      case 'struct':
        return this.#struct(expr, scope)
      case 'comprehension':
        return planFold(this, expr, scope)
    }
  }

  /** `a.b.c` when it begins with a variable of the environment, not of a fold. */
  globalName(expr: Expr, scope: Scope): string | undefined {
    const name = qualifiedName(expr)
    if (name === undefined) return undefined
    return scope.has(name.split('.', 1)[0] ?? '') && !name.startsWith('.') ? undefined : name
  }

  #local(name: string, scope: Scope): Step | undefined {
    const slot = scope.get(name)
    if (slot === undefined) return undefined
    return ({ locals, meter }) => {
      meter.add(prices.ident)
      const value = locals[slot]
      if (value instanceof CelError) throw value
      if (value === undefined) throw new CelError(`no such attribute: ${name}`)
      return value
    }
  }

  #global(name: string): Step {
    const full = this.env.resolveName(name)
    const missing = `undeclared reference to '${name}' (in container '${this.env.container}')`
    if (full === undefined) {
      return () => {
        throw new CelError(missing)
      }
    }
    if (!this.env.variables.has(full)) {
      const type = new TypeValue(full)
      return ({ meter }) => {
        meter.add(prices.ident)
        return type
      }
    }
    return ({ activation, meter }) => {
      meter.add(prices.ident)
      const value = activation.get(full)
      if (value === undefined) throw new CelError(`no such attribute(s): ${full}`)
      return value
    }
  }

  #select(expr: Select, scope: Scope): Step {
    const { field } = expr
    const name = expr.testOnly ? undefined : this.globalName(expr, scope)
    if (name !== undefined && this.env.resolveName(name) !== undefined) return this.#global(name)
    const operand = this.plan(expr.operand, scope)
    if (expr.testOnly) return (frame) => isSet(operand(frame), field)
    return (frame) => {
      const value = operand(frame)
      frame.meter.add(prices.select)
      return fieldOf(value, field)
    }
  }

  #list({ elements }: ListLiteral, scope: Scope): Step {
    if (elements.every(({ value, optional }) => value.kind === 'literal' && !optional)) {
      const constant = new ArrayList(elements.map(({ value }) => (value.kind === 'literal' ? value.value : null)))
      return () => constant
    }
    const steps = elements.map(({ value, optional }) => ({ step: this.plan(value, scope), optional }))
    return (frame) => {
      const items: Value[] = []
      for (const { step, optional } of steps) {
        const item = step(frame)
        if (!optional) items.push(item)
        else if (!(item instanceof OptionalValue)) throw noSuchOverload()
        else if (item.value !== undefined) items.push(item.value)
      }
      frame.meter.add(prices.list)
      return new ArrayList(items)
    }
  }

  #map({ entries }: MapLiteral, scope: Scope): Step {
    const steps = entries.map((entry) => ({
      key: this.plan(entry.key, scope),
      value: this.plan(entry.value, scope),
      optional: entry.optional,
    }))
    const constant = entries.every((entry) => entry.key.kind === 'literal' && entry.value.kind === 'literal')
    return (frame) => {
      const pairs: [Value, Value][] = []
      for (const { key, value, optional } of steps) {
        const pair: [Value, Value] = [key(frame), value(frame)]
        if (!optional) pairs.push(pair)
        else if (!(pair[1] instanceof OptionalValue)) throw noSuchOverload()
        else if (pair[1].value !== undefined) pairs.push([pair[0], pair[1].value])
      }
      if (!constant) frame.meter.add(prices.map)
      return new EntryMap(pairs)
    }
  }

  #struct({ name, fields }: StructLiteral, scope: Scope): Step {
    const type = this.env.structNamed(name)
    if (!type) {
      return () => {
        throw new CelError(`unknown type: ${name}`)
      }
    }
    const steps = fields.map((field) => ({ ...field, step: this.plan(field.value, scope) }))
    return (frame) => {
      const entries: [string, Value][] = []
      for (const { name: field, step, optional } of steps) {
        const value = step(frame)
        if (!optional) entries.push([field, value])
        else if (!(value instanceof OptionalValue)) throw noSuchOverload()
        else if (value.value !== undefined) entries.push([field, value.value])
      }
      frame.meter.add(prices.struct)
      return new StructValue(type.name, entries)
    }
  }
}

function fieldOf(value: Value, field: string): Value {
  if (value instanceof MapValue) {
    const found = value.get(field)
    if (found === undefined) throw new CelError(`no such key: ${field}`)
    return found
  }
  if (value instanceof OptionalValue) return optionalEntry(value, field)
  throw new CelError(value instanceof ListValue ? "unsupported index type 'string' in list" : `no such key: ${field}`)
}

function isSet(value: Value, field: string): boolean {
  if (value instanceof MapValue) return value.has(field)
  if (value instanceof OptionalValue) return value.value !== undefined && isSet(value.value, field)
  if (value instanceof ListValue) throw new CelError("unsupported index type 'string' in list")
  return false
}
/** Calls with functions as `a.f(b)`, whose `a` may be a namespace. */
export function namespacedFunction(planner: Planner, { target, fn }: Call, scope: Scope): string | undefined {
  const owner = target && planner.globalName(target, scope)
  return owner === undefined ? undefined : planner.env.resolveFunction(`${owner}.${fn}`)
}
