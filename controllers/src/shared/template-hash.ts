import { canonicalText } from './equal.ts'

/** No vowels, no digits that look like them: hashes spell no words. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789'

/** FNV-1a, 32 bits. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash
}

/** The text in letters that are safe in names. */
export function safeEncode(text: string): string {
  return [...text].map((char) => alphabet[char.charCodeAt(0) % alphabet.length]).join('')
}

/** A short stable name for a template: the same for templates of the same meaning. */
export function templateHash(template: unknown, collisionCount?: number): string {
  const salt = collisionCount === undefined ? '' : `#${collisionCount}`
  return safeEncode(String(fnv1a(canonicalText(template) + salt)))
}
