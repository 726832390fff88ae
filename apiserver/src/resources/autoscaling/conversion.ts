import type { V1HorizontalPodAutoscaler, V2HorizontalPodAutoscaler, V2MetricSpec } from '@kapell/openapi/types'
import { newBehavior, newMetrics, oldBehavior, oldMetrics } from './annotation-form.ts'

/**
 * autoscaling/v1 knows only the CPU target; the rest of a v2 object travels in annotations there and back.
 * Source: HorizontalPodAutoscaler v1 autoscaling, "annotations".
 */
const annotations = {
  metrics: 'autoscaling.alpha.kubernetes.io/metrics',
  currentMetrics: 'autoscaling.alpha.kubernetes.io/current-metrics',
  conditions: 'autoscaling.alpha.kubernetes.io/conditions',
  behavior: 'autoscaling.alpha.kubernetes.io/behavior',
} as const

const isCpu = (m: V2MetricSpec): boolean =>
  m.type === 'Resource' && m.resource?.name === 'cpu' && m.resource.target.averageUtilization !== undefined

function parse<T>(text: string | undefined): T | undefined {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as T
  } catch {
    return undefined
  }
}

type CurrentMetric = NonNullable<NonNullable<V2HorizontalPodAutoscaler['status']>['currentMetrics']>[number]

/** A list in an annotation; anything else a client wrote there is none. */
function parseList(text: string | undefined): V2MetricSpec[] {
  const list = parse<unknown>(text)
  const isMetric = (m: unknown): boolean => typeof m === 'object' && m !== null && 'type' in m
  return Array.isArray(list) && list.every(isMetric) ? (list as V2MetricSpec[]) : []
}

function withAnnotations(
  meta: V1HorizontalPodAutoscaler['metadata'],
  set: Record<string, unknown>,
): V1HorizontalPodAutoscaler['metadata'] {
  const kept = Object.entries(meta?.annotations ?? {}).filter(
    ([key]) => !(Object.values(annotations) as string[]).includes(key),
  )
  const added = Object.entries(set).flatMap(([key, value]) =>
    value === undefined || (Array.isArray(value) && value.length === 0) ? [] : [[key, JSON.stringify(value)] as const],
  )
  const next = { ...meta }
  delete next.annotations
  return kept.length + added.length === 0 ? next : { ...next, annotations: Object.fromEntries([...kept, ...added]) }
}

export function toV1(hpa: V2HorizontalPodAutoscaler): V1HorizontalPodAutoscaler {
  const { metrics = [], behavior, ...spec } = hpa.spec ?? { scaleTargetRef: { kind: '', name: '' }, maxReplicas: 0 }
  const { currentMetrics, conditions, ...status } = hpa.status ?? { desiredReplicas: 0 }
  const cpu = metrics.find(isCpu)
  const target = cpu?.resource?.target.averageUtilization
  const currentCpu = (currentMetrics ?? []).find((m) => m.type === 'Resource' && m.resource?.name === 'cpu')?.resource
    ?.current.averageUtilization
  const metadata = withAnnotations(hpa.metadata, {
    [annotations.metrics]: oldMetrics(
      metrics.filter((m) => m !== cpu),
      'target',
    ),
    [annotations.currentMetrics]: oldMetrics(currentMetrics ?? [], 'current'),
    [annotations.conditions]: conditions,
    [annotations.behavior]: oldBehavior(behavior),
  })
  return {
    ...hpa,
    apiVersion: 'autoscaling/v1',
    ...(metadata === undefined ? {} : { metadata }),
    spec: { ...spec, ...(target === undefined ? {} : { targetCPUUtilizationPercentage: target }) },
    status: {
      ...status,
      currentReplicas: status.currentReplicas ?? 0,
      ...(currentCpu === undefined ? {} : { currentCPUUtilizationPercentage: currentCpu }),
    },
  }
}

export function toV2(hpa: V1HorizontalPodAutoscaler): V2HorizontalPodAutoscaler {
  const given = hpa.metadata?.annotations ?? {}
  const { targetCPUUtilizationPercentage: cpu, ...spec } = hpa.spec ?? {
    scaleTargetRef: { kind: '', name: '' },
    maxReplicas: 0,
  }
  const {
    currentCPUUtilizationPercentage: _currentCpu,
    currentReplicas,
    ...status
  } = hpa.status ?? {
    currentReplicas: 0,
    desiredReplicas: 0,
  }
  const metrics: V2MetricSpec[] = [
    ...newMetrics<V2MetricSpec>(parseList(given[annotations.metrics]), 'target'),
    ...(cpu === undefined
      ? []
      : [
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: cpu } },
          },
        ]),
  ]
  const behaviorText = parse<object | null>(given[annotations.behavior])
  const behavior = typeof behaviorText === 'object' && behaviorText !== null ? newBehavior(behaviorText) : undefined
  const current = parseList(given[annotations.currentMetrics])
  const conditions = parse<NonNullable<V2HorizontalPodAutoscaler['status']>['conditions']>(
    given[annotations.conditions],
  )
  const metadata = withAnnotations(hpa.metadata, {})
  return {
    ...hpa,
    apiVersion: 'autoscaling/v2',
    ...(metadata === undefined ? {} : { metadata }),
    spec: {
      ...spec,
      ...(metrics.length === 0 ? {} : { metrics }),
      ...(behavior === undefined ? {} : { behavior }),
    },
    status: {
      ...status,
      ...((currentReplicas ?? 0) === 0 ? {} : { currentReplicas: currentReplicas ?? 0 }),
      currentMetrics: current.length === 0 ? (null as unknown as []) : newMetrics<CurrentMetric>(current, 'current'),
      ...(conditions === undefined ? {} : { conditions }),
    },
  }
}
