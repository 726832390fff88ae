import type { Answer } from '@leichtgewicht/dns-packet'
import { isIPv4 } from 'node:net'
import { ipv6Number } from '@kapell/controllers/machinery/ipv6-number'

/** Of the records that this server makes itself or passes on behind an alias. Source: RFC 1035, 2782, 3596. */
const typeNumbers: Readonly<Record<string, number>> = { A: 1, CNAME: 5, SOA: 6, PTR: 12, TXT: 16, AAAA: 28, SRV: 33 }
const optType = 41
const classIn = 1

export interface EncodedOpt {
  /** What the client said it takes. */
  udpPayloadSize: number
  /** It wants DNSSEC records if there are any: the flag is answered. */
  dnssecOk: boolean
  /** The upper bits of the code of an error, 1 for BADVERS. */
  extendedRcode?: number
}

export interface Reply {
  /** The question as it came, from the id on: its name stays as it was written. */
  message: Uint8Array
  /** Where the question ends in it; 12 when there is none. */
  questionEnd: number
  flags: number
  answers: readonly Answer[]
  authorities: readonly Answer[]
  additionals: readonly Answer[]
  opt?: EncodedOpt
}

/** Whether a record can be written here. */
export const isEncodable = (record: Answer): boolean => Object.hasOwn(typeNumbers, record.type)

/**
 * Writes as many records as fit into `limit` bytes, whole ones only, names shortened by pointers to where they stood
 * before. Additional records that do not fit are left out; when answers are, the message is marked as cut (TC).
 */
export function encodeReply(reply: Reply, limit: number): Uint8Array {
  const optBytes = reply.opt === undefined ? 0 : 11
  const writer = new Writer(reply.message.subarray(0, reply.questionEnd), limit - optBytes)
  const answers = writer.records(reply.answers)
  const authorities = answers === reply.answers.length ? writer.records(reply.authorities) : 0
  const isCut = answers < reply.answers.length || authorities < reply.authorities.length
  const additionals = isCut ? 0 : writer.records(reply.additionals)
  return writer.finish({
    flags: reply.flags | (isCut ? 0x200 : 0),
    questions: reply.questionEnd > 12 ? 1 : 0,
    answers,
    authorities,
    additionals,
    opt: reply.opt,
  })
}

/** Where a pointer can lead to. */
const maxPointer = 0x3fff

class Writer {
  #bytes: Buffer
  #at: number
  readonly #limit: number
  /** Names, lower case, and where they stand. */
  readonly #names = new Map<string, number>()

  constructor(start: Uint8Array, limit: number) {
    this.#limit = limit
    this.#bytes = Buffer.allocUnsafe(Math.max(1024, start.length))
    this.#bytes.set(start)
    this.#at = start.length
    this.#learn(start)
  }

