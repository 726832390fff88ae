import type { KubeObject } from '@kapell/openapi/meta/object'
import { deepEqual } from '../registry/deep-equal.ts'

/**
 * Keeps account, during one request, of whether the mutating phase has to run a second time: after a webhook changed
 * the object, the plug-ins look at it again, and those webhooks that were asked before and want to be asked again.
 */
export class Reinvocation {
  /** True while everything runs the second time. */
  second = false
  /** A second run is wanted. */
  wanted = false
  readonly #invoked = new Set<string>()
  readonly #again = new Set<string>()
  #after: KubeObject | undefined

  /** Before the webhooks are asked: what others changed since concerns all that were asked before. */
  begin(object: KubeObject | undefined): void {
    if (this.second && !deepEqual(this.#after, object)) this.#callAgain()
  }

  end(object: KubeObject | undefined): void {
    // Only a second run looks at it.
    if (!this.second && this.wanted) this.#after = structuredClone(object)
  }

  /** A webhook changed the object. */
  objectChanged(): void {
    this.wanted = true
    this.#callAgain()
  }

  /** A webhook was asked that may be asked again. */
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
