import type { Revision } from '../storage.ts'
import type { CachedEvent } from './cached-object.ts'

export interface RingLimits {
  /** Never more than this many events. */
  maxEvents: number
  /** Nor more than this many bytes, roughly. */
  maxBytes: number
  /** Events younger than this stay, within the other bounds. */
  keepMs: number
  /** This many stay, however old. */
  minEvents: number
}

/** The recent events of a cache, numbered on and on; old ones fall off the far end. */
export class EventRing {
  readonly #limits: RingLimits
  #events: { event: CachedEvent; timeMs: number }[] = []
  /** Number of the first event in `#events` that still counts, and its place there. */
  #first = 0
  #offset = 0
  #bytes = 0
  /** Events above this revision are all here. */
  floor: Revision

  constructor(floor: Revision, limits: RingLimits) {
    this.floor = floor
    this.#limits = limits
  }

  get first(): number {
    return this.#first
  }

  /** The number the next event will get. */
  get end(): number {
    return this.#first + this.#events.length - this.#offset
  }

  at(number: number): CachedEvent | undefined {
    return this.#events[number - this.#first + this.#offset]?.event
  }

  push(event: CachedEvent, nowMs: number): void {
    this.#events.push({ event, timeMs: nowMs })
    this.#bytes += event.sizeBytes
    this.#trim(nowMs)
  }

  /** The number of the first event above the revision; undefined when such events have fallen off. */
  after(revision: Revision): number | undefined {
    if (revision < this.floor) return undefined
    let low = this.#first
    let high = this.end
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.at(middle)?.revision ?? 0) <= revision) low = middle + 1
      else high = middle
    }
    return low
  }

  #trim(nowMs: number): void {
    const { maxEvents, maxBytes, keepMs, minEvents } = this.#limits
    for (;;) {
      const size = this.end - this.#first
      const oldest = this.#events[this.#offset]
      if (oldest === undefined || size <= 1) break
      const tooMuch = size > maxEvents || this.#bytes > maxBytes
      if (!tooMuch && (size <= minEvents || nowMs - oldest.timeMs <= keepMs)) break
      this.#bytes -= oldest.event.sizeBytes
      this.floor = oldest.event.revision
      this.#offset += 1
      this.#first += 1
    }
    if (this.#offset > 1024 && this.#offset * 2 > this.#events.length) {
      this.#events = this.#events.slice(this.#offset)
      this.#offset = 0
    }
  }
}
