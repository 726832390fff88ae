/** What the stores and caches report to; winston and the machinery's Logger both fit. */
export interface StorageLog {
  debug(message: string, fields?: Record<string, unknown>): void
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
}

/** Time as the stores see it, so that tests can step it. */
export interface StorageClock {
  /** Milliseconds since 1970. */
  now(): number
  /** Calls back once after the delay; the returned function cancels. Never keeps the process alive by itself. */
  after(delayMs: number, callback: () => void): () => void
}

export const systemClock: StorageClock = {
  now: () => Date.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, Math.min(delayMs, 2 ** 31 - 1))
    timer.unref()
    return () => clearTimeout(timer)
  },
}
