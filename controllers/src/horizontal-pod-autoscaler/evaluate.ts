import { errorText } from '@kapell/controllers/machinery/log'
import { selectorFromLabelSelector } from '@kapell/openapi/meta/labels'
import { milliQuantity, parseQuantity } from '@kapell/openapi/meta/quantity'
import type { V1Pod, V2MetricSpec, V2MetricStatus } from '@kapell/openapi/types'
import { goSelector } from '../shared/go-selector.ts'
import { isActive, isReady } from '../shared/pods.ts'
import type { MetricsReader } from './metrics.ts'
import { byAverage, byShare, byTotal, byUtilization, MetricError, type Tolerance } from './replicas.ts'

/** What one of an autoscaler's metrics asks for. */
export interface Evaluated {
  replicas: number
  /** As events and conditions name it. */
  name: string
  status: V2MetricStatus
}

export class EvaluationError extends Error {
  readonly reason: string
  /** The same in the account of all metrics of an autoscaler: which one, then why. */
  readonly summary: string
  constructor(reason: string, message: string, summary = message) {
    super(message)
    this.reason = reason
    this.summary = summary
  }
}

export interface Situation {
  namespace: string
  /** The target's own selector, as text. */
  selector: string
  pods: readonly V1Pod[]
  currentReplicas: number
  tolerance: Tolerance
  nowMs: number
  reader: MetricsReader
  /** The plural of a kind that a metric's object is of. */
  pluralOf: (apiVersion: string | undefined, kind: string) => Promise<string>
}

const milli = (text: string | undefined): number => parseQuantity(text ?? '0').milliValue()
/** In the format of `like`, if given. */
const quantity = (value: number, like?: string): string =>
  milliQuantity(Math.round(value), like === undefined ? undefined : parseQuantity(like).format).toString()
const metricSelectorOf = (metric: { selector?: Parameters<typeof selectorFromLabelSelector>[0] }): string =>
  metric.selector === undefined ? '' : selectorFromLabelSelector(metric.selector).toString()

/** Throws {@link EvaluationError} with the reason that the ScalingActive condition takes over. */
export async function evaluate(spec: V2MetricSpec, situation: Situation): Promise<Evaluated> {
  try {
    switch (spec.type) {
      case 'Resource':
      case 'ContainerResource':
        return await byResource(spec, situation)
      case 'Pods':
        return await byPods(spec, situation)
      case 'Object':
        return await byObject(spec, situation)
      case 'External':
        return await byExternal(spec, situation)
      default:
        throw new EvaluationError('InvalidMetricSourceType', `unknown metric source type ${JSON.stringify(spec.type)}`)
    }
  } catch (error) {
    if (error instanceof EvaluationError) throw error
    const { reason, what, inner } = names(spec, situation.namespace)
    // What could not be read is named; what cannot be computed from what was read speaks for itself.
    const why = errorText(error)
    const message = inner(error instanceof MetricError && error.computed ? undefined : why, why)
    throw new EvaluationError(reason, message, `failed to get ${what}: ${message}`)
  }
}

interface Names {
  reason: string
  what: string
  /** What to say: `unread` when the metric could not be read, else why no size could be computed. */
  inner: (unread: string | undefined, why: string) => string
}

/** Words of failures, as the original has them. */
function names(spec: V2MetricSpec, namespace: string): Names {
  const resource = spec.resource ?? spec.containerResource
  const how = resource?.target.averageUtilization === undefined ? 'usage' : 'utilization'
  const ofResource: Names['inner'] = (unread, why) =>
    unread === undefined
      ? `failed to get ${resource?.name} ${how}: ${why}`
      : `failed to get ${resource?.name} ${how}: unable to get metrics for resource ${resource?.name}: ${unread}`
  const custom = 'unable to fetch metrics from custom metrics API'
  switch (spec.type) {
    case 'Resource':
      return {
        reason: 'FailedGetResourceMetric',
        what: `${resource?.name} resource metric value`,
        inner: ofResource,
      }
    case 'ContainerResource':
      return {
        reason: 'FailedGetContainerResourceMetric',
        what: `${spec.containerResource?.container} container metric value`,
        inner: ofResource,
      }
    case 'Pods':
      return {
        reason: 'FailedGetPodsMetric',
        what: 'pods metric value',
        inner: (unread, why) =>
          unread === undefined ? why : `unable to get metric ${spec.pods?.metric.name}: ${custom}: ${unread}`,
      }
    case 'Object': {
      const { metric, describedObject } = spec.object ?? {}
      const where = `${describedObject?.kind} on ${namespace} ${describedObject?.name}`
      return {
        reason: 'FailedGetObjectMetric',
        what: 'object metric value',
        inner: (unread, why) =>
          unread === undefined ? why : `unable to get metric ${metric?.name}: ${where}/${custom}: ${unread}`,
      }
    }
    default: {
      const { name, selector } = spec.external?.metric ?? {}
      const where = `${namespace}/${name}/${goSelector(selector)}`
      const which =
        spec.external?.target.averageValue === undefined ? `external metric ${name}` : `${name} external metric`
      return {
        reason: 'FailedGetExternalMetric',
        what: `${name} external metric value: failed to get ${which}`,
        inner: (unread, why) =>
          unread === undefined
            ? why
            : `unable to get external metric ${where}: unable to fetch metrics from external metrics API: ${unread}`,
      }
    }
  }
}

