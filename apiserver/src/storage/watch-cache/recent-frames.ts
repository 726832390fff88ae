/** What was made of an event for its watchers, and can be made again. */
export interface Forgettable {
  readonly sizeBytes: number
  forget(): void
}

/**
 * Keeps what is sent to watchers while it is new: all who are awake want it within a moment, and those who are late can
 * have it made again. Without this every event would hold its object twice for as long as its cache remembers it. First
 * in, first out, within a budget; the newest is kept however large it is.
 */
export class RecentFrames {
  readonly #budgetBytes: number
  #frames: (Forgettable | undefined)[] = []
  /** Those before this place are forgotten. */
  #first = 0
  #bytes = 0

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes
  }

  get sizeBytes(): number {
    return this.#bytes
  }

  add(frame: Forgettable): void {
    this.#frames.push(frame)
    this.#bytes += frame.sizeBytes
    while (this.#bytes > this.#budgetBytes && this.#first < this.#frames.length - 1) {
      const oldest = this.#frames[this.#first]
      if (oldest === undefined) break
      this.#frames[this.#first++] = undefined
      this.#bytes -= oldest.sizeBytes
      oldest.forget()
    }
    if (this.#first < 64 || this.#first * 2 < this.#frames.length) return
    this.#frames = this.#frames.slice(this.#first)
    this.#first = 0
  }
}

/** Of all caches of the process. */
export const recentFrames = new RecentFrames(2 * 1024 * 1024)
