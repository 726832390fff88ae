import type { Metrics } from '@kapell/controllers/machinery/metrics'

const buckets = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 30, 60, 120, 180, 240]

/** Tells of a pod deleted for a taint, and how long (seconds) after it was to go. `prefix` is the controller's name. */
export function evictionMetrics(metrics: Metrics, prefix: string): (seconds: number) => void {
  const total = metrics.counter(`${prefix}_pod_deletions_total`, '[ALPHA] Pods deleted for taints.', {})
  const help = '[ALPHA] Time from when a pod was to go to when it was deleted.'
  const time = metrics.histogram(`${prefix}_pod_deletion_duration_seconds`, help, {}, buckets)
  return (seconds) => {
    total.inc()
    time.observe(Math.max(seconds, 0))
  }
}
