import type { Metrics } from '@kapell/controllers/machinery/metrics'

export type ScaleAction = 'scale_up' | 'scale_down' | 'none'
/** Whose fault a failure is: what was asked for, or what should have answered. */
export type ScaleError = 'spec' | 'internal' | 'none'

/** Source of names, labels and buckets: "Kubernetes Metrics Reference", horizontal_pod_autoscaler_controller_*. */
export interface AutoscalerMeasures {
  reconciled(result: { action: ScaleAction; error: ScaleError; seconds: number }): void
  computed(result: { action: ScaleAction; error: ScaleError; metricType: string; seconds: number }): void
  wants(autoscaler: { namespace: string; name: string }, replicas: number): void
  gone(autoscaler: { namespace: string; name: string }): void
}

const prefix = 'horizontal_pod_autoscaler_controller'
const buckets = Array.from({ length: 15 }, (_, i) => 0.001 * 2 ** i)

export const actionOf = (wanted: number, current: number): ScaleAction =>
  wanted > current ? 'scale_up' : wanted < current ? 'scale_down' : 'none'

export function autoscalerMeasures(metrics: Metrics, count: () => number): AutoscalerMeasures {
  metrics.gauge(`${prefix}_num_horizontal_pod_autoscalers`, '[ALPHA] Autoscalers there are.', {}, count)
  const measure = (what: string, help: string, labels: Record<string, string>, seconds: number): void => {
    metrics.counter(`${prefix}_${what}s_total`.replace('computations', 'computation'), help, labels).inc()
    const time = `${prefix}_${what}_duration_seconds`
    metrics.histogram(time, `${help} How long they took.`, labels, buckets).observe(seconds)
  }
  const desired = `${prefix}_desired_replicas`
  const labelsOf = ({ namespace, name }: { namespace: string; name: string }) => ({ namespace, hpa_name: name })
  return {
    reconciled: ({ action, error, seconds }) =>
      measure('reconciliation', '[ALPHA] Rounds of autoscalers.', { action, error }, seconds),
    computed: ({ action, error, metricType, seconds }) => {
      const labels = { action, error, metric_type: metricType }
      measure('metric_computation', '[ALPHA] Sizes computed from a metric.', labels, seconds)
    },
    wants: (autoscaler, replicas) =>
      metrics.gauge(desired, '[ALPHA] The size that an autoscaler asks for.', labelsOf(autoscaler)).set(replicas),
    gone: (autoscaler) => metrics.forget(desired, labelsOf(autoscaler)),
  }
}
