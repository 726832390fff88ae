import type { StorageClock } from '../log.ts'
import { StorageError, type Revision } from '../storage.ts'

interface Waiter {
  revision: Revision
  settle: (error?: unknown) => void
}

/** The original waits this long for its cache to catch up. */
const defaultTimeoutMs = 3000
/** While somebody waits, the store is asked this often how far it is. */
const askEveryMs = 100

/** Those who wait for a cache to reach a revision. */
export class Waiters {
  readonly #clock: StorageClock
  readonly #current: () => Revision
  readonly #ask: () => void
  #waiters = new Set<Waiter>()
  #asking = false

  constructor(options: { clock: StorageClock; revision: () => Revision; ask: () => void }) {
    this.#clock = options.clock
    this.#current = options.revision
    this.#ask = options.ask
  }

  wait(revision: Revision, options: { timeoutMs?: number; signal?: AbortSignal }): Promise<void> {
    const { timeoutMs = defaultTimeoutMs, signal } = options
    return new Promise((resolve, reject) => {
      const settle = (error?: unknown): void => {
        this.#waiters.delete(waiter)
        cancel()
        signal?.removeEventListener('abort', onAbort)
        if (error === undefined) resolve()
        else reject(error as Error)
      }
      const waiter: Waiter = { revision, settle }
      const onAbort = (): void => settle(signal?.reason)
      const cancel = this.#clock.after(timeoutMs, () =>
        settle(new StorageError('future', `too large resource version: ${revision}, current: ${this.#current()}`)),
      )
      if (signal?.aborted === true) return onAbort()
      signal?.addEventListener('abort', onAbort)
      this.#waiters.add(waiter)
      this.#askNow()
    })
  }

  reached(revision: Revision): void {
    for (const waiter of this.#waiters) if (waiter.revision <= revision) waiter.settle()
  }

  fail(error: unknown): void {
    for (const waiter of [...this.#waiters]) waiter.settle(error)
  }

  #askNow(): void {
    this.#ask()
    if (this.#asking) return
    this.#asking = true
    this.#clock.after(askEveryMs, () => {
      this.#asking = false
      if (this.#waiters.size > 0) this.#askNow()
    })
  }
}
