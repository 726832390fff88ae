import type { V2HorizontalPodAutoscaler, V2HPAScalingRules, V2MetricSpec } from '@kapell/openapi/types'
import { forbidden, invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { parseQuantity } from '@kapell/openapi/meta/quantity'
import { dns1123Label, pathSegmentName } from '@kapell/openapi/meta/names'
import { isNegative, nameErrors, unsupported } from '../common/validation.ts'
import { validateContainerResourceName } from '../core/pods/validation/resources.ts'

/** Source: HorizontalPodAutoscaler v2 autoscaling. */

const upPolicies = [
  { type: 'Pods', value: 4, periodSeconds: 15 },
  { type: 'Percent', value: 100, periodSeconds: 15 },
]
const downPolicies = [{ type: 'Percent', value: 100, periodSeconds: 15 }]

export function defaultAutoscaler(hpa: V2HorizontalPodAutoscaler): void {
  const spec = hpa.spec
  if (spec === undefined) return
  spec.minReplicas ??= 1
  if ((spec.metrics ?? []).length === 0) {
    spec.metrics = [
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
    ]
  }
  if (spec.behavior === undefined) return
  spec.behavior.scaleUp = withDefaults(spec.behavior.scaleUp, upPolicies, 0)
  spec.behavior.scaleDown = withDefaults(spec.behavior.scaleDown, downPolicies, undefined)
}

function withDefaults(
  rules: V2HPAScalingRules | undefined,
  policies: NonNullable<V2HPAScalingRules['policies']>,
  windowSeconds: number | undefined,
): V2HPAScalingRules {
  return {
    ...(windowSeconds === undefined ? {} : { stabilizationWindowSeconds: windowSeconds }),
    selectPolicy: 'Max',
    ...rules,
    policies: rules?.policies ?? structuredClone(policies),
  }
}

const maxWindowSeconds = 3600
const maxPeriodSeconds = 1800

export function validateAutoscaler(hpa: V2HorizontalPodAutoscaler, root: FieldPath): FieldError[] {
  const at = root.child('spec')
  const spec = hpa.spec
  if (spec === undefined) return [required(at.child('scaleTargetRef'))]
  const errors: FieldError[] = []
  if (spec.minReplicas !== undefined && spec.minReplicas < 1) {
    errors.push(invalid(at.child('minReplicas'), spec.minReplicas, 'must be greater than or equal to 1'))
  }
  const most = spec.maxReplicas ?? 0
  if (most === 0) errors.push(required(at.child('maxReplicas'), 'must be set and greater than 0'))
  else if (most < 0) errors.push(invalid(at.child('maxReplicas'), most, 'must be greater than or equal to 1'))
  const idles = (spec.metrics ?? []).some((metric) => metric.type === 'Object' || metric.type === 'External')
  if (spec.minReplicas === 0 && !idles) {
    const text = 'must specify at least one Object or External metric to support scaling to zero replicas'
    errors.push(forbidden(at.child('metrics'), text))
  }
  if (spec.minReplicas !== undefined && (spec.maxReplicas ?? 0) < spec.minReplicas) {
    errors.push(
      invalid(at.child('maxReplicas'), spec.maxReplicas ?? 0, 'must be greater than or equal to `minReplicas`'),
    )
  }
  errors.push(...validateTarget(spec.scaleTargetRef, at.child('scaleTargetRef')))
  errors.push(...validateGroup(spec.scaleTargetRef, at.child('scaleTargetRef')))
  for (const [i, metric] of (spec.metrics ?? []).entries())
    errors.push(...validateMetric(metric, at.child('metrics').index(i)))
  for (const direction of ['scaleUp', 'scaleDown'] as const) {
    const rules = spec.behavior?.[direction]
    if (rules !== undefined) errors.push(...validateScaling(rules, at.child('behavior', direction)))
  }
  return errors
}

function validateTarget(
  ref: { apiVersion?: string; kind?: string; name?: string } | undefined,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = []
  for (const field of ['kind', 'name'] as const) {
    const value = ref?.[field] ?? ''
    if (value === '') errors.push(required(at.child(field)))
    else errors.push(...nameErrors(at.child(field), value, pathSegmentName))
  }
  return [...errors, ...validateVersion(ref?.apiVersion ?? '', at)]
}

function validateVersion(version: string, at: FieldPath): FieldError[] {
  return version.split('/').length > 2
    ? [invalid(at.child('apiVersion'), version, `unexpected GroupVersion string: ${version}`)]
    : []
}

/** The one kind of the core group that scales. */
const scalesInCore = 'ReplicationController'

/** What is scaled must be told by its group, too. */
function validateGroup(ref: { apiVersion?: string; kind?: string } | undefined, at: FieldPath): FieldError[] {
  const version = ref?.apiVersion ?? ''
  const slash = version.indexOf('/')
  if (slash > 0 || version.split('/').length > 2 || ref?.kind === scalesInCore) return []
  return [invalid(at.child('apiVersion'), version, 'apiVersion must specify API group')]
}

const sources = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
} as const

interface Source {
  name?: string
  container?: string
  describedObject?: { apiVersion?: string; kind?: string; name?: string }
  metric?: { name: string }
  target?: { type: string; value?: string; averageValue?: string; averageUtilization?: number }
}

