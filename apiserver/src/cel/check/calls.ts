/** The type of a call: which functions of the name take such arguments. */
import { parseType } from '../types/type-text.ts'
import { formatType, isDynamic, sameType, types, type CelType } from '../types/types.ts'
import type { Expr } from '../syntax/ast.ts'
import type { Checker } from './checker.ts'

export interface CallSite {
  readonly fn: string
  readonly offset: number
  /** Called on the first argument. */
  readonly member: boolean
  readonly args: readonly Expr[]
  readonly argTypes: readonly CelType[]
}

interface Signature {
  readonly params: readonly CelType[]
  readonly result: CelType
  readonly generics: readonly string[]
}

const signature = (params: string[], result: string, ...generics: string[]): Signature => ({
  params: params.map(parseType),
  result: parseType(result),
  generics,
})

/** What the evaluator decides by itself and no library declares. */
const builtIn: Readonly<Record<string, Signature>> = {
  '_&&_': signature(['bool', 'bool'], 'bool'),
  '_||_': signature(['bool', 'bool'], 'bool'),
  '_?_:_': signature(['bool', 'A', 'A'], 'A', 'A'),
}
const optionalMethods: Readonly<Record<string, Signature>> = {
  or: signature(['optional<A>', 'optional<A>'], 'optional<A>', 'A'),
  orValue: signature(['optional<A>', 'A'], 'A', 'A'),
}

export function callType(checker: Checker, site: CallSite): CelType {
  if (site.fn === '_?._' && !site.member) return optionalSelection(checker, site)
  const candidates = signatures(checker, site)
  if (!candidates) {
    const name = site.fn
    return checker.report(site.offset, `undeclared reference to '${name}' (in container '${checker.env.container}')`)
  }
  const { substitution } = checker
  let result: CelType | undefined
  for (const { params, result: declared, generics } of candidates) {
    if (params.length !== site.argTypes.length) continue
    const names = new Map(generics.map((name) => [name, substitution.freshVar()]))
    const expected = params.map((param) => substitution.instantiate(param, names))
    if (!substitution.assignable(site.argTypes, expected)) continue
    const found = substitution.resolve(substitution.instantiate(declared, names), false)
    if (!result) result = found
    else if (!isDynamic(result) && !sameType(result, found)) result = types.dyn
  }
  return result ?? noMatch(checker, site)
}

/** Undefined: nothing has that name. */
function signatures(checker: Checker, { fn, member }: CallSite): readonly Signature[] | undefined {
  const own = member ? optionalMethods : builtIn
  if (Object.hasOwn(own, fn)) return own[fn] ? [own[fn]] : undefined
  const full = member ? fn : (checker.env.resolveFunction(fn) ?? fn)
  const named = checker.env.functions.overloads(full)
  return named.length === 0 ? undefined : named.filter((one) => one.member === member)
}

function noMatch(checker: Checker, { fn, offset, member, argTypes }: CallSite): CelType {
  const shown = argTypes.map((type) => formatType(checker.substitution.resolve(type, true)))
  const applied = member ? `${shown[0]}.(${shown.slice(1).join(', ')})` : `(${shown.join(', ')})`
  return checker.report(offset, `found no matching overload for '${fn}' applied to '${applied}'`)
}

/** `a.?b`: the type of the field, as an optional. */
function optionalSelection(checker: Checker, { args, argTypes, offset }: CallSite): CelType {
  const field = args[1]
  const operand = checker.substitution.resolve(argTypes[0] ?? types.dyn, false)
  if (field?.kind !== 'literal' || typeof field.value !== 'string') {
    return checker.report(offset, `unsupported optional field selection`)
  }
  const type = checker.fieldType(offset, operand, field.value)
  return type.kind === 'optional' && operand.kind === 'optional' ? type : types.optional(type)
}
