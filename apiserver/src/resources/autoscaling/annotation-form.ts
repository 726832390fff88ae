import type { V2HPAScalingRules, V2HorizontalPodAutoscaler, V2MetricSpec } from '@kapell/openapi/types'

/**
 * How autoscaling/v1 carries in annotations what it has no fields for: metrics in the form of the second version's
 * first beta, and behavior with names in capitals, as an original writes and reads them.
 */

type Behavior = NonNullable<NonNullable<V2HorizontalPodAutoscaler['spec']>['behavior']>
type MetricStatus = NonNullable<NonNullable<V2HorizontalPodAutoscaler['status']>['currentMetrics']>[number]

interface Amounts {
  averageUtilization?: number
  averageValue?: string
  value?: string
}

/** As far as it matters which field is where. */
interface Source {
  name?: string
  container?: string
  metric?: { name: string; selector?: object }
  describedObject?: { kind: string; name: string; apiVersion?: string }
  target?: Amounts & { type: string }
  current?: Amounts
}

interface OldSource {
  name?: string
  metricName?: string
  target?: { kind: string; name: string; apiVersion?: string }
  selector?: object
  metricSelector?: object
  averageValue?: string
  container?: string
  [amount: string]: unknown
}

type Side = 'target' | 'current'

const fields: Readonly<Record<string, string>> = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
}

const given = (entries: readonly (readonly [string, unknown])[]): Record<string, unknown> =>
  Object.fromEntries(entries.filter(([, value]) => value !== undefined))

function oldSource(type: string, source: Source, side: Side): Record<string, unknown> {
  const amounts: Amounts = source[side] ?? {}
  const { averageUtilization: percent, averageValue: average, value } = amounts
  switch (type) {
    case 'Resource':
    case 'ContainerResource':
      return given([
        ['name', source.name],
        [`${side}AverageUtilization`, percent],
        [`${side}AverageValue`, average],
        ['container', type === 'ContainerResource' ? source.container : undefined],
      ])
    case 'Pods':
      return given([
        ['metricName', source.metric?.name],
        [`${side}AverageValue`, average],
        ['selector', source.metric?.selector],
      ])
    case 'Object': {
      const { kind, name, apiVersion } = source.describedObject ?? { kind: '', name: '' }
      return given([
        ['target', given([['kind', kind], ['name', name], ['apiVersion', apiVersion]])], // prettier-ignore
        ['metricName', source.metric?.name],
        [`${side}Value`, value ?? '0'],
        ['selector', source.metric?.selector],
        ['averageValue', average],
      ])
    }
    default:
      return given([
        ['metricName', source.metric?.name],
        ['metricSelector', source.metric?.selector],
        [`${side}Value`, value],
        [`${side}AverageValue`, average],
      ])
  }
}

function newSource(type: string, old: OldSource, side: Side): Source {
  const text = (name: string): string | undefined => old[name] as string | undefined
  const percent = old[`${side}AverageUtilization`] as number | undefined
  const average = type === 'Object' ? old.averageValue : text(`${side}AverageValue`)
  const value = type === 'Object' && average !== undefined && side === 'target' ? undefined : text(`${side}Value`)
  const amounts: Amounts = given([
    ['averageUtilization', percent],
    ['averageValue', average],
    ['value', value],
  ])
  const kind = percent !== undefined ? 'Utilization' : average !== undefined ? 'AverageValue' : 'Value'
  const selector = old.selector ?? old.metricSelector
  const metric =
    old.metricName === undefined ? undefined : { name: old.metricName, ...(selector === undefined ? {} : { selector }) }
  return given([
    ['name', old.name],
    ['container', old.container],
    ['metric', metric],
    ['describedObject', type === 'Object' ? old.target : undefined],
    [side, side === 'target' ? { type: kind, ...amounts } : amounts],
  ]) as Source
}

function convertAll(
  list: readonly (V2MetricSpec | MetricStatus)[],
  convert: (type: string, source: never) => unknown,
): Record<string, unknown>[] {
  return list.map((metric) => {
    const field = fields[metric.type] ?? metric.type
    const source = (metric as unknown as Record<string, unknown>)[field]
    return { type: metric.type, ...(source === undefined ? {} : { [field]: convert(metric.type, source as never) }) }
  })
}

export const oldMetrics = (metrics: readonly (V2MetricSpec | MetricStatus)[], side: Side): unknown[] =>
  convertAll(metrics, (type, source: Source) => oldSource(type, source, side))

export const newMetrics = <T>(metrics: readonly V2MetricSpec[], side: Side): T[] =>
  convertAll(metrics, (type, source: OldSource) => newSource(type, source, side)) as T[]

export function oldBehavior(behavior: Behavior | undefined): unknown {
  if (behavior === undefined) return undefined
  const rules = (from: V2HPAScalingRules | undefined): unknown =>
    from === undefined
      ? null
      : {
          StabilizationWindowSeconds: from.stabilizationWindowSeconds ?? null,
          SelectPolicy: from.selectPolicy ?? null,
          Policies: (from.policies ?? []).map(({ type, value, periodSeconds }) => ({
            Type: type,
            Value: value,
            PeriodSeconds: periodSeconds,
          })),
          Tolerance: from.tolerance ?? null,
        }
  return { ScaleUp: rules(behavior.scaleUp), ScaleDown: rules(behavior.scaleDown) }
}

interface OldRules {
  StabilizationWindowSeconds?: number | null
  SelectPolicy?: string | null
  Policies?: { Type: string; Value: number; PeriodSeconds: number }[] | null
  Tolerance?: string | null
}

export function newBehavior(old: { ScaleUp?: OldRules | null; ScaleDown?: OldRules | null }): Behavior {
  const rules = (from: OldRules | null | undefined): V2HPAScalingRules | undefined =>
    from == null
      ? undefined
      : (given([
          ['stabilizationWindowSeconds', from.StabilizationWindowSeconds ?? undefined],
          ['selectPolicy', from.SelectPolicy ?? undefined],
          ['policies', from.Policies?.map((p) => ({ type: p.Type, value: p.Value, periodSeconds: p.PeriodSeconds }))],
          ['tolerance', from.Tolerance ?? undefined],
        ]) as V2HPAScalingRules)
  return given([
    ['scaleUp', rules(old.ScaleUp)],
    ['scaleDown', rules(old.ScaleDown)],
  ]) as Behavior
}
