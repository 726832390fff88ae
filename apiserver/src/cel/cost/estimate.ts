/**
 * What an expression can cost at most, before it runs: by the largest sizes that its types declare. Source: the
 * Kubernetes documentation, "Estimated cost limits".
 */
import type { CelEnv } from '../check/env.ts'
import type { Overload } from '../library/declare.ts'
import { prices } from '../runtime/meter.ts'
import type { Call, Comprehension, Expr } from '../syntax/ast.ts'
import { qualifiedName } from '../syntax/parser.ts'
import { types, type CelType } from '../types/types.ts'
import { codePointLength } from '../values/text.ts'

export interface Estimate {
  readonly min: number
  readonly max: number
}
type Sizes = ReadonlyMap<string, Estimate>

const exactly = (value: number): Estimate => ({ min: value, max: value })
const add = (...parts: Estimate[]): Estimate => ({
  min: parts.reduce((sum, part) => sum + part.min, 0),
  max: parts.reduce((sum, part) => sum + part.max, 0),
})
const either = (a: Estimate, b: Estimate): Estimate => ({ min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) })
/** Nothing times without end is nothing. */
const times = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : a * b)

export function estimateCost(program: { expr: Expr; typeOf: ReadonlyMap<number, CelType> }, env: CelEnv): Estimate {
  return new Estimator(program.typeOf, env).cost(program.expr, new Map())
}

class Estimator {
  readonly #typeOf: ReadonlyMap<number, CelType>
  readonly #env: CelEnv
  constructor(typeOf: ReadonlyMap<number, CelType>, env: CelEnv) {
    this.#typeOf = typeOf
    this.#env = env
  }

  cost(expr: Expr, sizes: Sizes): Estimate {
    switch (expr.kind) {
      case 'literal':
        return exactly(0)
      case 'ident':
        return exactly(prices.ident)
      case 'select':
        return add(this.cost(expr.operand, sizes), exactly(expr.testOnly ? 0 : prices.select))
      case 'call':
        return this.#call(expr, sizes)
      case 'list':
        return add(exactly(prices.list), ...expr.elements.map(({ value }) => this.cost(value, sizes)))
      case 'map':
        return add(
          exactly(prices.map),
          ...expr.entries.flatMap(({ key, value }) => [this.cost(key, sizes), this.cost(value, sizes)]),
        )
      case 'struct':
        return add(exactly(prices.struct), ...expr.fields.map(({ value }) => this.cost(value, sizes)))
      case 'comprehension':
        return this.#fold(expr, sizes)
    }
  }

