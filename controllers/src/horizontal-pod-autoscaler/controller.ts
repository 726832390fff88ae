import {
  defineController,
  type ControllerContext,
  type ReconcileResult,
} from '@kapell/controllers/machinery/controller'
import { cachedDiscovery, type Discovered } from '@kapell/controllers/machinery/discovery'
import { errorText } from '@kapell/controllers/machinery/log'
import { keyOf, splitKey, type Lister } from '@kapell/controllers/machinery/store'
import { parseSelector, type Selector } from '@kapell/openapi/meta/labels'
import { parseApiVersion } from '@kapell/openapi/meta/object'
import { parseQuantity } from '@kapell/openapi/meta/quantity'
import { horizontalPodAutoscalers, pods } from '@kapell/openapi/meta/refs'
import { resourcePath, type ResourceRef } from '@kapell/openapi/meta/resource-ref'
import { rfc3339 } from '@kapell/openapi/meta/time'
import type {
  V1Pod,
  V1Scale,
  V2HorizontalPodAutoscaler,
  V2HorizontalPodAutoscalerStatus,
  V2MetricStatus,
} from '@kapell/openapi/types'
import { withCondition } from '../shared/conditions.ts'
import { sameMeaning } from '../shared/equal.ts'
import { normalize, rulesOf, type History, type Normalized } from './behavior.ts'
import { evaluate, EvaluationError, type Evaluated } from './evaluate.ts'
import { createMetricsReader, type MetricsReader } from './metrics.ts'
import { actionOf, autoscalerMeasures, type AutoscalerMeasures, type ScaleError } from './measures.ts'
import { newestOf, nextLookMs, noting, type SeenMetrics } from './next-look.ts'
import type { Tolerance } from './replicas.ts'

/** Source: --horizontal-pod-autoscaler-tolerance. */
const standardTolerance = 0.1

interface Dependencies {
  context: ControllerContext
  autoscalers: Lister<V2HorizontalPodAutoscaler>
  pods: Lister<V1Pod>
  reader: MetricsReader
  histories: Map<string, History>
  discovered: () => Promise<Discovered>
  measures: AutoscalerMeasures
  /** By the autoscaler's key: which pods it sizes. */
  selectors: Map<string, Selector>
}

