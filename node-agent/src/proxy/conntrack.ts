import type { FamilyName } from './family.ts'
import type { UdpEntry, UdpPlace } from './rules.ts'

const entryKey = (entry: UdpEntry): string => `${entry.address ?? ''}:${entry.port}`

/**
 * Which of the kernel's remembered UDP connections must be forgotten after a change, as arguments of the `conntrack`
 * tool. Without it a client that goes on sending from one port would go on to an endpoint that is gone, or, when
 * there was none before, would never be translated.
 */
export function staleConnections(
  before: readonly UdpEntry[],
  after: readonly UdpEntry[],
  family?: FamilyName,
): string[][] {
  const next = new Map(after.map((entry) => [entryKey(entry), entry]))
  const old = new Map(before.map((entry) => [entryKey(entry), entry]))
  const select = (entry: UdpEntry) => [
    '-D',
    ...(family === 'IPv6' ? ['-f', 'ipv6'] : []),
    '-p',
    'udp',
    ...(entry.address === undefined ? [] : ['--orig-dst', entry.address]),
    '--orig-port-dst',
    String(entry.port),
  ]
  const led = (entry: UdpEntry | undefined): Map<string, UdpPlace> =>
    new Map((entry?.choices ?? []).flat().map((place) => [`${place.address} ${place.port}`, place]))
  const out: string[][] = []
  for (const entry of before) {
    const now = led(next.get(entryKey(entry)))
    for (const [key, { address, port }] of led(entry))
      if (!now.has(key)) out.push([...select(entry), '--reply-src', address, '--reply-port-src', String(port)])
  }
  for (const entry of after) {
    if (entry.address === undefined) continue
    const was = old.get(entryKey(entry))?.choices ?? []
    // What came while there was nowhere to send it to may be remembered as going nowhere.
    if (entry.choices.some((now, at) => now.length > 0 && (was[at] ?? []).length === 0)) out.push(select(entry))
  }
  return out
}
