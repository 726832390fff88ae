import { systemClock, type StorageClock } from '../log.ts'

/** What can forget its parsed form; `used` is set by every use and cleared by the pool's hand. */
export interface Parsed {
  readonly sizeBytes: number
  used: boolean
  forget(): void
}

/** What nobody used for so long, or twice as long, is forgotten. */
const sweepEveryMs = 15_000

/**
 * Keeps the parsed form of objects while they are in use, within a budget of JSON bytes: a clock (second chance).
 * A parsed pod takes about 1.7 times its JSON.
 */
export class ParsedPool {
  readonly #budgetBytes: number
  readonly #clock: StorageClock
  #sweeping = false
  #entries: Parsed[] = []
  #hand = 0
  #bytes = 0

  constructor(budgetBytes: number, clock: StorageClock = systemClock) {
    this.#budgetBytes = budgetBytes
    this.#clock = clock
  }

  get sizeBytes(): number {
    return this.#bytes
  }

  add(entry: Parsed): void {
    // Used once is not in use yet: what is read a single time goes before what is read again and again.
    entry.used = false
    this.#bytes += entry.sizeBytes
    this.#entries.push(entry)
    // Two rounds at most: after one, nothing is marked as used any more.
    for (let steps = this.#entries.length * 2; this.#bytes > this.#budgetBytes && steps > 0; steps--) this.#step()
    this.#sweepLater()
  }

  /** One timer while there is anything to forget. */
  #sweepLater(): void {
    if (this.#sweeping || this.#entries.length === 0) return
    this.#sweeping = true
    this.#clock.after(sweepEveryMs, () => {
      this.#sweeping = false
      this.#sweep()
      this.#sweepLater()
    })
  }

  /** Forgets what was not used since the last time. */
  #sweep(): void {
    const kept: Parsed[] = []
    for (const entry of this.#entries) {
      if (entry.used) {
        entry.used = false
        kept.push(entry)
        continue
      }
      entry.forget()
      this.#bytes -= entry.sizeBytes
    }
    this.#entries = kept
    this.#hand = 0
  }

  #step(): void {
    if (this.#hand >= this.#entries.length) this.#hand = 0
    const entry = this.#entries[this.#hand]
    if (entry === undefined) return
    if (entry.used) {
      entry.used = false
      this.#hand += 1
      return
    }
    entry.forget()
    this.#bytes -= entry.sizeBytes
    const last = this.#entries.pop()
    if (last !== undefined && last !== entry) this.#entries[this.#hand] = last
  }
}