  #call(call: Call, sizes: Sizes): Estimate {
    const args = this.#arguments(call)
    const costs = args.map((arg) => this.cost(arg, sizes))
    const [a = exactly(0), b = exactly(0), c = exactly(0)] = costs
    if (call.fn === '_&&_' || call.fn === '_||_') return { min: a.min, max: a.max + b.max }
    if (call.fn === '_?_:_') return add(a, either(b, c))
    const lengths = args.map((arg) => this.#size(arg, sizes))
    const walks = (i: number): number => times(lengths[i]?.max ?? 1, 1 + this.#elementWalk(args[i]))
    const result = this.#size(call, sizes)
    const priced = this.#overloads(call).map(({ cost }): Estimate => {
      if (!cost) return exactly(prices.call)
      const [least, most] = [lengths.map(({ min }) => min), lengths.map(({ max }) => max)]
      return { min: cost(least, result.min, () => 0), max: cost(most, result.max, walks) }
    })
    const own = priced.length === 0 ? exactly(prices.call) : priced.reduce(either)
    return add(...costs, own)
  }

  /** The full name of a function in a namespace. */
  #space(call: Call): string | undefined {
    const owner = call.target && qualifiedName(call.target)
    return owner === undefined ? undefined : this.#env.resolveFunction(`${owner}.${call.fn}`)
  }
  #arguments(call: Call): readonly Expr[] {
    return call.target && this.#space(call) === undefined ? [call.target, ...call.args] : call.args
  }

  /** The functions that the types of the arguments leave possible. */
  #overloads(call: Call): Overload[] {
    const space = this.#space(call)
    const member = call.target !== undefined && space === undefined
    const args = this.#arguments(call).map((arg) => this.#typeOf.get(arg.id) ?? types.dyn)
    const named = this.#env.functions.overloads(space ?? call.fn)
    return named.filter(
      (one) =>
        one.member === member &&
        one.params.length === args.length &&
        one.params.every((param, i) => mayBe(param, args[i] ?? types.dyn)),
    )
  }

  /** The largest size of an element of a list. */
  #elementSize(list: Expr | undefined): number {
    const element = list && this.#typeOf.get(list.id)?.params[0]
    return element ? declaredSize(element).max : 1
  }
  #elementWalk(list: Expr | undefined): number {
    const kind = list && this.#typeOf.get(list.id)?.params[0]?.kind
    return kind === 'string' || kind === 'bytes' ? this.#elementSize(list) / 10 : 0
  }

  #fold(fold: Comprehension, sizes: Sizes): Estimate {
    const range = this.#size(fold.iterRange, sizes)
    const inside = this.#foldSizes(fold, range, sizes)
    const loop = add(this.cost(fold.loopCondition, inside), this.cost(fold.loopStep, inside))
    return add(
      this.cost(fold.iterRange, sizes),
      this.cost(fold.accuInit, sizes),
      { min: times(range.min, loop.min), max: times(range.max, loop.max) },
      this.cost(fold.result, inside),
    )
  }

  /** Collecting folds collect at most one for each element; bindings are as large as what they name. */
  #foldSizes(fold: Comprehension, range: Estimate, sizes: Sizes): Sizes {
    const collects = fold.accuVar === '@result' && (fold.accuInit.kind === 'list' || fold.accuInit.kind === 'map')
    const accu = collects ? { min: 0, max: range.max } : this.#size(fold.accuInit, sizes)
    const inside = new Map([...sizes, [fold.accuVar, accu] as const])
    for (const name of [fold.iterVar, fold.iterVar2]) {
      if (name === undefined) continue
      if (hasPath(fold.iterRange)) inside.delete(name)
      // Upstream takes what it knows of self for the elements of what was computed.
      else inside.set(name, { min: 0, max: this.#env.variables.get('self')?.maxSize ?? 0 })
    }
    return inside
  }

  #size(expr: Expr, sizes: Sizes): Estimate {
    if (expr.kind === 'literal') {
      if (typeof expr.value === 'string') return exactly(codePointLength(expr.value))
      return exactly(expr.value instanceof Uint8Array ? expr.value.length : 1)
    }
    if (expr.kind === 'list') return exactly(expr.elements.length)
    if (expr.kind === 'map') return exactly(expr.entries.length)
    const bound = expr.kind === 'ident' ? sizes.get(expr.name) : undefined
    if (bound) return bound
    if (expr.kind === 'comprehension') {
      const inside = this.#foldSizes(expr, this.#size(expr.iterRange, sizes), sizes)
      return this.#size(expr.result, inside)
    }
    if (expr.kind === 'call') {
      const [, yes, no] = expr.args
      if (expr.fn === '_?_:_' && yes && no) return either(this.#size(yes, sizes), this.#size(no, sizes))
      const sized = this.#overloads(expr).flatMap(({ resultSize }) => (resultSize ? [resultSize] : []))
      if (sized.length > 0) {
        const largest = this.#arguments(expr).map((arg) => this.#size(arg, sizes).max)
        return {
          min: 0,
          max: Math.max(...sized.map((rule) => rule(largest, (i) => this.#elementSize(this.#arguments(expr)[i])))),
        }
      }
      // Only elements are known to be as their schema says; of other results nothing is.
      const { maxSize: _, ...unsized } = this.#typeOf.get(expr.id) ?? types.dyn
      if (expr.fn !== '_[_]') return declaredSize(unsized)
    }
    return declaredSize(this.#typeOf.get(expr.id) ?? types.dyn)
  }
}

/** Whether it is a variable, or a field or element of one. */
function hasPath(expr: Expr): boolean {
  if (expr.kind === 'ident') return true
  if (expr.kind === 'select') return hasPath(expr.operand)
  return expr.kind === 'call' && expr.fn === '_[_]' && expr.args[0] !== undefined && hasPath(expr.args[0])
}

const sizedKinds = new Set(['string', 'bytes', 'list', 'map', 'dyn', 'param'])
/** Unsized values count as one; where nothing is declared, there is no end. */
function declaredSize(type: CelType): Estimate {
  if (type.kind === 'optional') return declaredSize(type.params[0] ?? types.dyn)
  if (!sizedKinds.has(type.kind)) return exactly(1)
  return { min: 0, max: type.maxSize ?? Infinity }
}

function mayBe(param: CelType, arg: CelType): boolean {
  const open = (type: CelType): boolean => type.kind === 'dyn' || type.kind === 'param' || type.kind === 'error'
  if (open(param) || open(arg)) return true
  if (param.kind !== arg.kind || param.name !== arg.name) return false
  return param.params.every((inner, i) => mayBe(inner, arg.params[i] ?? types.dyn))
}
