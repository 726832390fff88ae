import type { KubeObject } from '@kapell/openapi/meta/object'
import { deepEqual } from '../registry/deep-equal.ts'

/** Those who may change an object at the clients' wish. */
export type MutatingPart = 'policies' | 'webhooks'

/**
 * Keeps account, during one request, of whether the mutating phase has to run a second time: after a policy or a
 * webhook changed the object, the plug-ins look at it again, and those policies and webhooks that were asked before and
 * want to be asked again.
 */
export class Reinvocation {
  /** True while everything runs the second time. */
  second = false
  /** A second run is wanted. */
  wanted = false
  readonly #parts = new Map<MutatingPart, ReinvocationPart>()

  part(name: MutatingPart): ReinvocationPart {
    let found = this.#parts.get(name)
    if (found === undefined) this.#parts.set(name, (found = new ReinvocationPart(this)))
    return found
  }
}

/** The account of the policies, or of the webhooks. */
export class ReinvocationPart {
  readonly #whole: Reinvocation
  readonly #invoked = new Set<string>()
  readonly #again = new Set<string>()
  #after: KubeObject | undefined

  constructor(whole: Reinvocation) {
    this.#whole = whole
  }

  /** Before any is asked: what others changed since concerns all that were asked before. */
  begin(object: KubeObject | undefined): void {
    if (this.#whole.second && !deepEqual(this.#after, object)) this.#callAgain()
  }

  end(object: KubeObject | undefined): void {
    // Only a second run looks at it, and it comes only when somebody was asked who may be asked again.
    if (!this.#whole.second && this.#invoked.size > 0) this.#after = structuredClone(object)
  }

  /** One of them changed the object. */
  objectChanged(): void {
    this.#whole.wanted = true
    this.#callAgain()
  }

  /** One was asked that may be asked again. */
  invoked(id: string): void {
    this.#invoked.add(id)
  }

  wants(id: string): boolean {
    return this.#again.has(id)
  }

  #callAgain(): void {
    for (const id of this.#invoked) this.#again.add(id)
    this.#invoked.clear()
  }
}
