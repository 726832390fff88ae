/** More at once only wait for one another in the server. */
const widest = 64

/** Runs `work` for each item, some at a time; answers what went wrong. */
export async function forEachAtOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<unknown[]> {
  const errors: unknown[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      try {
        await work(items[next++]!)
      } catch (error) {
        errors.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(widest, items.length) }, worker))
  return errors
}

/**
 * Runs `work` `count` times, in batches of 1, 2, 4, …: what fails at once (a quota, a bad template) fails once and
 * not a thousand times. Stops after the first batch with an error; answers how many were tried and what went wrong.
 */
export async function slowStart(
  count: number,
  work: (index: number) => Promise<void>,
): Promise<{ tried: number; errors: unknown[] }> {
  let tried = 0
  for (let size = 1; tried < count; size = Math.min(size * 2, widest)) {
    const batch = Math.min(size, count - tried)
    const results = await Promise.allSettled(Array.from({ length: batch }, (_, i) => work(tried + i)))
    tried += batch
    const errors = results.flatMap((result): unknown[] => (result.status === 'rejected' ? [result.reason] : []))
    if (errors.length > 0) return { tried, errors }
  }
  return { tried, errors: [] }
}
