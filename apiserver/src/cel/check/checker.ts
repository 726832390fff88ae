/** Finds the type of every part of an expression, and what does not fit. */
import type { Call, Comprehension, Expr, ListLiteral, MapLiteral, Select, StructLiteral } from '../syntax/ast.ts'
import type { Issue } from '../syntax/issues.ts'
import { qualifiedName } from '../syntax/parser.ts'
import { formatType, isDynamic, types, type CelType } from '../types/types.ts'
import { CelUint } from '../values/scalars.ts'
import { callType, type CallSite } from './calls.ts'
import type { CelEnv } from './env.ts'
import { Substitution } from './substitution.ts'

export interface CheckResult {
  readonly typeOf: ReadonlyMap<number, CelType>
  readonly issues: readonly Issue[]
  readonly mixed: readonly Issue[]
}
type Scope = ReadonlyMap<string, CelType>

export function check(expr: Expr, env: CelEnv): CheckResult {
  const checker = new Checker(env)
  checker.type(expr, new Map())
  const typeOf = new Map([...checker.types].map(([id, type]) => [id, checker.substitution.resolve(type, true)]))
  return { typeOf, issues: checker.issues, mixed: checker.mixed }
}

export class Checker {
  readonly env: CelEnv
  readonly substitution = new Substitution()
  readonly types = new Map<number, CelType>()
  readonly issues: Issue[] = []
  /** Literals with elements of different types: dyn to the language, but not to everyone. */
  readonly mixed: Issue[] = []
  /** Inside of the arguments of `format`, which may be mixed anywhere. */
  #formatting = 0

  constructor(env: CelEnv) {
    this.env = env
  }

  report(offset: number, message: string): CelType {
    this.issues.push({ offset, message })
    return types.error
  }

  type(expr: Expr, scope: Scope): CelType {
    const type = this.#typeOf(expr, scope)
    this.types.set(expr.id, type)
    return type
  }

