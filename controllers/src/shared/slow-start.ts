/**
 * Runs `work` `count` times, in batches of 1, 2, 4, …: what fails at once (a quota, a bad template) fails once and
 * not a thousand times. Stops after the first batch with an error; answers how many were tried and what went wrong.
 */
export async function slowStart(
  count: number,
  work: (index: number) => Promise<void>,
): Promise<{ tried: number; errors: unknown[] }> {
  let tried = 0
  for (let size = 1; tried < count; size *= 2) {
    const batch = Math.min(size, count - tried)
    const results = await Promise.allSettled(Array.from({ length: batch }, (_, i) => work(tried + i)))
    tried += batch
    const errors = results.flatMap((result): unknown[] => (result.status === 'rejected' ? [result.reason] : []))
    if (errors.length > 0) return { tried, errors }
  }
  return { tried, errors: [] }
}
