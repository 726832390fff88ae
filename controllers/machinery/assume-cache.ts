import type { KubeObject } from '@kapell/openapi/meta/object'
import { keyOf, type Lister } from './store.ts'

/**
 * A lister that already shows what this process has written or decided and the informer does not tell of yet. What the
 * informer brings wins as soon as it is newer than what was assumed.
 */
export class AssumeCache<T extends KubeObject> {
  readonly #lister: Lister<T>
  readonly #assumed = new Map<string, T>()

  constructor(lister: Lister<T>) {
    this.#lister = lister
  }

  get(key: string): T | undefined {
    const stored = this.#lister.get(key)
    const assumed = this.#assumed.get(key)
    if (assumed === undefined) return stored
    if (stored !== undefined && stored.metadata?.uid === assumed.metadata?.uid && !isNewer(stored, assumed))
      return assumed
    this.#assumed.delete(key)
    return stored
  }

  /** `object` must be one that the informer knows, changed. */
  assume(object: T): void {
    this.#assumed.set(keyOf(object), object)
  }

  /** What was assumed has come to nothing. */
  restore(key: string): void {
    this.#assumed.delete(key)
  }

  list(): T[] {
    return this.#withAssumed(this.#lister.list())
  }

  /** By the informer's index: an object that is only assumed to have another value is still found under the old one. */
  byIndex(index: string, value: string): T[] {
    return this.#withAssumed(this.#lister.byIndex(index, value))
  }

  #withAssumed(stored: T[]): T[] {
    return this.#assumed.size === 0 ? stored : stored.map((object) => this.get(keyOf(object)) ?? object)
  }
}

/** Versions of one object are compared as numbers. Source: "API Concepts", "Resource versions". */
function isNewer(stored: KubeObject, assumed: KubeObject): boolean {
  const version = (object: KubeObject): bigint => {
    const text = object.metadata?.resourceVersion ?? '0'
    return /^\d+$/.test(text) ? BigInt(text) : 0n
  }
  return version(stored) > version(assumed)
}
