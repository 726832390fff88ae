import { randomFillSync } from 'node:crypto'

const hex = Buffer.from('0123456789abcdef')
const dash = 0x2d
const poolSize = 4096
const pool = new Uint8Array(poolSize)
let used = poolSize
const text = Buffer.alloc(36)

/**
 * A random UUID (version 4), as one flat string: those that node's own randomUUID puts together are trees of some
 * twenty pieces, and every object and every answer carries one.
 */
export function newUuid(): string {
  if (used === poolSize) {
    randomFillSync(pool)
    used = 0
  }
  for (let i = 0, at = 0; i < 16; i++) {
    let byte = pool[used++] ?? 0
    if (i === 6) byte = (byte & 0x0f) | 0x40
    else if (i === 8) byte = (byte & 0x3f) | 0x80
    if (i === 4 || i === 6 || i === 8 || i === 10) text[at++] = dash
    text[at++] = hex[byte >> 4] ?? 0
    text[at++] = hex[byte & 15] ?? 0
  }
  return text.toString('latin1')
}
