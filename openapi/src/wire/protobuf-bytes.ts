/** The wire format of protobuf: bytes in and out. Source: the protocol-buffers encoding specification. */
export class ProtobufError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ProtobufError'
  }
}

const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** Reads one message; every read is checked against its end. */
export class ByteReader {
  readonly bytes: Uint8Array
  readonly end: number
  at: number

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  get done(): boolean {
    return this.at >= this.end
  }

  /** The low 32 bits of a varint, unsigned. */
  uint32(): number {
    let value = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.at >= this.end) throw new ProtobufError('unexpected EOF')
      const byte = this.bytes[this.at++] ?? 0
      if (shift < 32) value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
    throw new ProtobufError('proto: integer overflow')
  }

  int32(): number {
    return this.uint32() | 0
  }

  /** As a number: exact to 2^53, as JSON is. */
  int64(): number {
    const start = this.at
    let value = 0
    let scale = 1
    for (let i = 0; i < 7; i += 1) {
      if (this.at >= this.end) throw new ProtobufError('unexpected EOF')
      const byte = this.bytes[this.at++] ?? 0
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 128
    }
    this.at = start
    let big = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (this.at >= this.end) throw new ProtobufError('unexpected EOF')
      const byte = this.bytes[this.at++] ?? 0
      big |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return Number(BigInt.asIntN(64, big))
    }
    throw new ProtobufError('proto: integer overflow')
  }

  double(): number {
    if (this.at + 8 > this.end) throw new ProtobufError('unexpected EOF')
    const value = new DataView(this.bytes.buffer, this.bytes.byteOffset + this.at, 8).getFloat64(0, true)
    this.at += 8
    return value
  }

  /** A length-delimited part, as a reader of its own. */
  sub(): ByteReader {
    const length = this.uint32()
    if (length > this.end - this.at) throw new ProtobufError('unexpected EOF')
    const reader = new ByteReader(this.bytes, this.at, this.at + length)
    this.at += length
    return reader
  }

  data(): Uint8Array {
    const { at, end } = this.sub()
    return this.bytes.subarray(at, end)
  }

  string(): string {
    const { at, end } = this.sub()
    // Most texts are short and plain, where this is several times as fast as the decoder.
    if (end - at > 48) return decoder.decode(this.bytes.subarray(at, end))
    let text = ''
    for (let i = at; i < end; i += 1) {
      const code = this.bytes[i] ?? 0
      if (code > 0x7f) return decoder.decode(this.bytes.subarray(at, end))
      text += String.fromCharCode(code)
    }
    return text
  }

  /** Passes over a field that nobody knows. */
  skip(wireType: number): void {
    if (wireType === 0) this.int64()
    else if (wireType === 1) this.#move(8)
    else if (wireType === 2) this.sub()
    else if (wireType === 5) this.#move(4)
    else throw new ProtobufError(`proto: illegal wireType ${wireType}`)
  }

  #move(length: number): void {
    if (this.at + length > this.end) throw new ProtobufError('unexpected EOF')
    this.at += length
  }
}

/**
 * Writes from the end to the front, so that a message's length is known when it is written: write fields in descending
 * order, each one's content before its tag.
 */
export class ByteWriter {
  #bytes = new Uint8Array(1024)
  #at = 1024

  /** How much is written. */
  get length(): number {
    return this.#bytes.length - this.#at
  }

  /** Begins anew, in the same memory. */
  clear(): void {
    this.#at = this.#bytes.length
  }

  finish(): Uint8Array {
    return this.#bytes.slice(this.#at)
  }

  #reserve(length: number): void {
    if (this.#at >= length) return
    const used = this.length
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, used + length))
    larger.set(this.#bytes.subarray(this.#at), larger.length - used)
    this.#at = larger.length - used
    this.#bytes = larger
  }

  data(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#at -= bytes.length
    this.#bytes.set(bytes, this.#at)
  }

  /** A whole number from -2^63 to 2^64. */
  varint(value: number | bigint): void {
    if (typeof value === 'number' && value >= 0 && value < 128) {
      this.#reserve(1)
      this.#bytes[--this.#at] = value
      return
    }
    if (typeof value === 'number' && value >= 0 && value <= 0xffffffff) {
      let size = 1
      for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) size += 1
      this.#reserve(size)
      this.#at -= size
      let rest = value
      for (let i = 0; i < size; i += 1) {
        this.#bytes[this.#at + i] = (rest % 128) | (i < size - 1 ? 0x80 : 0)
        rest = Math.floor(rest / 128)
      }
      return
    }
    let rest = BigInt.asUintN(64, BigInt(value))
    const out: number[] = []
    do {
      out.push(Number(rest & 0x7fn) | (rest > 127n ? 0x80 : 0))
      rest >>= 7n
    } while (rest > 0n)
    this.data(Uint8Array.from(out))
  }

  double(value: number): void {
    this.#reserve(8)
    this.#at -= 8
    new DataView(this.#bytes.buffer, this.#at, 8).setFloat64(0, value, true)
  }

  tag(number: number, wireType: 0 | 1 | 2): void {
    this.varint(number * 8 + wireType)
  }

  /** Length and tag of what was written since `before`, which was the writer's length. */
  close(number: number, before: number): void {
    this.varint(this.length - before)
    this.tag(number, 2)
  }

  bytesField(number: number, bytes: Uint8Array): void {
    const before = this.length
    this.data(bytes)
    this.close(number, before)
  }

  stringField(number: number, text: string): void {
    const length = text.length
    // Plain texts go straight into the buffer; the encoder costs more than all the rest.
    if (length > 256 || !this.#ascii(text)) return this.bytesField(number, encoder.encode(text))
    this.varint(length)
    this.tag(number, 2)
  }

  /** Writes a text if it is ASCII. */
  #ascii(text: string): boolean {
    const length = text.length
    this.#reserve(length)
    const start = this.#at - length
    for (let i = 0; i < length; i += 1) {
      const code = text.charCodeAt(i)
      if (code > 0x7f) return false
      this.#bytes[start + i] = code
    }
    this.#at = start
    return true
  }

  varintField(number: number, value: number | bigint): void {
    this.varint(value)
    this.tag(number, 0)
  }
}
