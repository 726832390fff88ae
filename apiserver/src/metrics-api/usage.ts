import type { NodeReadings, Reading } from './parse-resource-metrics.ts'

/** What was used between two readings. */
export interface Usage {
  /** Of the later reading. */
  atMs: number
  windowMs: number
  cpuNanoCores: number
  memoryBytes: number
}

/** Two readings of one thing; undefined where they do not belong together. */
export function usageOf(before: Reading | undefined, now: Reading | undefined): Usage | undefined {
  if (before === undefined || now === undefined) return undefined
  const windowMs = now.atMs - before.atMs
  if (windowMs <= 0 || now.cpuSeconds < before.cpuSeconds || now.startedAtSeconds > before.startedAtSeconds) {
    return undefined
  }
  const cpuNanoCores = Math.round(((now.cpuSeconds - before.cpuSeconds) * 1e12) / windowMs)
  return { atMs: now.atMs, windowMs, cpuNanoCores, memoryBytes: now.memoryBytes }
}

/** A container that started since the last reading: all it ever used, over its life. Source: metrics-server. */
export function firstUsage(now: Reading): Usage | undefined {
  const windowMs = now.atMs - now.startedAtSeconds * 1000
  // Shorter lives say little of what is to come.
  if (now.startedAtSeconds === 0 || windowMs < 10_000 || windowMs > 60_000) return undefined
  return {
    atMs: now.atMs,
    windowMs,
    cpuNanoCores: Math.round((now.cpuSeconds * 1e12) / windowMs),
    memoryBytes: now.memoryBytes,
  }
}

export interface PodUsage {
  atMs: number
  windowMs: number
  containers: { name: string; usage: Usage }[]
}

/** Only pods of which every container can be told. */
export function podUsage(
  before: ReadonlyMap<string, Reading> | undefined,
  now: ReadonlyMap<string, Reading>,
): PodUsage | undefined {
  const containers: PodUsage['containers'] = []
  for (const [name, reading] of now) {
    const usage = usageOf(before?.get(name), reading) ?? firstUsage(reading)
    if (usage === undefined) return undefined
    containers.push({ name, usage })
  }
  const oldest = containers.toSorted((a, b) => a.usage.atMs - b.usage.atMs)[0]?.usage
  if (oldest === undefined) return undefined
  containers.sort((a, b) => (a.name < b.name ? -1 : 1))
  return { atMs: oldest.atMs, windowMs: oldest.windowMs, containers }
}

/** The last two scrapes of every node. */
export class UsageStore {
  readonly #nodes = new Map<string, { before: NodeReadings | undefined; now: NodeReadings }>()

  add(node: string, readings: NodeReadings): void {
    const known = this.#nodes.get(node)
    const isNewer = known === undefined || (readings.node?.atMs ?? 0) > (known.now.node?.atMs ?? 0)
    if (isNewer) this.#nodes.set(node, { before: known?.now, now: readings })
  }

  /** Forgets every other node. */
  keep(names: ReadonlySet<string>): void {
    for (const name of this.#nodes.keys()) if (!names.has(name)) this.#nodes.delete(name)
  }

  node(name: string): Usage | undefined {
    const known = this.#nodes.get(name)
    return usageOf(known?.before?.node, known?.now.node)
  }

  pod(node: string, key: string): PodUsage | undefined {
    const known = this.#nodes.get(node)
    const now = known?.now.pods.get(key)
    return now === undefined ? undefined : podUsage(known?.before?.pods.get(key), now)
  }
}
