import type { Counter, Histogram, Metrics } from '@kapell/controllers/machinery/metrics'
import type { Measure } from './framework/measure.ts'
import type { PendingPods, QueueMeasure } from './queue/queue-measure.ts'

export type AttemptResult = 'scheduled' | 'unschedulable' | 'error'

/** By upstream's names, labels and buckets. Source: "Kubernetes Metrics Reference", and those recorded. */
export interface SchedulerMetrics {
  /** One try to place a pod of a profile, decision and binding together. */
  attempt(result: AttemptResult, profile: string, seconds: number): void
  /** The decision alone. */
  algorithm(seconds: number): void
  scheduled(pod: { attempts: number; sinceFirstSeconds: number; afterFlush: boolean }): void
  /** A search for pods to remove in favour of another, and how many it found. */
  preemption(victims: number): void
  /** Their removal. */
  madeRoom(result: 'success' | 'error', seconds: number): void
  event(name: string, seconds: number): void
  framework(profile: string): Measure
  readonly queue: QueueMeasure
  /** What is read when the metrics are. */
  observe(state: ObservedState): void
}

export interface ObservedState {
  pending: () => { active: number; backoff: number; unschedulable: number; gated: number }
  /** Waiting pods by profile, each with the plug-ins that refused it. */
  waiting: () => PendingPods
  cache: () => { nodes: number; pods: number; assumed: number }
  bindings: () => number
}

/** Multiplied step by step, as upstream's: the labels of buckets are texts. */
function powers(start: number, count: number, factor = 2): number[] {
  const all: number[] = []
  for (let next = start; all.length < count; next *= factor) all.push(next)
  return all
}
const attemptBuckets = powers(0.001, 15)
const pointBuckets = powers(0.0001, 12)
const pluginBuckets = powers(0.00001, 20, 1.5)

export function schedulerMetrics(metrics: Metrics): SchedulerMetrics {
  const attempts = cached((result: string, profile: string) => ({
    count: metrics.counter('scheduler_schedule_attempts_total', 'Tries to place pods, by result.', { result, profile }),
    time: metrics.histogram(
      'scheduler_scheduling_attempt_duration_seconds',
      'Time of one try, decision and binding together.',
      { result, profile },
      attemptBuckets,
    ),
  }))
  const algorithm = metrics.histogram(
    'scheduler_scheduling_algorithm_duration_seconds',
    'Time of the decision alone.',
    {},
    attemptBuckets,
  )
  const tries = metrics.histogram(
    'scheduler_pod_scheduling_attempts',
    'How many tries a pod took that was placed.',
    {},
    [1, 2, 4, 8, 16],
  )
  const sli = cached((label: string) =>
    metrics.histogram(
      'scheduler_pod_scheduling_sli_duration_seconds',
      'From entering the queue to being bound.',
      { attempts: label },
      powers(0.01, 20),
    ),
  )
  const flushed = metrics.counter(
    'scheduler_pod_scheduled_after_flush_total',
    'Pods placed that no event had brought back, only time: some queueing hint may be wrong.',
    {},
  )
  const searches = metrics.counter('scheduler_preemption_attempts_total', 'Searches for pods to remove.', {})
  const victims = metrics.histogram(
    'scheduler_preemption_victims',
    'How many pods a search chose to remove.',
    {},
    powers(1, 7),
  )
  const removals = cached((result: string) => ({
    count: metrics.counter('scheduler_preemption_goroutines_execution_total', 'Removals of chosen pods.', { result }),
    time: metrics.histogram(
      'scheduler_preemption_goroutines_duration_seconds',
      'Time to remove the pods that were chosen.',
      { result },
      powers(0.01, 20),
    ),
  }))
  const events = cached((event: string) =>
    metrics.histogram(
      'scheduler_event_handling_duration_seconds',
      'Time to take in a change of the cluster.',
      { event },
      pointBuckets,
    ),
  )
  const incoming = cached((queue: string, event: string) =>
    metrics.counter('scheduler_queue_incoming_pods_total', 'Pods that entered a queue, by why they did.', {
      queue,
      event,
    }),
  )
  const hints = cached((plugin: string) =>
    cached((event: string, hint: string) =>
      metrics.histogram(
        'scheduler_queueing_hint_execution_duration_seconds',
        'Time that a plug-in took to tell whether an event may help a pod; of one pod an event.',
        { plugin, event, hint },
        pluginBuckets,
      ),
    ),
  )
  return {
    attempt: (result, profile, seconds) => {
      const { count, time } = attempts(result, profile)
      count.inc()
      time.observe(seconds)
    },
    algorithm: (seconds) => algorithm.observe(seconds),
    scheduled: ({ attempts: count, sinceFirstSeconds, afterFlush }) => {
      tries.observe(count)
      sli(count > 15 ? '16+' : String(count)).observe(sinceFirstSeconds)
      if (afterFlush) flushed.inc()
    },
    preemption: (count) => {
      searches.inc()
      if (count > 0) victims.observe(count)
    },
    madeRoom: (result, seconds) => {
      const { count, time } = removals(result)
      count.inc()
      time.observe(seconds)
    },
    event: (name, seconds) => events(name).observe(seconds),
    framework: (profile) => frameworkMeasure(metrics, profile),
    queue: {
      incoming: (queue, event) => incoming(queue, event).inc(),
      hint: (plugin, event, useful, seconds) => hints(plugin)(event, useful ? 'Queue' : 'QueueSkip').observe(seconds),
    },
    observe: (state) => observe(metrics, state),
  }
}

