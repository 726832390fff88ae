/** What a connection sends: gathered until the end of the turn, then written in one go, while nothing is under way. */

const [smallBytes, largeBytes] = [16 * 1024, 256 * 1024]
/** What answers may not fill: frames that keep the connection going need room at any time. */
const reservedBytes = 16 * 1024
/** Rather a whole frame a little later than many small ones. */
export const leastRoom = 4096

/** Buffers wait for their next use; so many of a size, the rest is the garbage collector's. */
const pools = new Map<number, Buffer[]>([
  [smallBytes, []],
  [largeBytes, []],
])
const pooled = { [smallBytes]: 64, [largeBytes]: 8 } as Record<number, number>

const take = (size: number): Buffer => pools.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size)

function giveBack(buffer: Buffer): void {
  const pool = pools.get(buffer.length)
  if (pool !== undefined && pool.length < (pooled[buffer.length] ?? 0)) pool.push(buffer)
}

export interface OutputOptions {
  /** Writes, and calls back when it is done with the bytes. */
  write: (bytes: Uint8Array, done: () => void) => void
  /** There is room again. */
  onRoom: () => void
  /** Calls back when everything of this turn was said. */
  later: (flush: () => void) => void
}

export class Output {
  readonly #options: OutputOptions
  #buffer: Buffer | undefined
  #length = 0
  #writing = false
  #scheduled = false
  #wanted = false

  constructor(options: OutputOptions) {
    this.#options = options
  }

  /** Bytes that an answer may add now. */
  get room(): number {
    const room = largeBytes - reservedBytes - this.#length
    if (room >= leastRoom || this.#writing) return room
    this.flush()
    return largeBytes - reservedBytes - this.#length
  }

  /** Somebody waits for more room than there is: `onRoom` calls back. */
  want(): void {
    this.#wanted = true
  }

  /** Where to put so many bytes; undefined when the other side has not read for far too long. */
  reserve(bytes: number): { buffer: Buffer; at: number } | undefined {
    if (this.#length + bytes > largeBytes) {
      if (this.#writing) return undefined
      this.flush()
      if (bytes > largeBytes) return undefined
    }
    const at = this.#length
    let buffer = (this.#buffer ??= take(bytes > smallBytes ? largeBytes : smallBytes))
    if (at + bytes > buffer.length) {
      const larger = take(largeBytes)
      larger.set(buffer.subarray(0, at))
      giveBack(buffer)
      this.#buffer = buffer = larger
    }
    this.#length = at + bytes
    if (!this.#scheduled && !this.#writing) {
      this.#scheduled = true
      this.#options.later(this.flushLater)
    }
    return { buffer, at }
  }

  readonly flushLater = (): void => {
    this.#scheduled = false
    this.flush()
  }

  flush(): void {
    const buffer = this.#buffer
    if (buffer === undefined || this.#writing) return
    this.#writing = true
    const bytes = buffer.subarray(0, this.#length)
    this.#buffer = undefined
    this.#length = 0
    this.#options.write(bytes, () => {
      this.#writing = false
      giveBack(buffer)
      this.flush()
      if (!this.#wanted) return
      this.#wanted = false
      this.#options.onRoom()
    })
  }
}
