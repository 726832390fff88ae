/** SPDY/3.1 frames. Source: SPDY protocol drafts 3 and 3.1, section 2. */

export const frameType = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const
export const flagFin = 1

export type Frame =
  | { kind: 'data'; streamId: number; fin: boolean; data: Buffer }
  | { kind: 'control'; type: number; flags: number; payload: Buffer }

const headBytes = 8
/** What a length field of 24 bits can say is the bound of a frame. */
export const maxFrameBytes = 0xffffff

export function encodeData(streamId: number, data: Uint8Array, fin: boolean): Buffer {
  const head = Buffer.alloc(headBytes)
  head.writeUInt32BE(streamId & 0x7fffffff, 0)
  head.writeUInt32BE(((fin ? flagFin : 0) << 24) | data.length, 4)
  return Buffer.concat([head, data])
}

export function encodeControl(type: number, flags: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(headBytes)
  head.writeUInt16BE(0x8003, 0)
  head.writeUInt16BE(type, 2)
  head.writeUInt32BE(((flags << 24) | payload.length) >>> 0, 4)
  return Buffer.concat([head, payload])
}

/** Cuts a byte stream into frames. */
export class FrameReader {
  private buffered: Buffer[] = []
  private bytes = 0

  push(chunk: Buffer): void {
    this.buffered.push(chunk)
    this.bytes += chunk.length
  }

  /** The next whole frame, or undefined until more bytes came. */
  next(): Frame | undefined {
    if (this.bytes < headBytes) return undefined
    const head = this.peek(headBytes)
    const length = head.readUInt32BE(4) & maxFrameBytes
    if (this.bytes < headBytes + length) return undefined
    const frame = this.take(headBytes + length)
    const flags = frame[4]!
    const payload = frame.subarray(headBytes)
    return (frame[0]! & 0x80) === 0
      ? { kind: 'data', streamId: frame.readUInt32BE(0), fin: (flags & flagFin) !== 0, data: payload }
      : { kind: 'control', type: frame.readUInt16BE(2), flags, payload }
  }

  private peek(length: number): Buffer {
    if (this.buffered[0]!.length < length) this.buffered = [Buffer.concat(this.buffered)]
    return this.buffered[0]!.subarray(0, length)
  }

  private take(length: number): Buffer {
    if (this.buffered[0]!.length < length) this.buffered = [Buffer.concat(this.buffered)]
    const first = this.buffered[0]!
    const taken = first.subarray(0, length)
    if (first.length === length) this.buffered.shift()
    else this.buffered[0] = first.subarray(length)
    this.bytes -= length
    return taken
  }
}

/** Names and values before compression: a count, then each string after its length. */
export function encodeHeaders(headers: Record<string, string>): Buffer {
  const parts: Buffer[] = []
  const number = (value: number): void => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    parts.push(bytes)
  }
  const text = (value: string): void => {
    const bytes = Buffer.from(value)
    number(bytes.length)
    parts.push(bytes)
  }
  const entries = Object.entries(headers)
  number(entries.length)
  for (const [name, value] of entries) {
    text(name.toLowerCase())
    text(value)
  }
  return Buffer.concat(parts)
}

/** Throws on a block that contradicts itself. */
export function decodeHeaders(block: Buffer): Record<string, string> {
  let at = 0
  const number = (): number => {
    if (at + 4 > block.length) throw new Error('SPDY: header block is too short')
    at += 4
    return block.readUInt32BE(at - 4)
  }
  const text = (): string => {
    const length = number()
    if (at + length > block.length) throw new Error('SPDY: header block is too short')
    at += length
    return block.subarray(at - length, at).toString()
  }
  const headers: Record<string, string> = Object.create(null) as Record<string, string>
  const count = number()
  if (count > 1000) throw new Error('SPDY: too many headers')
  for (let i = 0; i < count; i++) {
    const name = text()
    headers[name] = text()
  }
  return headers
}
