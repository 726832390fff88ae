/** The index of the highest number; `pickAmong` chooses among equal ones (0 ≤ result < count). */
export function bestOf(totals: Float64Array, pickAmong: (count: number) => number): number {
  let highest = -Infinity
  let count = 0
  for (let i = 0; i < totals.length; i++) {
    const total = totals[i] ?? -Infinity
    if (total < highest) continue
    count = total === highest ? count + 1 : 1
    highest = total
  }
  let left = pickAmong(count)
  for (let i = 0; i < totals.length; i++) if (totals[i] === highest && left-- === 0) return i
  return -1
}

/** -Infinity of none. Works for any length, which spreading into Math.max does not. */
export function largest(numbers: ArrayLike<number>): number {
  let most = -Infinity
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i] ?? -Infinity
    if (number > most) most = number
  }
  return most
}

/** Infinity of none. */
export function smallest(numbers: ArrayLike<number>): number {
  let least = Infinity
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i] ?? Infinity
    if (number < least) least = number
  }
  return least
}