  /** The question's name, so that answers point to it. */
  #learn(start: Uint8Array): void {
    const labels: { at: number; text: string }[] = []
    let at = 12
    while (at < start.length && start[at] !== 0 && start[at]! < 64) {
      const end = at + 1 + start[at]!
      labels.push({
        at,
        text: Buffer.from(start.subarray(at + 1, end))
          .toString('latin1')
          .toLowerCase(),
      })
      at = end
    }
    for (let from = 0; from < labels.length; from += 1) {
      const name = labels.slice(from).map(({ text }) => text)
      this.#names.set(name.join('.'), labels[from]!.at)
    }
  }

  /** How many of them fit. */
  records(all: readonly Answer[]): number {
    for (let index = 0; index < all.length; index += 1) {
      const before = this.#at
      this.#record(all[index]!)
      if (this.#at <= this.#limit) continue
      this.#at = before
      for (const [name, at] of this.#names) if (at >= before) this.#names.delete(name)
      return index
    }
    return all.length
  }

  #record(record: Answer): void {
    this.#name(record.name, true)
    this.#room(10)
    this.#u16(typeNumbers[record.type]!)
    this.#u16(classIn)
    this.#u32((record as { ttl?: number }).ttl ?? 0)
    const lengthAt = this.#at
    this.#u16(0)
    this.#data(record)
    this.#bytes.writeUInt16BE(this.#at - lengthAt - 2, lengthAt)
  }

  #data(record: Answer): void {
    if (record.type === 'A') return this.#raw(ipv4Bytes(record.data))
    if (record.type === 'AAAA') return this.#raw(ipv6Bytes(record.data))
    if (record.type === 'CNAME' || record.type === 'PTR') return this.#name(record.data, true)
    if (record.type === 'TXT') {
      const texts = [record.data].flat().map((text) => Buffer.from(text).subarray(0, 255))
      return this.#raw(Buffer.concat(texts.flatMap((text) => [Buffer.from([text.length]), text])))
    }
    if (record.type === 'SRV') {
      const { priority = 0, weight = 0, port, target } = record.data
      this.#room(6)
      for (const value of [priority, weight, port ?? 0]) this.#u16(value)
      // Not shortened: RFC 2782.
      return this.#name(target, false)
    }
    if (record.type !== 'SOA') throw new Error(`records of type ${record.type} are not written here`)
    const { mname, rname, serial = 0, refresh = 0, retry = 0, expire = 0, minimum = 0 } = record.data
    this.#name(mname, true)
    this.#name(rname, true)
    this.#room(20)
    for (const value of [serial, refresh, retry, expire, minimum]) this.#u32(value)
  }

  #name(text: string, isShortened: boolean): void {
    const labels = text.replace(/\.$/, '').split('.').filter(Boolean)
    for (let from = 0; from < labels.length; from += 1) {
      const rest = labels.slice(from).join('.').toLowerCase()
      const known = this.#names.get(rest)
      if (isShortened && known !== undefined) {
        this.#room(2)
        this.#u16(0xc000 | known)
        return
      }
      if (isShortened && this.#at <= maxPointer) this.#names.set(rest, this.#at)
      const label = Buffer.from(labels[from]!, 'latin1')
      if (label.length > 63) throw new Error(`the label "${labels[from]}" is too long`)
      this.#room(label.length + 1)
      this.#bytes[this.#at] = label.length
      this.#bytes.set(label, this.#at + 1)
      this.#at += label.length + 1
    }
    this.#room(1)
    this.#bytes[this.#at] = 0
    this.#at += 1
  }

  finish(of: {
    flags: number
    questions: number
    answers: number
    authorities: number
    additionals: number
    opt: EncodedOpt | undefined
  }): Uint8Array {
    const { opt } = of
    if (opt !== undefined) {
      this.#room(11)
      this.#bytes[this.#at] = 0
      this.#at += 1
      this.#u16(optType)
      this.#u16(opt.udpPayloadSize)
      this.#u32(((opt.extendedRcode ?? 0) << 24) | (opt.dnssecOk ? 0x8000 : 0))
      this.#u16(0)
    }
    const counts = [of.flags, of.questions, of.answers, of.authorities, of.additionals + (opt === undefined ? 0 : 1)]
    counts.forEach((value, index) => this.#bytes.writeUInt16BE(value, 2 + 2 * index))
    return this.#bytes.subarray(0, this.#at)
  }

  #raw(bytes: Uint8Array): void {
    this.#room(bytes.length)
    this.#bytes.set(bytes, this.#at)
    this.#at += bytes.length
  }

  #u16(value: number): void {
    this.#at = this.#bytes.writeUInt16BE(value & 0xffff, this.#at)
  }

  #u32(value: number): void {
    this.#at = this.#bytes.writeUInt32BE(value >>> 0, this.#at)
  }

  #room(more: number): void {
    if (this.#at + more <= this.#bytes.length) return
    const wider = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + more))
    wider.set(this.#bytes.subarray(0, this.#at))
    this.#bytes = wider
  }
}

function ipv4Bytes(address: string): Uint8Array {
  if (!isIPv4(address)) throw new Error(`"${address}" is no IPv4 address`)
  return Uint8Array.from(address.split('.').map(Number))
}

function ipv6Bytes(address: string): Uint8Array {
  const bytes = Buffer.alloc(16)
  const number = ipv6Number(address)
  bytes.writeBigUInt64BE(number >> 64n, 0)
  bytes.writeBigUInt64BE(number & 0xffffffffffffffffn, 8)
  return bytes
}
