/** Waits until `probe` gives something other than undefined or false; the error says what was last seen. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  options: { timeoutMs?: number; everyMs?: number } = {},
): Promise<T> {
  const deadline = performance.now() + (options.timeoutMs ?? 60_000)
  let last: unknown
  for (;;) {
    try {
      const value = await probe()
      if (value !== undefined && value !== false) return value
      last = value
    } catch (error) {
      last = error
    }
    if (performance.now() > deadline) throw new Error(`gave up waiting for ${what}; last: ${String(last)}`)
    await new Promise((resolve) => setTimeout(resolve, options.everyMs ?? 50))
  }
}