/** Sizes workloads by metrics. Source: concepts page "Horizontal Pod Autoscaling". */
export const horizontalPodAutoscalerController = defineController<Dependencies, V2HorizontalPodAutoscaler>({
  name: 'horizontal-pod-autoscaler',
  queue: 'horizontalpodautoscaler',
  workers: 5,
  setup: (context) => {
    const histories = new Map<string, History>()
    const known = context.informer(horizontalPodAutoscalers)
    const measures = autoscalerMeasures(context.metrics, () => known.lister.list().length)
    const selectors = new Map<string, Selector>()
    const wake = (autoscaler: V2HorizontalPodAutoscaler): void => context.queue.add(keyOf(autoscaler))
    known.onChange({
      add: wake,
      // Its own status wakes it by the clock only: metrics are not asked for twice in a moment.
      update: (before, next) => {
        const annotations = sameMeaning(before.metadata?.annotations, next.metadata?.annotations)
        if (!annotations || !sameMeaning(before.spec, next.spec)) wake(next)
      },
      delete: (autoscaler) => {
        const { metadata } = autoscaler
        selectors.delete(keyOf(autoscaler))
        histories.delete(metadata?.uid ?? '')
        measures.gone({ namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' })
      },
    })
    return {
      context,
      autoscalers: known.lister,
      pods: context.lister(pods),
      reader: createMetricsReader(context.client),
      histories,
      discovered: cachedDiscovery(context),
      measures,
      selectors,
    }
  },
  reconcile,
})

/** The conditions and numbers that a round comes to. */
class Round {
  status: V2HorizontalPodAutoscalerStatus
  /** The newest of the pods' metrics. */
  seen: SeenMetrics | undefined
  error: ScaleError = 'none'
  /** The target's size before, once known. */
  was: number | undefined
  private readonly now: Date
  constructor(autoscaler: V2HorizontalPodAutoscaler, now: Date) {
    const { generation } = autoscaler.metadata ?? {}
    this.status = {
      desiredReplicas: 0,
      ...autoscaler.status,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    }
    this.now = now
  }
  tell(type: string, status: 'True' | 'False', reason: string, message: string): void {
    const condition = { type, status, reason, message, lastTransitionTime: rfc3339(this.now) }
    this.status = { ...this.status, conditions: withCondition(this.status.conditions, condition) }
  }
}

async function reconcile(key: string, d: Dependencies): Promise<ReconcileResult | undefined> {
  const autoscaler = d.autoscalers.get(key)
  if (autoscaler === undefined || autoscaler.metadata?.deletionTimestamp !== undefined) return undefined
  const { client, clock } = d.context
  const round = new Round(autoscaler, clock.now())
  const start = performance.now()
  await sizeUp(d, autoscaler, round)
  const { desiredReplicas: wanted = 0 } = round.status
  const action = round.error === 'none' && round.was !== undefined ? actionOf(wanted, round.was) : 'none'
  d.measures.reconciled({ action, error: round.error, seconds: (performance.now() - start) / 1000 })
  d.measures.wants(splitKey(key), wanted)
  if (!sameMeaning(round.status, autoscaler.status))
    await client
      .resource(horizontalPodAutoscalers, splitKey(key).namespace)
      .updateStatus({ ...autoscaler, status: round.status })
  return { afterMs: nextLookMs(round.seen, clock.now().getTime()) }
}

async function sizeUp(d: Dependencies, autoscaler: V2HorizontalPodAutoscaler, round: Round): Promise<void> {
  const { events, clock } = d.context
  const { minReplicas: min = 1, maxReplicas: max = 1 } = autoscaler.spec ?? {}
  const target = await readScale(d, autoscaler, round)
  if (target === undefined) return
  const { scale, path } = target
  round.tell(
    'AbleToScale',
    'True',
    'SucceededGetScale',
    "the HPA controller was able to get the target's current scale",
  )
  const current = scale.spec?.replicas ?? 0
  round.was = current
  const past = historyOf(d, autoscaler)
  // The size it is found with counts as recommended: a new autoscaler does not shrink at once what it does not know.
  if (past.recommendations.length === 0) past.recommendations.push({ atMs: clock.now().getTime(), replicas: current })
  round.status = { ...round.status, currentReplicas: scale.status?.replicas ?? 0 }
  if (current === 0 && min !== 0) {
    round.status = { ...round.status, desiredReplicas: 0 }
    round.tell(
      'ScalingActive',
      'False',
      'ScalingDisabled',
      'scaling is disabled since the replica count of the target is zero',
    )
    return
  }
  let wanted: number
  let why: string
  if (current > max) [wanted, why] = [max, 'Current number of replicas above Spec.MaxReplicas']
  else if (current < min) [wanted, why] = [min, 'Current number of replicas below Spec.MinReplicas']
  else {
    const decided = await decide(d, autoscaler, scale, round)
    if (decided === undefined) return
    ;[wanted, why] = decided
  }
  const { desiredReplicas: before } = round.status
  round.status = { ...round.status, desiredReplicas: wanted }
  if (wanted === current) return
  try {
    await d.context.client.raw('PUT', path, { ...scale, spec: { ...scale.spec, replicas: wanted } })
  } catch (error) {
    round.error = 'internal'
    events.event(
      autoscaler,
      'Warning',
      'FailedRescale',
      `New size: ${wanted}; reason: ${why}; error: ${errorText(error)}`,
    )
    round.tell(
      'AbleToScale',
      'False',
      'FailedUpdateScale',
      `the HPA controller was unable to update the target scale: ${errorText(error)}`,
    )
    round.status = { ...round.status, desiredReplicas: before }
    return
  }
  round.tell(
    'AbleToScale',
    'True',
    'SucceededRescale',
    `the HPA controller was able to update the target scale to ${wanted}`,
  )
  events.event(autoscaler, 'Normal', 'SuccessfulRescale', `New size: ${wanted}; reason: ${why}`)
  round.status = { ...round.status, lastScaleTime: rfc3339(clock.now()) }
  const history = historyOf(d, autoscaler)
  const nowMs = clock.now().getTime()
  // Policies look back half an hour at most.
  history.events = [
    ...history.events.filter(({ atMs }) => nowMs - atMs < 1_800_000),
    { atMs: nowMs, change: wanted - current },
  ]
}

function historyOf(d: Dependencies, autoscaler: V2HorizontalPodAutoscaler): History {
  const uid = autoscaler.metadata?.uid ?? ''
  let history = d.histories.get(uid)
  if (history === undefined) d.histories.set(uid, (history = { recommendations: [], events: [] }))
  return history
}

async function readScale(
  d: Dependencies,
  autoscaler: V2HorizontalPodAutoscaler,
  round: Round,
): Promise<{ scale: V1Scale; path: string } | undefined> {
  const { kind = '', name = '', apiVersion = 'v1' } = autoscaler.spec?.scaleTargetRef ?? {}
  const { client, events } = d.context
  try {
    const ref = await refOf(d, apiVersion, kind)
    const namespace = autoscaler.metadata?.namespace ?? ''
    const path = resourcePath(ref, { namespace, name, subresource: 'scale' })
    return { scale: (await client.raw('GET', path)) as V1Scale, path }
  } catch (error) {
    round.error = 'internal'
    events.event(autoscaler, 'Warning', 'FailedGetScale', errorText(error))
    round.tell(
      'AbleToScale',
      'False',
      'FailedGetScale',
      `the HPA controller was unable to get the target's current scale: ${errorText(error)}`,
    )
    return undefined
  }
}

async function refOf(d: Dependencies, apiVersion: string, kind: string): Promise<ResourceRef> {
  const { group } = parseApiVersion(apiVersion)
  const { resources } = await d.discovered()
  const found = resources.find((one) => one.kind === kind && one.group === group)
  if (found === undefined)
    throw new Error(`no matches for kind ${JSON.stringify(kind)} in group ${JSON.stringify(group)}`)
  return found
}

/** The size the metrics ask for, within rules and bounds, and why; undefined when no metric could be read. */
async function decide(
  d: Dependencies,
  autoscaler: V2HorizontalPodAutoscaler,
  scale: V1Scale,
  round: Round,
): Promise<[number, string] | undefined> {
  const { events, clock } = d.context
  const { minReplicas: min = 1, maxReplicas: max = 1, metrics = [] } = autoscaler.spec ?? {}
  const namespace = autoscaler.metadata?.namespace ?? ''
  const current = scale.spec?.replicas ?? 0
  const text = scale.status?.selector ?? ''
  if (text === '') {
    events.event(autoscaler, 'Warning', 'SelectorRequired', 'selector is required')
    round.tell('ScalingActive', 'False', 'InvalidSelector', "the HPA target's scale is missing a selector")
    return undefined
  }
  const selector = parseSelector(text)
  const nowMs = clock.now().getTime()
  const key = keyOf(autoscaler)
  d.selectors.set(key, selector)
  const rivals = rivalsOf(d, key, selector)
  if (rivals.length > 1) {
    const message = `pods by selector ${text} are controlled by multiple HPAs: [${rivals.join(' ')}]`
    events.event(autoscaler, 'Warning', 'AmbiguousSelector', message)
    round.tell('ScalingActive', 'False', 'AmbiguousSelector', message)
    round.status = { ...round.status, currentMetrics: [] }
    events.event(autoscaler, 'Warning', 'FailedComputeMetricsReplicas', message)
    round.error = 'spec'
    return undefined
  }
  const situation = {
    namespace,
    selector: text,
    pods: d.pods.inNamespace(namespace).filter(({ metadata }) => selector.matches(metadata?.labels)),
    currentReplicas: current,
    tolerance: toleranceOf(autoscaler),
    nowMs,
    reader: noting(d.reader, (metrics) => (round.seen = newestOf(metrics))),
    pluralOf: async (apiVersion: string | undefined, kind: string) => (await refOf(d, apiVersion ?? 'v1', kind)).plural,
  }
  let most: Evaluated | undefined
  const failures: EvaluationError[] = []
  const statuses: V2MetricStatus[] = []
  for (const spec of metrics) {
    const start = performance.now()
    const computed = (replicas: number, error: ScaleError): void =>
      d.measures.computed({
        action: actionOf(replicas, current),
        error,
        metricType: spec.type,
        seconds: (performance.now() - start) / 1000,
      })
    try {
      const one = await evaluate(spec, situation)
      computed(one.replicas, 'none')
      statuses.push(one.status)
      if (most === undefined || one.replicas > most.replicas) most = one
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error
      failures.push(error)
      statuses.push({ type: '' })
      computed(current, error.reason === 'InvalidMetricSourceType' ? 'spec' : 'internal')
      events.event(autoscaler, 'Warning', error.reason, error.message)
    }
  }
  round.status = { ...round.status, currentMetrics: statuses }
  const failed = failures[0]
  // With a metric missing it may grow, but must not shrink.
  if (most === undefined || (failed !== undefined && most.replicas < current)) {
    const reason = failed?.reason ?? 'InvalidMetricSourceType'
    round.error = reason === 'InvalidMetricSourceType' ? 'spec' : 'internal'
    const message = `the HPA was unable to compute the replica count: ${failed?.message ?? 'no metrics'}`
    round.tell('ScalingActive', 'False', reason, message)
    events.event(
      autoscaler,
      'Warning',
      'FailedComputeMetricsReplicas',
      `invalid metrics (${failures.length} invalid out of ${metrics.length}), first error is: ${failed?.summary ?? ''}`,
    )
    return undefined
  }
  round.tell(
    'ScalingActive',
    'True',
    'ValidMetricFound',
    `the HPA was able to successfully calculate a replica count from ${most.name}`,
  )
  const result = normalize({
    wanted: most.replicas,
    current,
    min,
    max,
    rules: rulesOf(autoscaler),
    history: historyOf(d, autoscaler),
    nowMs,
  })
  tellLimits(round, result)
  const why = result.replicas > current ? `${most.name} above target` : 'All metrics below target'
  return [result.replicas, why]
}

/** All autoscalers, of those seen so far, that size a pod which this one sizes. */
function rivalsOf(d: Dependencies, key: string, selector: Selector): string[] {
  const { namespace } = splitKey(key)
  const mine = d.pods.inNamespace(namespace).filter(({ metadata }) => selector.matches(metadata?.labels))
  const others = [...d.selectors].filter(
    ([other, theirs]) =>
      splitKey(other).namespace === namespace && mine.some(({ metadata }) => theirs.matches(metadata?.labels)),
  )
  return others.map(([other]) => other).sort()
}

function toleranceOf({ spec }: V2HorizontalPodAutoscaler): Tolerance {
  const read = (text: string | undefined): number =>
    text === undefined ? standardTolerance : parseQuantity(text).toNumber()
  return { up: read(spec?.behavior?.scaleUp?.tolerance), down: read(spec?.behavior?.scaleDown?.tolerance) }
}

const limits: Record<NonNullable<Normalized['limited']>, string> = {
  ScaleUpLimit: 'the desired replica count is increasing faster than the maximum scale rate',
  ScaleDownLimit: 'the desired replica count is decreasing faster than the maximum scale rate',
  TooManyReplicas: 'the desired replica count is more than the maximum replica count',
  TooFewReplicas: 'the desired replica count is less than the minimum replica count',
}

function tellLimits(round: Round, { stabilized, limited }: Normalized): void {
  if (stabilized === undefined)
    round.tell('AbleToScale', 'True', 'ReadyForNewScale', 'recommended size matches current size')
  else {
    const than = stabilized === 'ScaleUpStabilized' ? ['lower', 'lowest'] : ['higher', 'highest']
    round.tell(
      'AbleToScale',
      'True',
      stabilized,
      `recent recommendations were ${than[0]} than current one, applying the ${than[1]} recent recommendation`,
    )
  }
  if (limited === undefined)
    round.tell('ScalingLimited', 'False', 'DesiredWithinRange', 'the desired count is within the acceptable range')
  else round.tell('ScalingLimited', 'True', limited, limits[limited])
}
