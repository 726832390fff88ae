/** Indexes of an Indexed Job as text: "0,2-5". Source: "Jobs", "Completion mode". */
export type Indexes = { count: number; problem?: undefined } | { count: 0; problem: string }

/** How many the text names, of 0 to `completions`-1; they grow from left to right. */
export function parseIndexes(text: string, completions: number): Indexes {
  if (text === '') return { count: 0 }
  const wrong = (problem: string): Indexes => ({ count: 0, problem })
  let count = 0
  let previous = -1
  for (const fragment of text.split(',')) {
    const parts = fragment.split('-')
    if (parts.length > 2) {
      return wrong(
        `the fragment ${JSON.stringify(fragment)} violates the requirement that an index interval can have at most two parts separated by '-'`,
      )
    }
    const bounds: number[] = []
    for (const part of parts) {
      if (!/^[+-]?\d+$/.test(part)) return wrong(`cannot convert string to integer for index: ${JSON.stringify(part)}`)
      if (Number(part) >= completions) return wrong(`too large index: ${JSON.stringify(part)}`)
      bounds.push(Number(part))
    }
    for (const bound of bounds) {
      if (bound <= previous) return wrong(`non-increasing order, previous: ${previous}, current: ${bound}`)
      previous = bound
    }
    const [low = 0, high = low] = bounds
    count += high - low + 1
  }
  return { count }
}