async function byResource(spec: V2MetricSpec, s: Situation): Promise<Evaluated> {
  const source = spec.resource ?? spec.containerResource!
  const container = spec.containerResource?.container
  const metrics = await s.reader.resource({
    namespace: s.namespace,
    selector: s.selector,
    resource: source.name,
    ...(container === undefined ? {} : { container }),
  })
  const common = { ...s, metrics, isCpu: source.name === 'cpu' }
  const { averageUtilization, averageValue } = source.target
  const of = container === undefined ? '' : `container ${container} `
  const result =
    averageUtilization === undefined
      ? byAverage({ ...common, target: milli(averageValue) })
      : byUtilization({
          ...common,
          target: averageUtilization,
          requests: () => requestsOf(s.pods, source.name, container),
        })
  const current = {
    averageValue: quantity(result.averageValue, averageValue),
    ...(averageUtilization === undefined ? {} : { averageUtilization: result.current }),
  }
  const status: V2MetricStatus =
    container === undefined
      ? { type: 'Resource', resource: { name: source.name, current } }
      : { type: 'ContainerResource', containerResource: { name: source.name, container, current } }
  const kind = averageUtilization === undefined ? 'resource' : 'resource utilization (percentage of request)'
  return { replicas: result.replicas, name: `${source.name} ${of}${kind}`, status }
}

/** What each pod requests, in thousandths. A container that requests nothing makes a percentage meaningless. */
function requestsOf(pods: readonly V1Pod[], resource: string, container: string | undefined): Map<string, number> {
  const found = new Map<string, number>()
  for (const pod of pods) {
    const sidecars = (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
    const chosen = [...(pod.spec?.containers ?? []), ...sidecars].filter(
      ({ name }) => container === undefined || name === container,
    )
    if (chosen.length === 0)
      throw new MetricError(`container ${container} not found in pod ${pod.metadata?.name}`, true)
    let sum = 0
    for (const { name, resources } of chosen) {
      const request = resources?.requests?.[resource]
      if (request === undefined)
        throw new MetricError(`missing request for ${resource} in container ${name} of Pod ${pod.metadata?.name}`, true)
      sum += milli(request)
    }
    found.set(pod.metadata?.name ?? '', sum)
  }
  return found
}

async function byPods(spec: V2MetricSpec, s: Situation): Promise<Evaluated> {
  const { metric, target } = spec.pods!
  const metrics = await s.reader.pods({
    namespace: s.namespace,
    selector: s.selector,
    metric: metric.name,
    metricSelector: metricSelectorOf(metric),
  })
  const result = byAverage({ ...s, metrics, isCpu: false, target: milli(target.averageValue) })
  const status = { type: 'Pods', pods: { metric, current: { averageValue: quantity(result.averageValue) } } }
  return { replicas: result.replicas, name: `pods metric ${metric.name}`, status }
}

const readyCount = (pods: readonly V1Pod[]): number => pods.filter((pod) => isActive(pod) && isReady(pod)).length

function byValue(
  target: { value?: string; averageValue?: string },
  value: number,
  s: Situation,
): { replicas: number; current: { value?: string; averageValue?: string } } {
  const { currentReplicas, tolerance } = s
  if (target.averageValue !== undefined)
    return {
      replicas: byShare({ value, target: milli(target.averageValue), currentReplicas, tolerance }),
      current: { averageValue: quantity(value / Math.max(currentReplicas, 1)) },
    }
  return {
    replicas: byTotal({
      value,
      target: milli(target.value),
      currentReplicas,
      readyPods: readyCount(s.pods),
      tolerance,
    }),
    current: { value: quantity(value) },
  }
}

async function byObject(spec: V2MetricSpec, s: Situation): Promise<Evaluated> {
  const { metric, target, describedObject } = spec.object!
  const value = await s.reader.object({
    namespace: s.namespace,
    plural: await s.pluralOf(describedObject.apiVersion, describedObject.kind),
    name: describedObject.name,
    metric: metric.name,
    metricSelector: metricSelectorOf(metric),
  })
  const { replicas, current } = byValue(target, value, s)
  const status = { type: 'Object', object: { metric, describedObject, current } }
  // The original's word for it, though nothing external is meant.
  const shared = `external metric ${metric.name}(${goSelector(metric.selector)})`
  const name = target.averageValue === undefined ? `${describedObject.kind} metric ${metric.name}` : shared
  return { replicas, name, status }
}

async function byExternal(spec: V2MetricSpec, s: Situation): Promise<Evaluated> {
  const { metric, target } = spec.external!
  const selector = metricSelectorOf(metric)
  const value = await s.reader.external({ namespace: s.namespace, metric: metric.name, metricSelector: selector })
  const { replicas, current } = byValue(target, value, s)
  return {
    replicas,
    name: `external metric ${metric.name}(${goSelector(metric.selector)})`,
    status: { type: 'External', external: { metric, current } },
  }
}
