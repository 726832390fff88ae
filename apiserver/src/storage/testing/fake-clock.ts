import type { StorageClock } from '../log.ts'

/** Time that moves when told to. */
export class FakeClock implements StorageClock {
  #nowMs = 1_700_000_000_000
  #timers = new Set<{ atMs: number; callback: () => void }>()

  now(): number {
    return this.#nowMs
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  get pending(): number {
    return this.#timers.size
  }

  /** Moves on, calling back in order what falls due; timers set meanwhile count too. */
  step(ms: number): void {
    const until = this.#nowMs + ms
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.atMs <= until).sort((a, b) => a.atMs - b.atMs)[0]
      if (due === undefined) break
      this.#timers.delete(due)
      this.#nowMs = Math.max(this.#nowMs, due.atMs)
      due.callback()
    }
    this.#nowMs = until
  }
}