function validateMetric(metric: V2MetricSpec, at: FieldPath): FieldError[] {
  const names = Object.keys(sources)
  const field = (sources as Record<string, keyof V2MetricSpec>)[metric.type]
  if (field === undefined) {
    const error = unsupported(at.child('type'), metric.type ?? '', names)
    const missing = (metric.type ?? '') === '' ? [required(at.child('type'), 'must specify a metric source type')] : []
    const given = looked.filter((f) => metric[f] !== undefined)
    const first = given[0] === undefined ? [] : validateSource(metric[given[0]] as Source, given[0], at.child(given[0]))
    return [...missing, error, ...first, { ...error }, ...(given.length > 1 ? given.map((one) => alone(one, at)) : [])]
  }
  const given = looked.filter((f) => metric[f] !== undefined)
  // Only the first of several is looked into, whichever is meant.
  const errors = given[0] === undefined ? [] : validateSource(metric[given[0]] as Source, given[0], at.child(given[0]))
  if (!given.some((one) => one === field))
    return [...errors, required(at.child(field), 'must populate information for the given metric source')]
  const others = given.filter((other) => other !== field)
  return [...errors, ...others.map((other) => alone(other, at))]
}

const alone = (field: string, at: FieldPath): FieldError =>
  forbidden(at.child(field), 'must populate the given metric source only')

/** In the order in which they are looked at. */
const looked = ['object', 'external', 'pods', 'resource', 'containerResource'] as const

function validateSource(source: Source, field: (typeof looked)[number], here: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (field === 'object') errors.push(...validateTarget(source.describedObject, here.child('describedObject')))
  if (field === 'resource' || field === 'containerResource') {
    if ((source.name ?? '') === '') errors.push(required(here.child('name'), 'must specify a resource name'))
  } else if ((source.metric?.name ?? '') === '')
    errors.push(required(here.child('metric', 'name'), 'must specify a metric name'))
  else errors.push(...nameErrors(here.child('metric', 'name'), source.metric?.name ?? '', pathSegmentName))
  if (field === 'containerResource') {
    const { container = '', name = '' } = source
    if (container === '') errors.push(required(here.child('container'), 'must specify a container'))
    else errors.push(...nameErrors(here.child('container'), container, dns1123Label))
    if (name !== '') errors.push(...validateContainerResourceName(name, here.child('name')))
  }
  errors.push(...validateMetricTarget(source, field, here.child('target')))
  return errors
}

const perPod = 'must set either a target value for metric or a per-pod target'

function validateMetricTarget({ target }: Source, field: string, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const type = target?.type ?? ''
  if (type === '') errors.push(required(at.child('type'), 'must specify a metric target type'))
  if (!['AverageValue', 'Utilization', 'Value'].includes(type)) {
    errors.push(invalid(at.child('type'), type, 'must be either Utilization, Value, or AverageValue'))
  }
  for (const name of ['value', 'averageValue'] as const) {
    const text = target?.[name]
    if (text !== undefined && parseQuantity(text).sign() <= 0)
      errors.push(invalid(at.child(name), text, 'must be positive'))
  }
  if (target?.averageUtilization !== undefined && target.averageUtilization < 1) {
    errors.push(invalid(at.child('averageUtilization'), target.averageUtilization, 'must be greater than 0'))
  }
  const isPods = field === 'pods'
  if (isPods && target?.averageValue === undefined) {
    errors.push(required(at.child('averageValue'), 'must specify a positive target averageValue'))
  }
  if (
    field.toLowerCase().endsWith('resource') &&
    target?.averageUtilization === undefined &&
    target?.averageValue === undefined
  ) {
    errors.push(required(at.child('averageUtilization'), 'must set either a target raw value or a target utilization'))
  }
  if (
    field.toLowerCase().endsWith('resource') &&
    target?.averageUtilization !== undefined &&
    target.averageValue !== undefined
  ) {
    errors.push(forbidden(at.child('averageValue'), 'may not set both a target raw value and a target utilization'))
  }
  if (field === 'external' && target?.value !== undefined && target.averageValue !== undefined) {
    errors.push(forbidden(at.child('value'), 'may not set both a target value for metric and a per-pod target'))
  }
  if (
    (field === 'object' || field === 'external') &&
    target?.value === undefined &&
    target?.averageValue === undefined
  ) {
    const text = field === 'object' ? 'must set either a target value or averageValue' : perPod
    errors.push(required(at.child('averageValue'), text))
  }
  return errors
}

function validateScaling(rules: V2HPAScalingRules, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const window = rules.stabilizationWindowSeconds
  const windowAt = at.child('stabilizationWindowSeconds')
  if (window !== undefined && window < 0)
    errors.push(invalid(windowAt, window, 'must be greater than or equal to zero'))
  if (window !== undefined && window > maxWindowSeconds) {
    errors.push(invalid(windowAt, window, `must be less than or equal to ${maxWindowSeconds}`))
  }
  if (rules.selectPolicy !== undefined && !['Disabled', 'Max', 'Min'].includes(rules.selectPolicy)) {
    errors.push(unsupported(at.child('selectPolicy'), rules.selectPolicy, ['Disabled', 'Max', 'Min']))
  }
  if (rules.tolerance !== undefined && parseQuantity(rules.tolerance).sign() < 0) {
    errors.push(invalid(at.child('tolerance'), rules.tolerance, isNegative))
  }
  if ((rules.policies ?? []).length === 0)
    errors.push(required(at.child('policies'), 'must specify at least one Policy'))
  for (const [i, policy] of (rules.policies ?? []).entries()) {
    const here = at.child('policies').index(i)
    if (policy.type !== 'Percent' && policy.type !== 'Pods')
      errors.push(unsupported(here.child('type'), policy.type, ['Percent', 'Pods']))
    if (policy.value <= 0) errors.push(invalid(here.child('value'), policy.value, 'must be greater than zero'))
    if (policy.periodSeconds <= 0)
      errors.push(invalid(here.child('periodSeconds'), policy.periodSeconds, 'must be greater than zero'))
    if (policy.periodSeconds > maxPeriodSeconds) {
      errors.push(
        invalid(here.child('periodSeconds'), policy.periodSeconds, `must be less than or equal to ${maxPeriodSeconds}`),
      )
    }
  }
  return errors
}
