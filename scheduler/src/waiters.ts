import type { Clock } from '@kapell/controllers/machinery/clock'

/** Those who wait until what they look at has changed as they need it. */
export class Waiters {
  readonly #waiting = new Set<{ keys: ReadonlySet<string>; look: () => void }>()
  readonly #clock: Clock
  readonly #signal: AbortSignal

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock
    this.#signal = signal
  }

  /** The object of that key changed, or (without one) something that all look at. */
  wake(key?: string): void {
    for (const waiter of this.#waiting) if (key === undefined || waiter.keys.has(key)) waiter.look()
  }

  /**
   * The first answer of `look` that is not undefined, asked again at every change. Rejects with what it throws, after
   * `timeoutMs`, and when the scheduler stops.
   */
  until<T>(keys: readonly string[], timeoutMs: number, look: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const end = new AbortController()
      const waiter = {
        keys: new Set(keys),
        look: () => {
          try {
            const found = look()
            if (found === undefined) return
            finish()
            resolve(found)
          } catch (error) {
            finish()
            reject(error as Error)
          }
        },
      }
      const finish = (): void => {
        this.#waiting.delete(waiter)
        end.abort()
      }
      this.#waiting.add(waiter)
      void this.#clock.sleep(timeoutMs, AbortSignal.any([this.#signal, end.signal])).then(() => {
        if (end.signal.aborted) return
        finish()
        reject(new Error(this.#signal.aborted ? 'the scheduler stops' : 'context deadline exceeded'))
      })
      waiter.look()
    })
  }
}
