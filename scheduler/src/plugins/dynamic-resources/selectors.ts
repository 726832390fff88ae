import type { V1Device, V1DeviceClass, V1DeviceSelector } from '@kapell/openapi/types'
import type { CompileDeviceSelector, DeviceSelector, PoolDevice } from '../../framework/devices.ts'

/** The scheduler cannot say whether a pod fits; the message is upstream's. */
export class AllocationError extends Error {}

/** Expressions compiled, and answers for one device, that are kept. */
const maxCompiled = 1000
const maxAnswers = 64

/**
 * Asks selectors about devices and remembers the answers: a device's object never changes, and an expression sees
 * nothing else.
 */
export class SelectorBook {
  readonly #compile: CompileDeviceSelector
  readonly #compiled = new Map<string, DeviceSelector>()
  readonly #answers = new WeakMap<V1Device, Map<string, boolean>>()

  constructor(compile: CompileDeviceSelector) {
    this.#compile = compile
  }

  /** @throws AllocationError when an expression fails; `owner` says whose it is: "class gpu", "claim ns/name". */
  matches(selectors: readonly V1DeviceSelector[] | undefined, owner: string, candidate: PoolDevice): boolean {
    for (const [i, { cel }] of (selectors ?? []).entries()) {
      try {
        if (!this.#ask(cel?.expression ?? '', candidate)) return false
      } catch (error) {
        throw new AllocationError(`${owner}: selector #${i}: ${(error as Error).message}`, { cause: error })
      }
    }
    return true
  }

  ofClass({ metadata, spec }: V1DeviceClass, candidate: PoolDevice): boolean {
    return this.matches(spec.selectors, `class ${metadata?.name ?? ''}`, candidate)
  }

  #ask(expression: string, { device, pool }: PoolDevice): boolean {
    const answers = this.#answers.get(device) ?? new Map<string, boolean>()
    const known = answers.get(expression)
    if (known !== undefined) return known
    const answer = this.#selector(expression)({ driver: pool.driver, device })
    if (answers.size >= maxAnswers) answers.clear()
    this.#answers.set(device, answers.set(expression, answer))
    return answer
  }

  #selector(expression: string): DeviceSelector {
    let selector = this.#compiled.get(expression)
    if (selector === undefined) {
      if (this.#compiled.size >= maxCompiled) this.#compiled.clear()
      this.#compiled.set(expression, (selector = this.#compile(expression)))
    }
    return selector
  }
}
