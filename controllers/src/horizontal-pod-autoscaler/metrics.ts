import type { ApiClient } from '@kapell/controllers/machinery/client'
import { parseQuantity } from '@kapell/openapi/meta/quantity'
import { MetricError, type PodMetric } from './replicas.ts'

/** The three metrics APIs, as an autoscaler reads them. Values are in thousandths. Source: "Resource metrics pipeline". */
export interface MetricsReader {
  /** Of all containers together, or of one. */
  resource(at: {
    namespace: string
    selector: string
    resource: string
    container?: string
  }): Promise<Map<string, PodMetric>>
  pods(at: {
    namespace: string
    selector: string
    metric: string
    metricSelector: string
  }): Promise<Map<string, PodMetric>>
  object(at: {
    namespace: string
    plural: string
    name: string
    metric: string
    metricSelector: string
  }): Promise<number>
  external(at: { namespace: string; metric: string; metricSelector: string }): Promise<number>
}

interface PodMetricsBody {
  items?: {
    metadata: { name: string }
    timestamp: string
    window: string
    containers: { name: string; usage: Record<string, string> }[]
  }[]
}
interface CustomBody {
  items?: { describedObject?: { name: string }; timestamp: string; windowSeconds?: number; value: string }[]
}

const milli = (text: string): number => parseQuantity(text).milliValue()
const query = (values: Record<string, string>): string =>
  Object.entries(values)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&')

/** "1m30.5s" in ms. */
function durationMs(text: string): number {
  const units: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 }
  return [...text.matchAll(/([0-9.]+)(h|ms|m|s)/g)].reduce((sum, [, n, unit]) => sum + Number(n) * units[unit!]!, 0)
}

export function createMetricsReader(client: ApiClient): MetricsReader {
  const get = async (path: string): Promise<unknown> => client.raw('GET', path)
  const custom = (namespace: string, what: string): string =>
    `/apis/custom.metrics.k8s.io/v1beta2/namespaces/${namespace}/${what}`
  return {
    resource: async ({ namespace, selector, resource, container }) => {
      const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods?${query({ labelSelector: selector })}`
      const found = new Map<string, PodMetric>()
      for (const { metadata, timestamp, window, containers } of ((await get(path)) as PodMetricsBody).items ?? []) {
        const chosen = containers.filter(({ name }) => container === undefined || name === container)
        // A container without the metric makes the pod's sum wrong: the pod counts as without one.
        if (chosen.length === 0 || chosen.some(({ usage }) => usage[resource] === undefined)) continue
        found.set(metadata.name, {
          value: chosen.reduce((sum, { usage }) => sum + milli(usage[resource]!), 0),
          timestampMs: Date.parse(timestamp),
          windowMs: durationMs(window),
        })
      }
      if (found.size === 0) throw new MetricError('no metrics returned from resource metrics API')
      return found
    },
    pods: async ({ namespace, selector, metric, metricSelector }) => {
      const path = `${custom(namespace, `pods/*/${metric}`)}?${query({ labelSelector: selector, metricLabelSelector: metricSelector })}`
      const items = ((await get(path)) as CustomBody).items ?? []
      if (items.length === 0) throw new MetricError('no metrics returned from custom metrics API')
      return new Map(
        items.map(({ describedObject, timestamp, windowSeconds, value }) => [
          describedObject?.name ?? '',
          { value: milli(value), timestampMs: Date.parse(timestamp), windowMs: (windowSeconds ?? 60) * 1000 },
        ]),
      )
    },
    object: async ({ namespace, plural, name, metric, metricSelector }) => {
      const path = `${custom(namespace, `${plural}/${name}/${metric}`)}?${query({ metricLabelSelector: metricSelector })}`
      const value = ((await get(path)) as CustomBody).items?.[0]?.value
      if (value === undefined) throw new MetricError('no metrics returned from custom metrics API')
      return milli(value)
    },
    external: async ({ namespace, metric, metricSelector }) => {
      const path = `/apis/external.metrics.k8s.io/v1beta1/namespaces/${namespace}/${metric}?${query({ labelSelector: metricSelector })}`
      const items = ((await get(path)) as CustomBody).items ?? []
      if (items.length === 0) throw new MetricError('no metrics returned from external metrics API')
      return items.reduce((sum, { value }) => sum + milli(value), 0)
    },
  }
}
