/** Milliseconds a unit. */
const units: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}
const longestMs = Number(2n ** 63n) / 1e6

/** "1m30s", "-1.5h", "0" as milliseconds, or why it is none: Go's format of durations, and its words. */
export function parseDuration(text: string): { ms: number } | { problem: string } {
  const quoted = JSON.stringify(text)
  const invalid = { problem: `time: invalid duration ${quoted}` }
  const [, sign = '', amounts = ''] = /^([+-]?)(.*)$/s.exec(text) ?? []
  if (amounts === '0') return { ms: 0 }
  if (amounts === '') return invalid
  let total = 0
  for (let rest = amounts; rest !== '';) {
    const [whole, amount = '', unit = ''] = /^(\d+\.?\d*|\.\d+)([^\d.]*)/.exec(rest) ?? []
    if (whole === undefined) return invalid
    if (unit === '') return { problem: `time: missing unit in duration ${quoted}` }
    const perUnit = Object.hasOwn(units, unit) ? units[unit] : undefined
    if (perUnit === undefined) return { problem: `time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}` }
    total += Number(amount) * perUnit
    if (total > longestMs) return invalid
    rest = rest.slice(whole.length)
  }
  return { ms: sign === '-' ? -total : total }
}
