import { BoundedMap } from '@kapell/controllers/machinery/bounded-map'
import type { V1Pod } from '@kapell/openapi/types'
import { finishedMs } from './pods.ts'

/** Source: concepts page "Jobs", "Pod backoff failure policy". */
const firstMs = 10_000
const maxMs = 10 * 60_000

/** How long a Job waits after failures in a row before it tries again. */
export interface JobBackoff {
  /** Tells of pods that ended; each is told once. */
  record(key: string, ended: { succeeded: readonly V1Pod[]; failed: readonly V1Pod[] }, nowMs: number): void
  /** What is left to wait, in ms. */
  remainingMs(key: string, nowMs: number): number
  forget(key: string): void
}

export function createJobBackoff(): JobBackoff {
  const records = new BoundedMap<string, { failures: number; lastMs: number }>(20_000)
  return {
    record: (key, { succeeded, failed }, nowMs) => {
      let { failures, lastMs } = records.get(key) ?? { failures: 0, lastMs: 0 }
      const lastSuccess = Math.max(0, ...succeeded.map((pod) => finishedMs(pod, nowMs)))
      const times = failed.map((pod) => finishedMs(pod, nowMs))
      if (lastSuccess > 0) {
        failures = 0
        lastMs = 0
      }
      for (const time of times) {
        if (time < lastSuccess) continue
        failures++
        lastMs = Math.max(lastMs, time)
      }
      if (failures === 0) records.delete(key)
      else records.set(key, { failures, lastMs })
    },
    remainingMs: (key, nowMs) => {
      const record = records.get(key)
      if (record === undefined) return 0
      const wait = Math.min(firstMs * 2 ** (record.failures - 1), maxMs)
      return Math.max(record.lastMs + wait - nowMs, 0)
    },
    forget: (key) => records.delete(key),
  }
}
