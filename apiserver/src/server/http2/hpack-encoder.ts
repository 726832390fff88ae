import { staticTable } from './header-table.ts'

/**
 * Writes header blocks that refer to the static table alone: what the answers of an API server repeat is short, and no
 * state has to be kept for a connection.
 */

/** Longer than all headers of any answer of ours; others' that are passed on make it grow. */
let scratch = Buffer.allocUnsafe(16 * 1024)
let length = 0

const statusIndex = 8
const indexOfStatus = new Map(
  staticTable.flatMap(([name, value], i) => (name === ':status' ? [[Number(value), i + 1] as const] : [])),
)
const indexOfName = new Map(staticTable.map(([name], i) => [name, i + 1] as const).reverse())

/** How a header with this name begins; names of answers are few, those of answers passed on are not kept. */
const beginnings = new Map<string, Uint8Array>()
const mostBeginnings = 256

function room(bytes: number): void {
  if (length + bytes <= scratch.length) return
  const larger = Buffer.allocUnsafe(Math.max(scratch.length * 2, length + bytes))
  larger.set(scratch.subarray(0, length))
  scratch = larger
}

function putInteger(value: number, prefixBits: number, pattern: number): void {
  const most = (1 << prefixBits) - 1
  if (value < most) {
    scratch[length++] = pattern | value
    return
  }
  scratch[length++] = pattern | most
  let rest = value - most
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) scratch[length++] = (rest & 0x7f) | 0x80
  scratch[length++] = rest
}

function putString(text: string): void {
  room(text.length + 6)
  putInteger(text.length, 7, 0)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0xff || code === 0x7f || (code < 0x20 && code !== 0x09)) throw new Error('not the value of a header')
    scratch[length++] = code
  }
}

function putName(name: string): void {
  const known = beginnings.get(name)
  if (known !== undefined) {
    room(known.length)
    scratch.set(known, length)
    length += known.length
    return
  }
  const start = length
  const index = indexOfName.get(name)
  room(8)
  // A literal that is not to be indexed.
  putInteger(index ?? 0, 4, 0)
  if (index === undefined) putString(name)
  if (beginnings.size < mostBeginnings) beginnings.set(name, Uint8Array.prototype.slice.call(scratch, start, length))
}

let dateSecond = -1
let dateText = ''

/** For the Date header; told anew each second. */
function dateOf(nowMs: number): string {
  const second = Math.floor(nowMs / 1000)
  if (second !== dateSecond) {
    dateSecond = second
    dateText = new Date(second * 1000).toUTCString()
  }
  return dateText
}

/**
 * The header block of an answer; its memory is used again by the next call. Throws on values that no header can have.
 * `resized`: the client allows less of a dynamic table than it would by default, and is owed a word that none is used.
 */
export function encodeAnswerHead(
  status: number,
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  options: { nowMs: number; skip: ReadonlySet<string>; resized: boolean },
): Uint8Array {
  length = 0
  if (options.resized) scratch[length++] = 0x20
  const index = indexOfStatus.get(status)
  if (index !== undefined) scratch[length++] = 0x80 | index
  else {
    putInteger(statusIndex, 4, 0)
    putString(String(status))
  }
  for (const name in headers) {
    const value = headers[name]
    if (value === undefined || options.skip.has(name)) continue
    if (typeof value === 'string') {
      putName(name)
      putString(value)
      continue
    }
    for (const one of value) {
      putName(name)
      putString(one)
    }
  }
  if (status >= 200 && headers['date'] === undefined) {
    putName('date')
    putString(dateOf(options.nowMs))
  }
  return scratch.subarray(0, length)
}
