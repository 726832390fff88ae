import type { V1Pod } from '@kapell/openapi/types'
import { isDeleting, podCondition, timeMs } from '../shared/pods.ts'

/** How many replicas a metric asks for. Pure. Source: concepts page "Horizontal Pod Autoscaling", "Algorithm details". */
export interface PodMetric {
  value: number
  timestampMs: number
  windowMs: number
}
export type PodMetrics = ReadonlyMap<string, PodMetric>

/** Source: kube-controller-manager's defaults. */
const cpuInitializationMs = 5 * 60_000
const initialReadinessMs = 30_000

export interface Tolerance {
  up: number
  down: number
}

export class MetricError extends Error {
  /** The metrics were read: nothing can be made of them. */
  readonly computed: boolean
  constructor(message: string, computed = false) {
    super(message)
    this.computed = computed
  }
}

interface Groups {
  ready: Map<string, number>
  unready: Set<string>
  missing: Set<string>
}

function groupPods(pods: readonly V1Pod[], metrics: PodMetrics, isCpu: boolean, nowMs: number): Groups {
  const groups: Groups = { ready: new Map(), unready: new Set(), missing: new Set() }
  for (const pod of pods) {
    const name = pod.metadata?.name ?? ''
    if (isDeleting(pod) || pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded') continue
    const metric = metrics.get(name)
    if (pod.status?.phase === 'Pending') groups.unready.add(name)
    else if (metric === undefined) groups.missing.add(name)
    else if (isCpu && isStartingUp(pod, metric, nowMs)) groups.unready.add(name)
    else groups.ready.set(name, metric.value)
  }
  return groups
}

/** The load of a pod that is starting says nothing of its load later. */
function isStartingUp(pod: V1Pod, metric: PodMetric, nowMs: number): boolean {
  const ready = podCondition(pod, 'Ready')
  const startMs = timeMs(pod.status?.startTime)
  if (ready === undefined || startMs === 0) return true
  const changedMs = timeMs(ready.lastTransitionTime)
  if (startMs + cpuInitializationMs > nowMs)
    return ready.status === 'False' || metric.timestampMs < changedMs + metric.windowMs
  return ready.status === 'False' && startMs + initialReadinessMs > changedMs
}

export interface Asked {
  replicas: number
  /** What the pods use now: a percentage of their requests, or each on average. */
  current: number
  /** Each on average, whatever the target is in. */
  averageValue: number
}

interface Common {
  pods: readonly V1Pod[]
  metrics: PodMetrics
  currentReplicas: number
  tolerance: Tolerance
  isCpu: boolean
  nowMs: number
}

/** Against a percentage of what each pod requests. */
export function byUtilization(
  options: Common & { target: number; requests: () => ReadonlyMap<string, number> },
): Asked {
  const { target } = options
  const groups = groupPods(options.pods, options.metrics, options.isCpu, options.nowMs)
  if (groups.ready.size === 0) throw noneReady()
  const requests = options.requests()
  const ratioOf = (values: ReadonlyMap<string, number>): { ratio: number; current: number } => {
    let used = 0
    let requested = 0
    for (const [name, value] of values) {
      used += value
      requested += requests.get(name) ?? 0
    }
    if (requested === 0) throw new MetricError('no metrics returned matched known pods', true)
    const current = Math.floor((used * 100) / requested)
    return { ratio: current / target, current }
  }
  // A pod without a metric is taken to use what would change the least.
  const assumed = (name: string): number => ((requests.get(name) ?? 0) * Math.max(100, target)) / 100
  return asked(options, groups, ratioOf, assumed)
}

/** Against an average of each pod. */
export function byAverage(options: Common & { target: number }): Asked {
  const { target } = options
  const groups = groupPods(options.pods, options.metrics, options.isCpu, options.nowMs)
  const ratioOf = (values: ReadonlyMap<string, number>): { ratio: number; current: number } => {
    const current = averageOf(values)
    return { ratio: current / target, current }
  }
  return asked(options, groups, ratioOf, () => target)
}

const noneReady = (): MetricError =>
  new MetricError('did not receive metrics for targeted pods (pods might be unready)', true)

function asked(
  options: Common,
  { ready, unready, missing }: Groups,
  ratioOf: (values: ReadonlyMap<string, number>) => { ratio: number; current: number },
  assumed: (name: string) => number,
): Asked {
  const { currentReplicas, tolerance } = options
  if (ready.size === 0) throw noneReady()
  const first = ratioOf(ready)
  const told = { current: first.current, averageValue: averageOf(ready) }
  const upWithUnready = unready.size > 0 && first.ratio > 1
  if (!upWithUnready && missing.size === 0)
    return {
      ...told,
      replicas: isWithin(tolerance, first.ratio) ? currentReplicas : Math.ceil(first.ratio * ready.size),
    }
  const values = new Map(ready)
  if (first.ratio < 1) for (const name of missing) values.set(name, assumed(name))
  else if (first.ratio > 1) for (const name of missing) values.set(name, 0)
  if (upWithUnready) for (const name of unready) values.set(name, 0)
  const { ratio } = ratioOf(values)
  if (isWithin(tolerance, ratio) || (first.ratio < 1 && ratio > 1) || (first.ratio > 1 && ratio < 1))
    return { ...told, replicas: currentReplicas }
  const replicas = Math.ceil(ratio * values.size)
  const wrongWay = (ratio < 1 && replicas > currentReplicas) || (ratio > 1 && replicas < currentReplicas)
  return { ...told, replicas: wrongWay ? currentReplicas : replicas }
}

/** Against one value for all, shared by those that are ready. */
export function byTotal(options: {
  value: number
  target: number
  currentReplicas: number
  readyPods: number
  tolerance: Tolerance
}): number {
  const ratio = options.value / options.target
  if (isWithin(options.tolerance, ratio)) return options.currentReplicas
  return Math.ceil(ratio * (options.currentReplicas === 0 ? 1 : options.readyPods))
}

/** Against a share of one value for each replica. */
export function byShare(options: {
  value: number
  target: number
  currentReplicas: number
  tolerance: Tolerance
}): number {
  const { value, target, currentReplicas, tolerance } = options
  const ratio = value / (target * currentReplicas)
  return currentReplicas > 0 && isWithin(tolerance, ratio) ? currentReplicas : Math.ceil(value / target)
}

const isWithin = ({ up, down }: Tolerance, ratio: number): boolean => ratio >= 1 - down && ratio <= 1 + up

function averageOf(values: ReadonlyMap<string, number>): number {
  const all = [...values.values()]
  return all.reduce((sum, value) => sum + value, 0) / Math.max(all.length, 1)
}
