/**
 * How libraries state their functions: one table, a signature a row.
 *
 *   'string.charAt(int): string': (text: string, index: bigint) => …
 *   'size(list<A>): int': { call: …, cost: … }
 *
 * A signature that begins with a type and a dot is called on a value of that type.
 */
import type { Value } from '../values/collections.ts'
import { guardOf } from '../values/type-of.ts'
import type { CelType } from '../types/types.ts'
import { parseType, splitTypes } from '../types/type-text.ts'

/**
 * The price of a call by the sizes of its arguments and of its result, and by what walking over all of an argument
 * takes, in the units of upstream's cost model. Grows
 * with the sizes, so that it bounds the cost before a run (with the largest sizes) as well as it counts in the run.
 */
export type CostRule = (sizes: readonly number[], result: number, walks: (argument: number) => number) => number

export interface Implementation {
  /** Arguments come as the signature says; the target first. */
  readonly call: (...args: never[]) => Value
  readonly cost?: CostRule
  /** The largest size of the result by the largest sizes of the arguments, and of the elements of lists in them. */
  readonly resultSize?: (sizes: readonly number[], elements: (argument: number) => number) => number
}
export type LibraryTable = Readonly<Record<string, Implementation | Implementation['call']>>

export interface Overload extends Implementation {
  readonly fn: string
  readonly signature: string
  readonly member: boolean
  readonly params: readonly CelType[]
  readonly result: CelType
  /** Names of type parameters. */
  readonly generics: readonly string[]
  accepts(args: readonly Value[]): boolean
}

function genericNames(type: CelType): string[] {
  return type.kind === 'param' ? [type.name] : type.params.flatMap(genericNames)
}

/** Functions in a namespace: `math.ceil(double): double` is not called on a value of type `math`. */
const namespaces = new Set([
  'math',
  'optional',
  'sets',
  'base64',
  'cel',
  'format',
  'ip',
  'lists',
  'regex',
  'strings',
  'jsonpatch',
])

function overload(signature: string, implementation: Implementation): Overload {
  const open = signature.indexOf('(')
  const close = signature.lastIndexOf('): ')
  const head = signature.slice(0, open)
  const parsed = /^(?:(.+)\.)?([^.]*)$/.exec(head)
  const operator = head.startsWith('_') || head.startsWith('@')
  const owner = operator || namespaces.has(parsed?.[1] ?? '') ? undefined : parsed?.[1]
  const fn = owner === undefined ? head : (parsed?.[2] ?? head)
  const params = [...(owner === undefined ? [] : [owner]), ...splitTypes(signature.slice(open + 1, close))].map(
    parseType,
  )
  const result = parseType(signature.slice(close + 3))
  const guards = params.map(guardOf)
  return {
    ...implementation,
    fn,
    signature,
    member: owner !== undefined,
    params,
    result,
    generics: [...new Set([...params, result].flatMap(genericNames))],
    accepts: (args) => args.length === guards.length && guards.every((guard, i) => guard(args[i] as Value)),
  }
}

export const declare = (table: LibraryTable): Overload[] =>
  Object.entries(table).map(([signature, row]) => overload(signature, typeof row === 'function' ? { call: row } : row))

/** All functions of an environment. */
export class FunctionTable {
  readonly #byName = new Map<string, Overload[]>()
  constructor(overloads: Iterable<Overload>) {
    for (const one of overloads) {
      const same = this.#byName.get(one.fn)
      if (same) same.push(one)
      else this.#byName.set(one.fn, [one])
    }
  }
  has(fn: string): boolean {
    return this.#byName.has(fn)
  }
  overloads(fn: string): readonly Overload[] {
    return this.#byName.get(fn) ?? []
  }
}
