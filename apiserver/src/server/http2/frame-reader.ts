import { ConnectionError, errorCode, frameHeadBytes, preface, protocolError } from './protocol.ts'

/** A frame as it came; the payload is valid during the call. */
export interface Frame {
  type: number
  flags: number
  stream: number
  payload: Buffer
}

/** Cuts what comes over a connection into frames, after the greeting that comes first. */
export class FrameReader {
  readonly #frameBytes: number
  #rest: Buffer | undefined
  greeted = false

  constructor(options: { frameBytes: number }) {
    this.#frameBytes = options.frameBytes
  }

  /** @throws ConnectionError when this is no HTTP/2, or a frame is larger than we allow */
  read(chunk: Buffer, each: (frame: Frame) => void): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    if (!this.greeted) {
      const come = Math.min(bytes.length, preface.length)
      if (bytes.compare(preface, 0, come, 0, come) !== 0) throw protocolError('not HTTP/2')
      if (come < preface.length) {
        this.#rest = bytes
        return
      }
      this.greeted = true
      at = preface.length
    }
    while (bytes.length - at >= frameHeadBytes) {
      const length = bytes.readUIntBE(at, 3)
      if (length > this.#frameBytes) throw new ConnectionError(errorCode.frameSize, 'a frame too large')
      const end = at + frameHeadBytes + length
      if (end > bytes.length) break
      const frame = {
        type: bytes[at + 3] ?? 0,
        flags: bytes[at + 4] ?? 0,
        stream: bytes.readUInt32BE(at + 5) & 0x7fffffff,
        payload: bytes.subarray(at + frameHeadBytes, end),
      }
      at = end
      each(frame)
    }
    // A copy: what is left is little, and would keep alive all that came with it.
    this.#rest = at === bytes.length ? undefined : Buffer.from(bytes.subarray(at))
  }
}
