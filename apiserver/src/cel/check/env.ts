/** What an expression may name: variables, functions, types; and how the checker treats literals. */
import { FunctionTable, type Overload } from '../library/declare.ts'
import { types, type CelType } from '../types/types.ts'

export interface EnvOptions {
  readonly variables?: Readonly<Record<string, CelType>>
  readonly functions: readonly Overload[]
  /** Names are looked up in it first: `a.b` sees `a.b.x`, then `a.x`, then `x`. */
  readonly container?: string
  /** Macros that are not known here, by name. */
  readonly withoutMacros?: readonly string[]
  /** The types of objects that expressions may make, by name: `Name{field: value}`. */
  readonly structs?: (name: string) => CelType | undefined
  /** Lists and maps must be of one type, and literal patterns and times valid, as upstream's API server asks. */
  readonly strictLiterals?: boolean
}

const typeNames: Readonly<Record<string, CelType>> = {
  bool: types.bool,
  int: types.int,
  uint: types.uint,
  double: types.double,
  string: types.string,
  bytes: types.bytes,
  null_type: types.null,
  list: types.list(types.dyn),
  map: types.map(types.dyn, types.dyn),
  type: types.type(types.dyn),
  optional_type: types.optional(types.dyn),
  'google.protobuf.Timestamp': types.timestamp,
  'google.protobuf.Duration': types.duration,
}

export class CelEnv {
  readonly variables: ReadonlyMap<string, CelType>
  readonly functions: FunctionTable
  readonly container: string
  readonly strictLiterals: boolean
  readonly withoutMacros: ReadonlySet<string>
  readonly #structs: EnvOptions['structs']

  constructor(options: EnvOptions) {
    this.variables = new Map(Object.entries(options.variables ?? {}))
    this.functions = new FunctionTable(options.functions)
    this.container = options.container ?? ''
    this.strictLiterals = options.strictLiterals ?? false
    this.withoutMacros = new Set(options.withoutMacros)
    this.#structs = options.structs
  }
  /** The type of that name, as a value. */
  typeNamed(name: string): CelType | undefined {
    return Object.hasOwn(typeNames, name) ? typeNames[name] : undefined
  }
  /** The type of objects that `name{…}` makes. */
  structNamed(name: string): CelType | undefined {
    for (const full of this.candidates(name)) {
      const found = this.#structs?.(full)
      if (found) return found
    }
    return undefined
  }
  /** What a name may mean, the most specific first. */
  candidates(name: string): string[] {
    if (name.startsWith('.')) return [name.slice(1)]
    const prefixes = this.container === '' ? [] : this.container.split('.')
    return [...prefixes.map((_, i) => [...prefixes.slice(0, prefixes.length - i), name].join('.')), name]
  }
  /** The full name of a variable or type that a name means here. */
  resolveName(name: string): string | undefined {
    return this.candidates(name).find((full) => this.variables.has(full) || this.typeNamed(full))
  }
  /** The full name of a function. */
  resolveFunction(name: string): string | undefined {
    return this.candidates(name).find((full) => this.functions.overloads(full).some((one) => !one.member))
  }
}
