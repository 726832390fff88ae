/**
 * What the parser expands before anything is checked. Source: cel-spec, "Macros"; the extensions for two variables,
 * bindings, optionals, math and sorting as their documents describe them.
 */
import { mentions, type Call, type Expr, type Fold, type NodeFactory } from './ast.ts'
import { IssueError } from './issues.ts'

export interface MacroCall {
  readonly make: NodeFactory
  readonly offset: number
  readonly target: Expr | undefined
  readonly args: readonly Expr[]
}
/** Gives nothing when the call is not the macro's after all. */
type Macro = (call: MacroCall) => Expr | undefined

/** No user can write this name: it is no identifier. */
export const accumulator = '@result'

const at = (call: MacroCall, index: number): Expr => {
  const arg = index < 0 ? call.target : call.args[index]
  if (!arg) throw new Error('macros are looked up by their number of arguments')
  return arg
}
const fail = (where: Expr, message: string): never => {
  throw new IssueError({ offset: where.offset, message })
}
function variable(call: MacroCall, index: number, complaint = 'argument must be a simple name'): string {
  const arg = at(call, index)
  if (arg.kind !== 'ident' || arg.name.startsWith('.')) return fail(arg, complaint)
  if (arg.name === accumulator || arg.name === '__result__') {
    return fail(arg, 'iteration variable overwrites accumulator variable')
  }
  return arg.name
}

/** The folds know their loop only by these: how many variables, where the rest of the arguments begins. */
interface Loop {
  readonly vars: Pick<Fold, 'iterVar' | 'iterVar2'>
  readonly rest: readonly Expr[]
  readonly accu: () => Expr
}
function loop(call: MacroCall, variables: 1 | 2, complaint?: string): Loop {
  const iterVar = variable(call, 0, complaint)
  const vars = variables === 1 ? { iterVar } : { iterVar, iterVar2: variable(call, 1, complaint) }
  if (vars.iterVar2 === iterVar) fail(at(call, 1), `duplicate variable name: ${iterVar}`)
  return { vars, rest: call.args.slice(variables), accu: () => call.make.ident(call.offset, accumulator) }
}
/** A fold of the call's target; what is not said: go on to the end, the result is the accumulator. */
function fold(
  call: MacroCall,
  { vars, accu }: Loop,
  parts: { init: Expr; while?: Expr; step: Expr; result?: Expr },
): Expr {
  return call.make.fold(call.offset, {
    ...vars,
    iterRange: at(call, -1),
    accuVar: accumulator,
    accuInit: parts.init,
    loopCondition: parts.while ?? call.make.literal(call.offset, true),
    loopStep: parts.step,
    result: parts.result ?? accu(),
  })
}

const quantifier =
  (operator: '_&&_' | '_||_', variables: 1 | 2): Macro =>
  (call) => {
    const { make, offset } = call
    const body = loop(call, variables)
    const all = operator === '_&&_'
    const open = all ? body.accu() : make.call(offset, '!_', body.accu())
    return fold(call, body, {
      init: make.literal(offset, all),
      while: make.call(offset, '@not_strictly_false', open),
      step: make.call(offset, operator, body.accu(), body.rest[0] as Expr),
    })
  }

const existsOne =
  (variables: 1 | 2): Macro =>
  (call) => {
    const { make, offset } = call
    const body = loop(call, variables)
    const more = make.call(offset, '_+_', body.accu(), make.literal(offset, 1n))
    return fold(call, body, {
      init: make.literal(offset, 0n),
      step: make.call(offset, '_?_:_', body.rest[0] as Expr, more, body.accu()),
      result: make.call(offset, '_==_', body.accu(), make.literal(offset, 1n)),
    })
  }

/** Folds that collect: `[filter,] transform`. */
const collect =
  (
    variables: 1 | 2,
    empty: (call: MacroCall) => Expr,
    add: (call: MacroCall, accu: Expr, item: Expr) => Expr,
    complaint?: string,
  ): Macro =>
  (call) => {
    const { make, offset } = call
    const body = loop(call, variables, complaint)
    const [filter, transform] = body.rest.length > 1 ? body.rest : [undefined, body.rest[0]]
    const step = add(call, body.accu(), transform as Expr)
    return fold(call, body, {
      init: empty(call),
      step: filter ? make.call(offset, '_?_:_', filter, step, body.accu()) : step,
    })
  }
const emptyList = (call: MacroCall): Expr => call.make.list(call.offset)
const emptyMap = (call: MacroCall): Expr => call.make.node(call.offset, { kind: 'map', entries: [] })
const append = (call: MacroCall, accu: Expr, item: Expr): Expr =>
  call.make.call(call.offset, '_+_', accu, call.make.list(call.offset, item))
const insert = (call: MacroCall, accu: Expr, item: Expr): Expr =>
  call.make.call(call.offset, 'cel.@mapInsert', accu, call.make.ident(call.offset, variable(call, 0)), item)
const merge = (call: MacroCall, accu: Expr, item: Expr): Expr =>
  call.make.call(call.offset, 'cel.@mapInsert', accu, item)

const notAnIdentifier = 'argument is not an identifier'
const map = collect(1, emptyList, append, notAnIdentifier)

