/** FNV-1a, 32 bits. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

/**
 * Deals a flow its queues: always the same for one flow, and two flows seldom have all of theirs in common, so that a
 * greedy one leaves others a queue without it. `deck` queues, `size` of them.
 */
export function handOf(hash: number, { deck, size }: { deck: number; size: number }): number[] {
  const cards = Array.from({ length: deck }, (_, i) => i)
  let state = hash
  const draw = (below: number): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
  const count = Math.min(size, deck)
  for (let i = 0; i < count; i++) {
    const at = i + draw(deck - i)
    ;[cards[i], cards[at]] = [cards[at]!, cards[i]!]
  }
  return cards.slice(0, count)
}