  #typeOf(expr: Expr, scope: Scope): CelType {
    switch (expr.kind) {
      case 'literal':
        return literalType(expr.value)
      case 'ident':
        return scope.get(expr.name) ?? this.#global(expr.name) ?? this.#undeclared(expr.offset, expr.name)
      case 'select':
        return this.#select(expr, scope)
      case 'call':
        return this.#call(expr, scope)
      case 'list':
        return this.#list(expr, scope)
      case 'map':
        return this.#map(expr, scope)
      case 'struct':
        return this.#struct(expr, scope)
      case 'comprehension':
        return this.#fold(expr, scope)
    }
  }

  #undeclared(offset: number, name: string): CelType {
    return this.report(offset, `undeclared reference to '${name}' (in container '${this.env.container}')`)
  }

  #global(name: string): CelType | undefined {
    const full = this.env.resolveName(name)
    if (full === undefined) return undefined
    const named = this.env.typeNamed(full)
    return this.env.variables.get(full) ?? (named && types.type(named))
  }

  /** `a.b.c` when it does not begin with a variable of a fold. */
  globalName(expr: Expr, scope: Scope): string | undefined {
    const name = qualifiedName(expr)
    return name === undefined || scope.has(name.split('.', 1)[0] ?? '') ? undefined : name
  }

  #select(expr: Select, scope: Scope): CelType {
    const name = expr.testOnly ? undefined : this.globalName(expr, scope)
    const whole = name === undefined ? undefined : this.#global(name)
    if (whole) return whole
    const operand = this.substitution.resolve(this.type(expr.operand, scope), false)
    const type = this.fieldType(expr.offset, operand, expr.field)
    return expr.testOnly ? types.bool : type
  }

  /** The type of a field; of an optional's field: optional as well. */
  fieldType(offset: number, operand: CelType, field: string): CelType {
    if (operand.kind === 'optional') {
      const inner = this.fieldType(offset, this.substitution.resolve(operand.params[0] ?? types.dyn, false), field)
      return inner.kind === 'optional' ? inner : types.optional(inner)
    }
    if (operand.kind === 'map') return operand.params[1] ?? types.dyn
    if (operand.kind === 'object') {
      const known = operand.fields?.get(field)?.type ?? (operand.open ? types.dyn : undefined)
      return known ?? this.report(offset, `undefined field '${field}'`)
    }
    if (operand.kind === 'param') {
      this.substitution.assignable([types.dyn], [operand])
      return types.dyn
    }
    if (isDynamic(operand)) return types.dyn
    return this.report(offset, `type '${formatType(operand)}' does not support field selection`)
  }

  #call(call: Call, scope: Scope): CelType {
    const owner = call.target && this.globalName(call.target, scope)
    const space = owner === undefined ? undefined : this.env.resolveFunction(`${owner}.${call.fn}`)
    const target = space === undefined ? call.target : undefined
    const args = target ? [target, ...call.args] : call.args
    const site: CallSite = {
      fn: space ?? call.fn,
      offset: call.offset,
      member: target !== undefined,
      args,
      argTypes: this.#argumentTypes(call.fn, args, scope),
    }
    return callType(this, site)
  }

  #argumentTypes(fn: string, args: readonly Expr[], scope: Scope): CelType[] {
    const formatting = fn === 'format' ? 1 : 0
    this.#formatting += formatting
    const found = args.map((arg) => this.type(arg, scope))
    this.#formatting -= formatting
    return found
  }

  #list({ elements }: ListLiteral, scope: Scope): CelType {
    let joined: CelType | undefined
    for (const { value, optional } of elements) {
      const type = this.type(value, scope)
      joined = this.#join(joined, optional ? this.#unwrapped(value, type) : type, value.offset)
    }
    return types.list(joined ?? this.substitution.freshVar())
  }

  #map({ entries }: MapLiteral, scope: Scope): CelType {
    let [key, value]: [CelType?, CelType?] = []
    for (const entry of entries) {
      key = this.#join(key, this.type(entry.key, scope), entry.key.offset)
      const type = this.type(entry.value, scope)
      value = this.#join(value, entry.optional ? this.#unwrapped(entry.value, type) : type, entry.value.offset)
    }
    return types.map(key ?? this.substitution.freshVar(), value ?? this.substitution.freshVar())
  }

  #struct(expr: StructLiteral, scope: Scope): CelType {
    const made = this.env.structNamed(expr.name)
    if (!made) {
      if (this.env.resolveName(expr.name)) return this.report(expr.offset, `'${expr.name}' is not a message type`)
      return this.#undeclared(expr.offset, expr.name)
    }
    for (const { name, value, optional, offset } of expr.fields) {
      const given = this.type(value, scope)
      const provided = optional ? this.#unwrapped(value, given) : given
      const declared = made.fields?.get(name)?.type ?? (made.open ? types.dyn : undefined)
      if (declared && this.substitution.assignable([provided], [declared])) continue
      const type = formatType(this.substitution.resolve(provided, true))
      const wanted = declared ? formatType(declared) : ''
      this.report(offset, `expected type of field '${name}' is '${wanted}' but provided type is '${type}'`)
    }
    return made
  }

  #unwrapped(expr: Expr, type: CelType): CelType {
    const found = this.substitution.resolve(type, false)
    if (found.kind === 'optional') return found.params[0] ?? types.dyn
    if (isDynamic(found)) return types.dyn
    return this.#mismatch(expr.offset, types.optional(found), found)
  }

  #mismatch(offset: number, expected: CelType, found: CelType): CelType {
    return this.report(offset, `expected type '${formatType(expected)}' but found '${formatType(found)}'`)
  }

  /** The type of elements that are of the one and the other type. */
  #join(previous: CelType | undefined, current: CelType, offset: number): CelType {
    if (!previous) return current
    if (this.substitution.assignable([previous], [current])) return this.substitution.mostGeneral(previous, current)
    if (this.#formatting === 0) {
      const [expected, found] = [previous, current].map((type) => formatType(this.substitution.resolve(type, true)))
      this.mixed.push({ offset, message: `expected type '${expected}' but found '${found}'` })
    }
    return types.dyn
  }

  #fold(fold: Comprehension, scope: Scope): CelType {
    const range = this.type(fold.iterRange, scope)
    const accu = this.type(fold.accuInit, scope)
    const [first, second] = this.#rangeTypes(fold, this.substitution.resolve(range, false))
    const withAccu = new Map([...scope, [fold.accuVar, accu] as const])
    const inside = new Map([...withAccu, [fold.iterVar, first] as const])
    if (fold.iterVar2 !== undefined) inside.set(fold.iterVar2, second)
    this.#expect(fold.loopCondition, this.type(fold.loopCondition, inside), types.bool)
    this.#expect(fold.loopStep, this.type(fold.loopStep, inside), accu)
    return this.substitution.resolve(this.type(fold.result, withAccu), false)
  }

  #expect(expr: Expr, actual: CelType, expected: CelType): void {
    if (this.substitution.assignable([actual], [expected])) return
    this.#mismatch(expr.offset, this.substitution.resolve(expected, true), this.substitution.resolve(actual, true))
  }

  /** The types of the one or two variables of a fold. */
  #rangeTypes(fold: Comprehension, range: CelType): [CelType, CelType] {
    const two = fold.iterVar2 !== undefined
    const [a = types.dyn, b = types.dyn] = range.params
    switch (range.kind) {
      case 'list':
        return two ? [types.int, a] : [a, types.dyn]
      case 'map':
        return [a, b]
      case 'dyn':
      case 'error':
        return [types.dyn, types.dyn]
      case 'param':
        this.substitution.assignable([types.dyn], [range])
        return [types.dyn, types.dyn]
      default: {
        const message = `expression of type '${formatType(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`
        this.report(fold.iterRange.offset, message)
        return [types.error, types.error]
      }
    }
  }
}

function literalType(value: (Expr & { kind: 'literal' })['value']): CelType {
  switch (typeof value) {
    case 'boolean':
      return types.bool
    case 'bigint':
      return types.int
    case 'number':
      return types.double
    case 'string':
      return types.string
  }
  if (value === null) return types.null
  return value instanceof CelUint ? types.uint : types.bytes
}
