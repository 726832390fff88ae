import { randomInt } from 'node:crypto'

const alphabet = 'bcdfghjklmnpqrstvwxz2456789'
const suffixLength = 5
const maxBaseLength = 63 - suffixLength

/** `base`, cut to fit, with five random letters and digits that spell no words. Source: API conventions, "Idempotency". */
export function generateName(base: string): string {
  let name = base.slice(0, maxBaseLength)
  for (let i = 0; i < suffixLength; i++) name += alphabet[randomInt(alphabet.length)] ?? ''
  return name
}
