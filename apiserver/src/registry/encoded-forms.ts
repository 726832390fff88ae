import { ParsedPool, type Parsed } from '../storage/watch-cache/parsed-pool.ts'
import type { CachedObject } from '../storage/watch-cache/types.ts'
import type { ResourceDefinition } from './definition.ts'

/**
 * What was made of cached objects for one way to show them, other than their JSON: made once an object version, and
 * kept while it is in use, within a budget that all kinds share.
 */
export class EncodedForms<T> {
  readonly #pool: ParsedPool
  readonly #sizeOf: (form: T) => number
  /** By definition: versions of a kind share their cached objects, but not how these look. */
  readonly #known = new WeakMap<ResourceDefinition, WeakMap<CachedObject, Kept<T>>>()

  constructor(options: { budgetBytes: number; sizeOf: (form: T) => number }) {
    this.#pool = new ParsedPool(options.budgetBytes)
    this.#sizeOf = options.sizeOf
  }

  of(definition: ResourceDefinition, cached: CachedObject, make: () => T): T {
    let known = this.#known.get(definition)
    if (known === undefined) this.#known.set(definition, (known = new WeakMap()))
    let kept = known.get(cached)
    if (kept?.form !== undefined) {
      kept.used = true
      return kept.form
    }
    const form = make()
    kept = new Kept(form, this.#sizeOf(form))
    known.set(cached, kept)
    // The pool may drop it at once, when it alone is over the budget.
    this.#pool.add(kept)
    return form
  }
}

class Kept<T> implements Parsed {
  readonly sizeBytes: number
  used = false
  form: T | undefined

  constructor(form: T, sizeBytes: number) {
    this.form = form
    this.sizeBytes = sizeBytes
  }

  forget(): void {
    this.form = undefined
  }
}
