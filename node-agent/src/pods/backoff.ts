/**
 * Exponential waiting per key, counted from when the last attempt ended: the first retry is immediate, then `initialMs`,
 * doubling up to `maxMs`; a key that kept quiet for twice `maxMs` starts anew. Source: upstream's restart back-off.
 */
export class Backoff {
  private readonly entries = new Map<string, { backoffMs: number; updatedMs: number }>()
  private readonly initialMs: number
  private readonly maxMs: number

  constructor(options: { initialMs: number; maxMs: number }) {
    this.initialMs = options.initialMs
    this.maxMs = options.maxMs
  }

  /** Milliseconds that are left to wait when the last attempt ended at `sinceMs`; 0 when it may go ahead. */
  remainingMs(key: string, sinceMs: number, nowMs: number): number {
    const entry = this.entries.get(key)
    if (entry === undefined || this.expired(entry, sinceMs)) return 0
    return Math.max(0, sinceMs + entry.backoffMs - nowMs)
  }

  /** The current step, for messages. */
  currentMs(key: string): number {
    return this.entries.get(key)?.backoffMs ?? 0
  }

  /** Notes another attempt whose predecessor ended at `sinceMs`. */
  next(key: string, sinceMs: number): void {
    const entry = this.entries.get(key)
    const backoffMs =
      entry === undefined || this.expired(entry, sinceMs) ? this.initialMs : Math.min(this.maxMs, entry.backoffMs * 2)
    this.entries.set(key, { backoffMs, updatedMs: sinceMs })
  }

  /** Forgets every key that starts so: a pod is gone. */
  forget(prefix: string): void {
    for (const key of this.entries.keys()) if (key.startsWith(prefix)) this.entries.delete(key)
  }

  private expired(entry: { updatedMs: number }, sinceMs: number): boolean {
    return sinceMs - entry.updatedMs > 2 * this.maxMs
  }
}

/** "10s", "2m40s", "5m0s": Go's way, which messages use. */
export function goDuration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  const h = Math.floor(seconds / 3600)
  const m = Math.floor((seconds % 3600) / 60)
  const s = seconds % 60
  return h > 0 ? `${h}h${m}m${s}s` : m > 0 ? `${m}m${s}s` : `${s}s`
}
