import { staticTable } from './header-table.ts'
import { decodeHuffman } from './huffman.ts'
import { ConnectionError, errorCode } from './protocol.ts'

/** What a header takes of a table beyond its characters. Source: RFC 7541, section 4.1. */
const entryOverhead = 32

const broken = (): ConnectionError => new ConnectionError(errorCode.compression, 'header block that cannot be decoded')

type Header = readonly [name: string, value: string]

const sizeOf = ([name, value]: Header): number => name.length + value.length + entryOverhead

/** Reads header blocks of one connection, in their order: each may change what later ones refer to. */
export class HpackDecoder {
  readonly #tableBytes: number
  /** Newest last. */
  #dynamic: Header[] = []
  #size = 0
  #capacity: number
  #bytes: Uint8Array = new Uint8Array()
  #at = 0
  #end = 0

  /** `tableBytes` is what this end allows, and has to have told the other. */
  constructor(options: { tableBytes: number }) {
    this.#tableBytes = options.tableBytes
    this.#capacity = options.tableBytes
  }

  /**
   * Hands out the headers of a whole block; strings hold a byte a character.
   * @throws ConnectionError of compression, after which the connection cannot go on
   */
  decode(block: Uint8Array, each: (name: string, value: string) => void): void {
    this.#bytes = block
    this.#at = 0
    this.#end = block.length
    let mayResize = true
    while (this.#at < this.#end) {
      const first = block[this.#at] ?? 0
      if ((first & 0xe0) === 0x20) {
        if (!mayResize) throw broken()
        this.#resize(this.#integer(5))
        continue
      }
      mayResize = false
      if (first >= 0x80) {
        const [name, value] = this.#entry(this.#integer(7))
        each(name, value)
        continue
      }
      const indexed = first >= 0x40
      const index = this.#integer(indexed ? 6 : 4)
      const name = index === 0 ? this.#string() : this.#entry(index)[0]
      const value = this.#string()
      if (indexed) this.#add([name, value])
      each(name, value)
    }
    this.#bytes = new Uint8Array()
  }

  #entry(index: number): Header {
    const found =
      index <= staticTable.length
        ? staticTable[index - 1]
        : this.#dynamic[this.#dynamic.length - (index - staticTable.length)]
    if (found === undefined) throw broken()
    return found
  }

  #integer(prefixBits: number): number {
    const most = (1 << prefixBits) - 1
    let value = (this.#bytes[this.#at++] ?? 0) & most
    if (value < most) return value
    for (let shift = 0; ; shift += 7) {
      if (this.#at >= this.#end || shift > 21) throw broken()
      const byte = this.#bytes[this.#at++] ?? 0
      value += (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }

  #string(): string {
    if (this.#at >= this.#end) throw broken()
    const huffman = (this.#bytes[this.#at] ?? 0) >= 0x80
    const length = this.#integer(7)
    const from = this.#at
    this.#at += length
    if (this.#at > this.#end) throw broken()
    const bytes = this.#bytes
    if (huffman) {
      const text = decodeHuffman(bytes, from, this.#at)
      if (text === undefined) throw broken()
      return text
    }
    return Buffer.from(bytes.buffer, bytes.byteOffset + from, length).toString('latin1')
  }

  #add(header: Header): void {
    this.#dynamic.push(header)
    this.#size += sizeOf(header)
    this.#evict()
  }

  #resize(capacity: number): void {
    if (capacity > this.#tableBytes) throw broken()
    this.#capacity = capacity
    this.#evict()
  }

  #evict(): void {
    let gone = 0
    while (this.#size > this.#capacity) {
      const oldest = this.#dynamic[gone]
      if (oldest === undefined) break
      this.#size -= sizeOf(oldest)
      gone += 1
    }
    if (gone > 0) this.#dynamic.splice(0, gone)
  }
}
