import type { Clock } from './clock.ts'

/** Says how long an item that failed must wait. */
export interface RateLimiter {
  /** The delay in ms before the next try of `item`; counts a failure. */
  when(item: string): number
  /** `item` went well, or is given up. */
  forget(item: string): void
  /** Failures counted of `item`. */
  failures(item: string): number
}

export interface RateLimiterOptions {
  clock: Clock
  firstMs?: number
  maxMs?: number
  /** Retries a second over all items, and how many may come at once. */
  perSecond?: number
  burst?: number
}

/** The longer of an exponential delay per item and a token bucket over all. Source: client-go's default numbers. */
export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  const { clock, firstMs = 5, maxMs = 1_000_000, perSecond = 10, burst = 100 } = options
  const failures = new Map<string, number>()
  const bucket = createTokenBucket({ clock, perSecond, burst })
  return {
    when: (item) => {
      const count = failures.get(item) ?? 0
      failures.set(item, count + 1)
      return Math.max(Math.min(firstMs * 2 ** count, maxMs), bucket.reserve())
    },
    forget: (item) => void failures.delete(item),
    failures: (item) => failures.get(item) ?? 0,
  }
}

export interface TokenBucket {
  /** Takes a token, maybe of the future; how long until it is there, in ms. */
  reserve(): number
  /** Takes a token when there is one now. */
  tryTake(): boolean
}

export function createTokenBucket(options: { clock: Clock; perSecond: number; burst: number }): TokenBucket {
  const { clock, perSecond, burst } = options
  let tokens = burst
  let lastMs = clock.now().getTime()
  const refill = (): void => {
    const nowMs = clock.now().getTime()
    // A clock set back refills nothing, and must not take anything away.
    tokens = Math.min(burst, tokens + (Math.max(nowMs - lastMs, 0) / 1000) * perSecond)
    lastMs = nowMs
  }
  return {
    reserve: () => {
      refill()
      tokens -= 1
      return tokens >= 0 ? 0 : (-tokens / perSecond) * 1000
    },
    tryTake: () => {
      refill()
      if (tokens < 1) return false
      tokens -= 1
      return true
    },
  }
}