const filter: Macro = (call) => {
  const { make, offset } = call
  const body = loop(call, 1, notAnIdentifier)
  const kept = append(call, body.accu(), make.ident(at(call, 0).offset, body.vars.iterVar))
  return fold(call, body, {
    init: emptyList(call),
    step: make.call(offset, '_?_:_', body.rest[0] as Expr, kept, body.accu()),
  })
}

const has: Macro = (call) => {
  const arg = at(call, 0)
  if (arg.kind === 'select' && !arg.testOnly) return call.make.node(call.offset, { ...arg, testOnly: true })
  return fail(arg, 'invalid argument to has() macro')
}

/** A name for a value: a fold over nothing whose accumulator is the name. */
function binding({ make, offset }: MacroCall, name: string, value: Expr, body: Expr): Expr {
  return make.fold(offset, {
    iterVar: '#unused',
    iterRange: make.list(offset),
    accuVar: name,
    accuInit: value,
    loopCondition: make.literal(offset, false),
    loopStep: make.ident(offset, name),
    result: body,
  })
}
const isNamespace = (expr: Expr | undefined, name: string): boolean => expr?.kind === 'ident' && expr.name === name

const bind: Macro = (call) => {
  if (!isNamespace(call.target, 'cel')) return undefined
  const name = at(call, 0)
  if (name.kind !== 'ident') return fail(name, 'cel.bind() variable names must be simple identifiers')
  return binding(call, name.name, at(call, 1), at(call, 2))
}

/** `target.optMap(x, e)`; the result is wrapped, or must be optional itself. */
const optional =
  (wrap: boolean): Macro =>
  (call) => {
    const { make, offset } = call
    const target = at(call, -1)
    const name = at(call, 0)
    const macro = wrap ? 'optMap' : 'optFlatMap'
    if (name.kind !== 'ident') return fail(name, `${macro}() variable name must be a simple identifier`)
    const method = (fn: string): Call => make.node(offset, { kind: 'call', fn, target, args: [] })
    const body = binding(call, name.name, method('value'), at(call, 1))
    const inside = wrap ? make.call(offset, 'optional.of', body) : body
    return make.call(offset, '_?_:_', method('hasValue'), inside, make.call(offset, 'optional.none'))
  }

const extreme =
  (fn: string, label: string): Macro =>
  (call) => {
    if (!isNamespace(call.target, 'math')) return undefined
    const { make, offset, args } = call
    if (args.length === 0) return fail(call.target as Expr, `math.${label}() requires at least one argument`)
    for (const arg of args) {
      const numeric =
        arg.kind !== 'literal' ||
        (typeof arg.value === 'object' && arg.value !== null && 'value' in arg.value) ||
        typeof arg.value === 'bigint' ||
        typeof arg.value === 'number'
      const listed = arg.kind === 'list' && args.length === 1
      if (
        !numeric ||
        arg.kind === 'map' ||
        arg.kind === 'struct' ||
        (arg.kind === 'list' && (!listed || arg.elements.length === 0))
      ) {
        return fail(
          arg,
          args.length === 1
            ? `math.${label}() invalid single argument value`
            : `math.${label}() simple literal arguments must be numeric`,
        )
      }
    }
    return args.length <= 2 ? make.call(offset, fn, ...args) : make.call(offset, fn, make.list(offset, ...args))
  }

const sortBy: Macro = (call) => {
  const { make, offset } = call
  const input = '@__sortBy_input__'
  const target = at(call, -1)
  if (mentions(at(call, 1), input)) return undefined
  const keys = map({ ...call, target: make.ident(target.offset, input) }) as Expr
  const sorted = make.node(offset, {
    kind: 'call',
    fn: '@sortByAssociatedKeys',
    target: make.ident(offset, input),
    args: [keys],
  })
  return binding(call, input, target, sorted)
}

/** By `name/number of arguments`; `.` before the name: called on something. */
const macros: Readonly<Record<string, Macro>> = {
  'has/1': has,
  '.all/2': quantifier('_&&_', 1),
  '.all/3': quantifier('_&&_', 2),
  '.exists/2': quantifier('_||_', 1),
  '.exists/3': quantifier('_||_', 2),
  '.exists_one/2': existsOne(1),
  '.existsOne/2': existsOne(1),
  '.exists_one/3': existsOne(2),
  '.existsOne/3': existsOne(2),
  '.map/2': map,
  '.map/3': map,
  '.filter/2': filter,
  '.transformList/3': collect(2, emptyList, append),
  '.transformList/4': collect(2, emptyList, append),
  '.transformMap/3': collect(2, emptyMap, insert),
  '.transformMap/4': collect(2, emptyMap, insert),
  '.transformMapEntry/3': collect(2, emptyMap, merge),
  '.transformMapEntry/4': collect(2, emptyMap, merge),
  '.bind/3': bind,
  '.optMap/2': optional(true),
  '.optFlatMap/2': optional(false),
  '.sortBy/2': sortBy,
}
const variadic: Readonly<Record<string, Macro>> = {
  greatest: extreme('math.@max', 'greatest'),
  least: extreme('math.@min', 'least'),
}

export function macroFor(name: string, args: number, target: Expr | undefined): Macro | undefined {
  // `.all(…)` is a function of the root, not a call on something.
  if (name.startsWith('.')) return undefined
  const key = `${target ? '.' : ''}${name}/${args}`
  if (Object.hasOwn(macros, key)) return macros[key]
  return target && Object.hasOwn(variadic, name) ? variadic[name] : undefined
}
