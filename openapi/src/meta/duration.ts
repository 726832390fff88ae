/** Durations as Go writes them: "1m30.5s", "250ms", "0s". */

const unitNanos: Record<string, number> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
}

/** In nanoseconds; undefined when it is not a duration. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0
  const sign = text.startsWith('-') ? -1 : 1
  const body = text.replace(/^[+-]/, '')
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.test(body)) return undefined
  let nanos = 0
  for (const [, number, unit = ''] of body.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)) {
    nanos += Number(number) * (unitNanos[unit] ?? 0)
  }
  return sign * Math.round(nanos)
}

export function formatDuration(nanos: number): string {
  if (nanos === 0) return '0s'
  if (nanos < 0) return `-${formatDuration(-nanos)}`
  if (nanos < 1e9) {
    const [unit, size] =
      nanos < 1e3 ? (['ns', 1] as const) : nanos < 1e6 ? (['µs', 1e3] as const) : (['ms', 1e6] as const)
    return `${nanos / size}${unit}`
  }
  const seconds = Math.floor(nanos / 1e9)
  const fraction = String(nanos - seconds * 1e9)
    .padStart(9, '0')
    .replace(/0+$/, '')
  const rest = `${seconds % 60}${fraction === '' ? '' : `.${fraction}`}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes === 0) return rest
  const hours = Math.floor(minutes / 60)
  return hours === 0 ? `${minutes}m${rest}` : `${hours}h${minutes % 60}m${rest}`
}
