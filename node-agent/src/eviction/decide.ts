import { amountOf, type Observations, type Signal, type Threshold } from './thresholds.ts'

export type Pressure = 'MemoryPressure' | 'DiskPressure' | 'PIDPressure'
/** What pods give back when they go. */
export type Starved = 'memory' | 'ephemeral-storage' | 'inodes' | 'pids'

const effects: Record<Signal, { pressure: Pressure; starved: Starved }> = {
  'memory.available': { pressure: 'MemoryPressure', starved: 'memory' },
  'nodefs.available': { pressure: 'DiskPressure', starved: 'ephemeral-storage' },
  'nodefs.inodesFree': { pressure: 'DiskPressure', starved: 'inodes' },
  'imagefs.available': { pressure: 'DiskPressure', starved: 'ephemeral-storage' },
  'imagefs.inodesFree': { pressure: 'DiskPressure', starved: 'inodes' },
  'pid.available': { pressure: 'PIDPressure', starved: 'pids' },
}

/** What is remembered from one look to the next. */
export interface EvictionState {
  /** Thresholds that are met, and since when (milliseconds since 1970). */
  metSinceMs: ReadonlyMap<Threshold, number>
  /** When each pressure was last felt. */
  feltAtMs: ReadonlyMap<Pressure, number>
}

export const calm: EvictionState = { metSinceMs: new Map(), feltAtMs: new Map() }

export interface Decision {
  state: EvictionState
  /** What the node tells; a pressure goes on for a while after it was last felt, so that it does not flap. */
  pressures: Pressure[]
  /** The threshold to act on now, memory first; none when there is enough, or a soft one may go on for a while. */
  act: { threshold: Threshold; starved: Starved } | undefined
}

export interface DecideInput {
  thresholds: readonly Threshold[]
  observations: Observations
  state: EvictionState
  nowMs: number
  /** How long a pressure is told of after it was last felt. */
  transitionMs: number
}

/** Whether too little is left. One that was met stays so until its minimum was reclaimed on top. */
export function isMet(threshold: Threshold, observations: Observations, wasMet: boolean): boolean {
  const seen = observations[threshold.signal]
  // What cannot be seen is no reason to end anything.
  if (seen === undefined || seen.capacity === 0) return false
  const { value, minReclaim } = threshold
  const reclaim = wasMet && minReclaim !== undefined ? amountOf(minReclaim, seen.capacity) : 0
  return seen.available < amountOf(value, seen.capacity) + reclaim
}

/** Source: docs, "Node-pressure eviction". Pure. */
export function decide({ thresholds, observations, state, nowMs, transitionMs }: DecideInput): Decision {
  const met = thresholds.filter((threshold) => isMet(threshold, observations, state.metSinceMs.has(threshold)))
  const metSinceMs = new Map(met.map((threshold) => [threshold, state.metSinceMs.get(threshold) ?? nowMs]))
  const feltAtMs = new Map(state.feltAtMs)
  for (const { signal } of met) feltAtMs.set(effects[signal].pressure, nowMs)
  for (const [pressure, atMs] of feltAtMs) if (nowMs - atMs >= transitionMs && nowMs !== atMs) feltAtMs.delete(pressure)
  const due = met
    .filter((threshold) => nowMs - (metSinceMs.get(threshold) ?? nowMs) >= threshold.graceMs)
    // Memory is what a node dies of at once.
    .sort((a, b) => Number(b.signal === 'memory.available') - Number(a.signal === 'memory.available'))[0]
  return {
    state: { metSinceMs, feltAtMs },
    pressures: (['MemoryPressure', 'DiskPressure', 'PIDPressure'] as const).filter((one) => feltAtMs.has(one)),
    act: due === undefined ? undefined : { threshold: due, starved: effects[due.signal].starved },
  }
}
