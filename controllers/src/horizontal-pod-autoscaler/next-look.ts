import type { MetricsReader } from './metrics.ts'
import type { PodMetric } from './replicas.ts'

/** Source: --horizontal-pod-autoscaler-sync-period. */
const everyMs = 15_000
/** Metrics take a moment from being measured to being served. */
const servedAfterMs = 250
/** While new ones are late. */
const lateEveryMs = 1000

/** The newest of the metrics that an autoscaler saw. */
export interface SeenMetrics {
  timestampMs: number
  windowMs: number
}

/**
 * When to look again: as soon as new metrics may be there, a window after the last ones, so that a change of load waits
 * for no clock of ours. Metrics that do not come are not asked for more often than ever so.
 */
export function nextLookMs(seen: SeenMetrics | undefined, nowMs: number): number {
  if (seen === undefined) return everyMs
  const leftMs = seen.timestampMs + seen.windowMs + servedAfterMs - nowMs
  if (leftMs <= -seen.windowMs) return everyMs
  return Math.min(Math.max(leftMs, lateEveryMs), everyMs)
}

export function newestOf(metrics: Iterable<PodMetric>): SeenMetrics | undefined {
  let newest: SeenMetrics | undefined
  for (const { timestampMs, windowMs } of metrics)
    if (newest === undefined || timestampMs > newest.timestampMs) newest = { timestampMs, windowMs }
  return newest
}

/** The reader, telling what it read of pods' resources. */
export function noting(reader: MetricsReader, note: (metrics: Iterable<PodMetric>) => void): MetricsReader {
  return {
    ...reader,
    resource: async (at) => {
      const metrics = await reader.resource(at)
      note(metrics.values())
      return metrics
    },
  }
}
