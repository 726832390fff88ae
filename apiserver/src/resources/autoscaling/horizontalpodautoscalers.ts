import type { V1HorizontalPodAutoscaler, V2HorizontalPodAutoscaler, V2MetricSpec } from '@kapell/openapi/types'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { validateCounts } from '../common/status-counts.ts'
import { keepStatus, startStatus, statusView } from '../common/status.ts'
import { toV1, toV2 } from './conversion.ts'
import { defaultAutoscaler, validateAutoscaler } from './rules.ts'

interface Target {
  type?: string
  value?: string
  averageValue?: string
  averageUtilization?: number
}

function targetsCell(hpa: V2HorizontalPodAutoscaler): string {
  const metrics = hpa.spec?.metrics ?? []
  if (metrics.length === 0) return '<none>'
  const shown = metrics.slice(0, 2).map((m, i) => metricText(m, hpa.status?.currentMetrics?.[i]))
  return metrics.length > 2 ? `${shown.join(', ')} + ${metrics.length - 2} more...` : shown.join(', ')
}

function metricText(spec: V2MetricSpec, status: unknown): string {
  const field = spec.type === 'ContainerResource' ? 'containerResource' : spec.type.toLowerCase()
  const part = (spec as unknown as Record<string, { name?: string; target?: Target } | undefined>)[field]
  const target = part?.target ?? {}
  const current = (status as Record<string, { current?: Target } | undefined> | undefined)?.[field]?.current
  const label = part?.name === undefined ? '' : `${part.name}: `
  if (target.averageValue !== undefined) {
    const suffix = spec.type === 'Resource' || spec.type === 'ContainerResource' || spec.type === 'Pods' ? '' : ' (avg)'
    return `${label}${current?.averageValue ?? '<unknown>'}/${target.averageValue}${suffix}`
  }
  if (target.value !== undefined) return `${label}${current?.value ?? '<unknown>'}/${target.value}`
  const now = current?.averageUtilization
  const wanted = target.averageUtilization
  return `${label}${now === undefined ? '<unknown>' : `${now}%`}/${wanted === undefined ? '<auto>' : `${wanted}%`}`
}

const replicaFields = { fields: ['currentReplicas', 'desiredReplicas'] }

const common = {
  group: 'autoscaling',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  shortNames: ['hpa'],
  categories: ['all'],
  namespaced: true,
  storagePrefix: 'horizontalpodautoscalers',
  hasGeneration: false,
} as const

export const horizontalPodAutoscalers = defineResource<V2HorizontalPodAutoscaler>({
  ...common,
  version: 'v2',
  columns: [
    nameColumn,
    column('Reference', 'string', (o) => `${o.spec?.scaleTargetRef.kind ?? ''}/${o.spec?.scaleTargetRef.name ?? ''}`),
    column('Targets', 'string', targetsCell),
    column('MinPods', 'string', (o) => (o.spec?.minReplicas === undefined ? '<unset>' : String(o.spec.minReplicas))),
    column('MaxPods', 'string', (o) => o.spec?.maxReplicas ?? 0),
    column('Replicas', 'string', (o) => o.status?.currentReplicas ?? 0),
    ageColumn,
  ],
  default: defaultAutoscaler,
  validate: validateAutoscaler,
  prepareForCreate: (o) => startStatus(o, { currentMetrics: null, desiredReplicas: 0 }),
  prepareForUpdate: keepStatus,
  subresources: { status: statusView({ validate: validateCounts(replicaFields) }) },
})

export const horizontalPodAutoscalersV1 = defineResource<V1HorizontalPodAutoscaler>({
  ...common,
  version: 'v1',
  conversion: {
    storedAs: { group: 'autoscaling', version: 'v2', plural: 'horizontalpodautoscalers' },
    fromStored: (stored) => toV1(stored as V2HorizontalPodAutoscaler),
    toStored: toV2,
  },
  columns: [
    nameColumn,
    column('Reference', 'string', (o) => `${o.spec?.scaleTargetRef.kind ?? ''}/${o.spec?.scaleTargetRef.name ?? ''}`),
    column('Targets', 'string', (o) => targetsCell(toV2(o))),
    column('MinPods', 'string', (o) => (o.spec?.minReplicas === undefined ? '<unset>' : String(o.spec.minReplicas))),
    column('MaxPods', 'string', (o) => o.spec?.maxReplicas ?? 0),
    column('Replicas', 'string', (o) => o.status?.currentReplicas ?? 0),
    ageColumn,
  ],
  default: (o) => {
    if (o.spec === undefined) return
    o.spec.minReplicas ??= 1
    const converted = toV2(o)
    if ((converted.spec?.metrics ?? []).length === 0) o.spec.targetCPUUtilizationPercentage = 80
  },
  validate: (o, at) => validateAutoscaler(toV2(o), at),
  prepareForCreate: (o) => startStatus(o, { currentReplicas: 0, desiredReplicas: 0 }),
  prepareForUpdate: keepStatus,
  subresources: { status: statusView({ validate: validateCounts(replicaFields) }) },
})
