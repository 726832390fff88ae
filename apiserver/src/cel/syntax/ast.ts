/** The tree of an expression, macros already expanded. Source: cel-spec, "syntax.proto", in TypeScript's words. */
import type { CelUint } from '../values/scalars.ts'

export type LiteralValue = null | boolean | bigint | CelUint | number | string | Uint8Array

/** `id` is unique in one expression; `offset` (UTF-16 units) is where an error about the node points to. */
interface Node {
  readonly id: number
  readonly offset: number
}
export interface Literal extends Node {
  readonly kind: 'literal'
  readonly value: LiteralValue
}
export interface Ident extends Node {
  readonly kind: 'ident'
  /** A leading dot means: not relative to the container. */
  readonly name: string
}
export interface Select extends Node {
  readonly kind: 'select'
  readonly operand: Expr
  readonly field: string
  /** What `has()` makes: whether the field is there, not its value. */
  readonly testOnly: boolean
}
export interface Call extends Node {
  readonly kind: 'call'
  readonly fn: string
  readonly target?: Expr
  readonly args: readonly Expr[]
}
export interface ListLiteral extends Node {
  readonly kind: 'list'
  readonly elements: readonly { value: Expr; optional: boolean }[]
}
export interface MapLiteral extends Node {
  readonly kind: 'map'
  readonly entries: readonly { key: Expr; value: Expr; optional: boolean; offset: number }[]
}
export interface StructLiteral extends Node {
  readonly kind: 'struct'
  readonly name: string
  readonly fields: readonly { name: string; value: Expr; optional: boolean; offset: number }[]
}
/** A fold over a list or map; every iterating macro becomes one. */
export interface Comprehension extends Node {
  readonly kind: 'comprehension'
  readonly iterVar: string
  readonly iterVar2?: string
  readonly iterRange: Expr
  readonly accuVar: string
  readonly accuInit: Expr
  readonly loopCondition: Expr
  readonly loopStep: Expr
  readonly result: Expr
}
export type Expr = Literal | Ident | Select | Call | ListLiteral | MapLiteral | StructLiteral | Comprehension

/** A comprehension without its place, as macros build it. */
export type Fold = Omit<Comprehension, 'id' | 'offset' | 'kind'>

/** Makes nodes with fresh ids at one place: what macros expand with. */
export class NodeFactory {
  #next = 1
  node<T extends Omit<Expr, 'id' | 'offset'>>(offset: number, rest: T): T & Node {
    return { ...rest, id: this.#next++, offset }
  }
  literal(offset: number, value: LiteralValue): Literal {
    return this.node(offset, { kind: 'literal', value })
  }
  ident(offset: number, name: string): Ident {
    return this.node(offset, { kind: 'ident', name })
  }
  call(offset: number, fn: string, ...args: Expr[]): Call {
    return this.node(offset, { kind: 'call', fn, args })
  }
  list(offset: number, ...elements: Expr[]): ListLiteral {
    return this.node(offset, { kind: 'list', elements: elements.map((value) => ({ value, optional: false })) })
  }
  fold(offset: number, fold: Fold): Comprehension {
    return this.node(offset, { kind: 'comprehension', ...fold })
  }
}

/** The direct parts of a node. */
export function children(expr: Expr): Expr[] {
  switch (expr.kind) {
    case 'literal':
    case 'ident':
      return []
    case 'select':
      return [expr.operand]
    case 'call':
      return expr.target ? [expr.target, ...expr.args] : [...expr.args]
    case 'list':
      return expr.elements.map((element) => element.value)
    case 'map':
      return expr.entries.flatMap((entry) => [entry.key, entry.value])
    case 'struct':
      return expr.fields.map((field) => field.value)
    case 'comprehension':
      return [expr.iterRange, expr.accuInit, expr.loopCondition, expr.loopStep, expr.result]
  }
}

/** Whether any part of the expression names the variable. */
export function mentions(expr: Expr, name: string): boolean {
  const pending = [expr]
  for (let next = pending.pop(); next; next = pending.pop()) {
    if (next.kind === 'ident' && next.name === name) return true
    pending.push(...children(next))
  }
  return false
}
