import type { FamilyName } from './family.ts'
import type { UdpEntry } from './rules.ts'

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
  const out: string[][] = []
  for (const entry of before) {
    const now = next.get(entryKey(entry))?.endpoints ?? []
    for (const gone of new Set(entry.endpoints.filter((each) => !now.includes(each)))) {
      out.push([...select(entry), '--dst-nat', gone])
    }
  }
  for (const entry of after) {
    const was = old.get(entryKey(entry))?.endpoints ?? []
    if (was.length === 0 && entry.endpoints.length > 0 && entry.address !== undefined) out.push(select(entry))
  }
  return out
}