function frameworkMeasure(metrics: Metrics, profile: string): Measure {
  const points = cached((extension_point: string, status: string): Histogram =>
    metrics.histogram(
      'scheduler_framework_extension_point_duration_seconds',
      'Time of all plug-ins of an extension point together.',
      { extension_point, status, profile },
      pointBuckets,
    ),
  )
  const plugins = new Map<string, (point: string, status: string) => Histogram>()
  const pluginTime = (plugin: string): ((point: string, status: string) => Histogram) => {
    let found = plugins.get(plugin)
    if (found === undefined) {
      found = cached((extension_point: string, status: string) =>
        metrics.histogram(
          'scheduler_plugin_execution_duration_seconds',
          'Time of one plug-in at an extension point, in some of all cycles; of filters: on one node.',
          { plugin, extension_point, status },
          pluginBuckets,
        ),
      )
      plugins.set(plugin, found)
    }
    return found
  }
  return {
    point: (point, status, seconds) => points(point, status).observe(seconds),
    plugin: (point, plugin, status, seconds) => pluginTime(plugin)(point, status).observe(seconds),
    evaluations: (extension_point, plugin): Counter =>
      metrics.counter(
        'scheduler_plugin_evaluation_total',
        'How often a plug-in had a say: at Filter once for each node looked at.',
        { extension_point, plugin, profile },
      ),
  }
}

function observe(metrics: Metrics, { pending, waiting, cache, bindings }: ObservedState): void {
  for (const queue of ['active', 'backoff', 'unschedulable', 'gated'] as const)
    metrics.gauge(
      'scheduler_pending_pods',
      'Pods that wait, by the queue they wait in.',
      { queue },
      () => pending()[queue],
    )
  const sizes = { nodes: 'nodes', pods: 'pods', assumed_pods: 'assumed' } as const
  for (const [type, of] of Object.entries(sizes))
    metrics.gauge('scheduler_cache_size', 'Nodes and pods that the scheduler knows of.', { type }, () => cache()[of])
  metrics.gauge('scheduler_goroutines', 'Work under way, by what it is.', { operation: 'binding' }, bindings)
  metrics.gauge(
    'scheduler_inflight_events',
    'Pods on their way from the queue to their node.',
    { event: 'PodPopped' },
    bindings,
  )
  const refused = cached((plugin: string, profile: string) =>
    metrics.gauge('scheduler_unschedulable_pods', 'Waiting pods, by who refused them.', { plugin, profile }),
  )
  const known = new Set<string>()
  metrics.beforeRender(() => {
    const counts = new Map<string, number>([...known].map((key) => [key, 0]))
    for (const { profile, rejectedBy } of waiting())
      for (const plugin of rejectedBy) {
        const key = `${plugin} ${profile}`
        counts.set(key, (counts.get(key) ?? 0) + 1)
      }
    for (const [key, count] of counts) {
      known.add(key)
      const [plugin = '', profile = ''] = key.split(' ')
      refused(plugin, profile).set(count)
    }
  })
}

/** Makes a series when it is first needed: two maps deep, as hot paths must not build strings. */
function cached<T>(make: (first: string, second: string) => T): (first: string, second?: string) => T {
  const made = new Map<string, Map<string, T>>()
  return (first, second = '') => {
    let bySecond = made.get(first)
    if (bySecond === undefined) made.set(first, (bySecond = new Map()))
    let one = bySecond.get(second)
    if (one === undefined) bySecond.set(second, (one = make(first, second)))
    return one
  }
}
