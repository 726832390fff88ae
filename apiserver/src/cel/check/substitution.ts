/**
 * Type variables and what they were found to stand for. Assignability follows cel-spec's language definition,
 * "Gradual Type Checking": dyn goes anywhere, a variable takes the most general of what it meets.
 */
import { isDynamic, sameType, types, type CelType } from '../types/types.ts'

export class Substitution {
  #bound = new Map<string, CelType>()
  #fresh = 0

  freshVar(): CelType {
    return types.param(`_var${this.#fresh++}`)
  }
  /** A type with its own variables in place of the names of a declaration. */
  instantiate(type: CelType, names: ReadonlyMap<string, CelType>): CelType {
    if (type.kind === 'param') return names.get(type.name) ?? type
    if (type.params.length === 0) return type
    return { ...type, params: type.params.map((param) => this.instantiate(param, names)) }
  }
  /** What a type stands for; `open` variables become dyn when asked. */
  resolve(type: CelType, openToDyn: boolean): CelType {
    if (type.kind === 'param') {
      const bound = this.#bound.get(type.name)
      if (bound) return this.resolve(bound, openToDyn)
      return openToDyn ? types.dyn : type
    }
    if (type.params.length === 0) return type
    const params = type.params.map((param) => this.resolve(param, openToDyn))
    return params.every((param, i) => param === type.params[i]) ? type : { ...type, params }
  }
  /** Whether all can be given for what is expected; variables are bound only when all can. */
  assignable(actual: readonly CelType[], expected: readonly CelType[]): boolean {
    const before = new Map(this.#bound)
    if (actual.length === expected.length && actual.every((type, i) => this.#assign(type, expected[i] as CelType))) {
      return true
    }
    this.#bound = before
    return false
  }

  #assign(actual: CelType, expected: CelType): boolean {
    if (expected.kind === 'param') {
      const outcome = this.#substitutes(actual, expected)
      if (outcome !== 'open') return outcome
      this.#bound.set(expected.name, actual)
      return true
    }
    if (actual.kind === 'param') {
      const outcome = this.#substitutes(expected, actual)
      if (outcome !== 'open') return outcome
      this.#bound.set(actual.name, expected)
      return true
    }
    if (isDynamic(actual) || isDynamic(expected)) return true
    if (actual.kind === 'null' || expected.kind === 'null') return nullFits(actual, expected)
    if (actual.kind !== expected.kind || actual.name !== expected.name) return false
    // The type of a type says nothing about whether two types can be compared.
    if (actual.kind === 'type') return true
    return actual.params.every((param, i) => this.#assign(param, expected.params[i] ?? types.dyn))
  }

  /** Whether the variable can stand for the type; 'open' when it stands for nothing yet. */
  #substitutes(type: CelType, variable: CelType): boolean | 'open' {
    if (type.kind === 'param' && type.name === variable.name) return true
    const bound = this.#bound.get(variable.name)
    if (!bound) return this.#refersTo(type, variable) ? false : 'open'
    if (type.kind === bound.kind && sameType(type, bound)) return true
    if (!this.#assign(type, bound)) return false
    const general = this.mostGeneral(type, bound)
    if (!this.#refersTo(general, variable)) this.#bound.set(variable.name, general)
    return true
  }

  #refersTo(type: CelType, variable: CelType): boolean {
    if (type.kind === 'param') {
      if (type.name === variable.name) return true
      const bound = this.#bound.get(type.name)
      return bound !== undefined && this.#refersTo(bound, variable)
    }
    return type.params.some((param) => this.#refersTo(param, variable))
  }

  /** Of two types that can stand for each other, the one that takes more. */
  mostGeneral(a: CelType, b: CelType): CelType {
    return isEqualOrLessSpecific(a, b) ? a : b
  }
}

function nullFits(a: CelType, b: CelType): boolean {
  if (a.kind === b.kind) return true
  const other = a.kind === 'null' ? b : a
  return ['object', 'opaque', 'optional', 'timestamp', 'duration'].includes(other.kind)
}

function isEqualOrLessSpecific(a: CelType, b: CelType): boolean {
  if (isDynamic(a) || a.kind === 'param') return true
  if (isDynamic(b) || b.kind === 'param') return false
  if (b.kind === 'null' && a.kind !== 'null') return true
  if (a.kind !== b.kind || a.name !== b.name || a.params.length !== b.params.length) return false
  return a.params.every((param, i) => isEqualOrLessSpecific(param, b.params[i] as CelType))
}
