/** Ranges of ports, merged and sorted: nftables refuses a set whose ranges overlap. */
export function mergePorts(ranges: readonly [from: number, to: number][]): string[] {
  const merged: [number, number][] = []
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1)
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to)
    else merged.push([from, to])
  }
  return merged.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`))
}
