import type { Element, ServiceRules } from './rules.ts'
import { elementId, emptyState, type TableState } from './script.ts'

/**
 * What every owner (a Service, a pod with host ports) wants in the table, what the table has, and which entries may
 * differ. Of two owners of one element the earlier one has its way, and the later one follows when that goes.
 */
export class RuleBook {
  readonly #owners = new Map<string, ServiceRules>()
  readonly #claims = new Map<string, Map<string, Element>>()
  readonly #wanted = emptyState()
  #applied = emptyState()
  #dirty = { chains: new Set<string>(), sets: new Set<string>(), elements: new Set<string>() }

  rulesOf(owner: string): ServiceRules | undefined {
    return this.#owners.get(owner)
  }

  owners(): string[] {
    return [...this.#owners.keys()]
  }

  /** Sets, or without rules takes away, what an owner wants. */
  put(owner: string, rules: ServiceRules | undefined): void {
    const old = this.#owners.get(owner)
    if (old !== undefined) this.#withdraw(owner, old, rules)
    if (rules === undefined) {
      this.#owners.delete(owner)
      return
    }
    this.#owners.set(owner, rules)
    for (const [name, chain] of rules.chains) {
      this.#wanted.chains.set(name, chain)
      this.#dirty.chains.add(name)
    }
    for (const [name, set] of rules.sets) {
      this.#wanted.sets.set(name, set)
      this.#dirty.sets.add(name)
    }
    for (const element of rules.elements) {
      const id = elementId(element)
      const claims = this.#claims.get(id) ?? new Map<string, Element>()
      claims.set(owner, element)
      this.#claims.set(id, claims)
      this.#settle(id)
    }
  }

  #withdraw(owner: string, old: ServiceRules, next: ServiceRules | undefined): void {
    const kept = new Set(next?.elements.map(elementId))
    for (const name of old.chains.keys()) {
      if (next?.chains.has(name)) continue
      this.#wanted.chains.delete(name)
      this.#dirty.chains.add(name)
    }
    for (const name of old.sets.keys()) {
      if (next?.sets.has(name)) continue
      this.#wanted.sets.delete(name)
      this.#dirty.sets.add(name)
    }
    for (const element of old.elements) {
      const id = elementId(element)
      if (kept.has(id)) continue
      const claims = this.#claims.get(id)
      claims?.delete(owner)
      if (claims?.size === 0) this.#claims.delete(id)
      this.#settle(id)
    }
  }

  #settle(id: string): void {
    const first = this.#claims.get(id)?.values().next().value
    if (first === undefined) this.#wanted.elements.delete(id)
    else this.#wanted.elements.set(id, first)
    this.#dirty.elements.add(id)
  }

  get wanted(): TableState {
    return this.#wanted
  }

  /** The part of the table that may differ, before and after. The caller brings it there or calls reset(). */
  takeChange(): { before: TableState; after: TableState } {
    const before = this.#pick(this.#applied)
    const after = this.#pick(this.#wanted)
    for (const [kind, names] of Object.entries(this.#dirty) as [keyof TableState, Set<string>][]) {
      const applied = this.#applied[kind] as Map<string, unknown>
      const wanted = this.#wanted[kind] as Map<string, unknown>
      for (const name of names) {
        if (wanted.has(name)) applied.set(name, wanted.get(name))
        else applied.delete(name)
      }
      names.clear()
    }
    return { before, after }
  }

  /** Says that the table now holds all that is wanted, or nothing. */
  reset(holds: 'everything' | 'nothing'): void {
    this.#applied = emptyState()
    for (const [kind, names] of Object.entries(this.#dirty) as [keyof TableState, Set<string>][]) {
      names.clear()
      for (const [name, value] of this.#wanted[kind]) {
        if (holds === 'everything') (this.#applied[kind] as Map<string, unknown>).set(name, value)
        else names.add(name)
      }
    }
  }

  #pick(from: TableState): TableState {
    const picked = emptyState()
    for (const [kind, names] of Object.entries(this.#dirty) as [keyof TableState, Set<string>][]) {
      const source = from[kind] as Map<string, unknown>
      for (const name of names) {
        if (source.has(name)) (picked[kind] as Map<string, unknown>).set(name, source.get(name))
      }
    }
    return picked
  }
}
