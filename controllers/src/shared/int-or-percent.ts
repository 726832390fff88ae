/** A number, or a percentage of `total` rounded as told; `fallback` when absent or malformed. */
export function intOrPercent(
  value: number | string | undefined,
  total: number,
  round: 'up' | 'down',
  fallback: number,
): number {
  if (typeof value === 'number') return value
  const percent = /^([0-9]+)%$/.exec(value ?? '')
  if (percent === null) return fallback
  const exact = (Number(percent[1]) * total) / 100
  return round === 'up' ? Math.ceil(exact) : Math.floor(exact)
}
