/** Exponential delays with jitter; `reset` after things went well. Not bound to a clock: it only computes. */
export interface BackoffOptions {
  firstMs: number
  maxMs: number
  factor?: number
  /** 1 means a delay between its value and twice that. */
  jitter?: number
  random?: () => number
}

export interface Backoff {
  /** The next delay in ms. */
  next(): number
  reset(): void
}

export function createBackoff({
  firstMs,
  maxMs,
  factor = 2,
  jitter = 1,
  random = Math.random,
}: BackoffOptions): Backoff {
  let baseMs = firstMs
  return {
    next: () => {
      const delay = baseMs * (1 + jitter * random())
      baseMs = Math.min(baseMs * factor, maxMs)
      return Math.min(delay, maxMs * (1 + jitter))
    },
    reset: () => {
      baseMs = firstMs
    },
  }
}
