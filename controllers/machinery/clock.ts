/** Time comes from outside: production passes {@link realClock}, tests a {@link FakeClock} that they step. */
export interface Clock {
  now(): Date
  /** Resolves after `ms`; at once, without an error, when `signal` aborts: callers look at the signal. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Calls `run` once after `ms`; the answer cancels it. */
  after(ms: number, run: () => void): () => void
  /** Calls `run` every `ms` until `signal` aborts; never overlaps itself. A throw is passed to `failed`. */
  every(ms: number, run: () => Promise<void> | void, signal: AbortSignal, failed?: (error: unknown) => void): void
}

/** setTimeout takes no more; longer waits are taken in pieces. */
const longestTimeoutMs = 2 ** 31 - 1

abstract class BaseClock implements Clock {
  abstract now(): Date
  abstract after(ms: number, run: () => void): () => void

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve()
        return
      }
      const finish = (): void => {
        cancel()
        signal?.removeEventListener('abort', finish)
        resolve()
      }
      const cancel = this.after(ms, finish)
      signal?.addEventListener('abort', finish, { once: true })
    })
  }

  every(ms: number, run: () => Promise<void> | void, signal: AbortSignal, failed?: (error: unknown) => void): void {
    const loop = async (): Promise<void> => {
      for (;;) {
        await this.sleep(ms, signal)
        if (signal.aborted) return
        try {
          await run()
        } catch (error) {
          failed?.(error)
        }
      }
    }
    void loop()
  }
}

class RealClock extends BaseClock {
  now(): Date {
    return new Date()
  }
  after(ms: number, run: () => void): () => void {
    let timer: NodeJS.Timeout
    const arm = (left: number): void => {
      const piece = Math.min(Math.max(left, 0), longestTimeoutMs)
      timer = setTimeout(() => (left > piece ? arm(left - piece) : run()), piece)
    }
    arm(ms)
    return () => clearTimeout(timer)
  }
}

export const realClock: Clock = new RealClock()

/** Lets everything that is ready run: promises, then what they started. */
export async function settle(rounds = 3): Promise<void> {
  for (let i = 0; i < rounds; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** Stands still until stepped. Timers fire in order of their time, with everything they wake run in between. */
export class FakeClock extends BaseClock {
  private timeMs: number
  private sequence = 0
  private readonly timers = new Map<number, { at: number; run: () => void }>()

  constructor(start: Date | string = '2026-01-01T00:00:00Z') {
    super()
    this.timeMs = new Date(start).getTime()
  }

  now(): Date {
    return new Date(this.timeMs)
  }

  after(ms: number, run: () => void): () => void {
    const id = this.sequence++
    this.timers.set(id, { at: this.timeMs + Math.max(ms, 0), run })
    return () => this.timers.delete(id)
  }

  /** How many timers wait. */
  get waiting(): number {
    return this.timers.size
  }

  async advance(ms: number): Promise<void> {
    const end = this.timeMs + ms
    await settle()
    for (;;) {
      let next: { id: number; at: number; run: () => void } | undefined
      for (const [id, timer] of this.timers)
        if (timer.at <= end && (next === undefined || timer.at < next.at)) next = { id, ...timer }
      if (next === undefined) break
      this.timers.delete(next.id)
      this.timeMs = Math.max(this.timeMs, next.at)
      next.run()
      await settle()
    }
    this.timeMs = end
  }
}
