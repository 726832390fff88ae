import type { ResourceRef } from '@kapell/openapi/meta/resource-ref'
import type { Metrics } from './metrics.ts'

/** What an informer tells of itself. */
export interface InformerMeasures {
  /** A change was taken in, by cache and handlers; seconds. */
  processed(seconds: number): void
  /** Changes that wait for handlers are counted by `read` from now on. */
  queued(read: () => number): void
}

const buckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/**
 * Several informers of one kind count together, as their labels are the same.
 * Source: "Kubernetes Metrics Reference", informer_*.
 */
export function informerMetrics(metrics: Metrics, component: string): (ref: ResourceRef) => InformerMeasures {
  const waiting = new Map<string, (() => number)[]>()
  return ({ group, version, plural }) => {
    const labels = { name: component, group, version, resource: plural }
    const id = `${group}/${version}/${plural}`
    let reads = waiting.get(id)
    if (reads === undefined) {
      const own: (() => number)[] = []
      waiting.set(id, (reads = own))
      metrics.gauge('informer_queued_items', '[ALPHA] Changes that wait for handlers.', labels, () =>
        own.reduce((sum, read) => sum + read(), 0),
      )
    }
    const help = '[ALPHA] Time from a change to the end of its handling by all that follow without waiting.'
    const latency = metrics.histogram('informer_processing_latency_seconds', help, labels, buckets)
    const known = reads
    return { processed: (seconds) => latency.observe(seconds), queued: (read) => void known.push(read) }
  }
}
