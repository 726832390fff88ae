import { realClock, type Clock } from '@kapell/controllers/machinery/clock'
import { createClient } from '@kapell/controllers/machinery/create-client'
import { createInformerFactory } from '@kapell/controllers/machinery/informer-factory'
import { runAsLeader, type LeaderElectionOptions } from '@kapell/controllers/machinery/leader-election'
import type { Logger } from '@kapell/controllers/machinery/log'
import { createMetrics, type Metrics } from '@kapell/controllers/machinery/metrics'
import { createSeriesRecorder, type SeriesRecorder } from '@kapell/controllers/machinery/series-recorder'
import { pods } from '@kapell/openapi/meta/refs'
import type { V1Pod } from '@kapell/openapi/types'
import type { Transport } from '@kapell/openapi/wire/transport'
import { apiActions } from './actions.ts'
import { SchedulerCache } from './cache.ts'
import { eventLabel } from './cluster-events.ts'
import { clusterReader } from './cluster-reader.ts'
import { defaultConfiguration, type SchedulerConfiguration } from './config/configuration.ts'
import { httpExtender } from './extenders/client.ts'
import type { ClusterEvent } from './framework/plugin.ts'
import type { Framework } from './framework/runtime.ts'
import type { PluginHandle } from './plugins/index.ts'
import { Nominations } from './framework/nominations.ts'
import { explain, type Explanation } from './framework/explain.ts'
import { podInfo } from './framework/pod-info.ts'
import { schedulerMetrics } from './metrics.ts'
import { createProfiles, type Profiles } from './profiles.ts'
import { SchedulingQueue } from './queue/scheduling-queue.ts'
import { Scheduler } from './scheduler.ts'
import { deviceReader } from './devices/device-reader.ts'
import type { CompileDeviceSelector } from './framework/devices.ts'
import { storageReader } from './storage-reader.ts'
import { livePods, watchCluster } from './watch-cluster.ts'

export interface SchedulerOptions {
  /** As system:kube-scheduler. */
  transport: Transport
  log: Logger
  clock?: Clock
  /** Its profiles say whose pods are ours. Default: one, "default-scheduler". */
  configuration?: SchedulerConfiguration
  metrics?: Metrics
  /** The language of selectors of devices; without it pods whose claims have selectors cannot be placed. */
  compileDeviceSelector?: CompileDeviceSelector
  /** Where it runs, told with its events. */
  host?: string
  /** Several schedulers of one cluster: only the holder of the lease schedules, the others keep their caches warm. */
  leaderElection?: { identity: string }
}

export interface RunningScheduler {
  /** Prometheus text. */
  metrics(): string
  /** What every plug-in says of a pod on every node, now; undefined when there is no such pod that lives. */
  explain(pod: { namespace: string; name: string }): Explanation | undefined
  /** Resolves when nothing of it runs any more; a binding that is under way ends first. */
  close(): Promise<void>
}

/** Starts the scheduler; resolves when it knows the cluster and schedules. */
export async function startScheduler(options: SchedulerOptions): Promise<RunningScheduler> {
  const {
    log,
    clock = realClock,
    configuration = defaultConfiguration,
    metrics = createMetrics(),
    host = 'localhost',
  } = options
  const measured = schedulerMetrics(metrics)
  const stop = new AbortController()
  const client = createClient(options.transport, { userAgent: 'kube-scheduler/kapell' })
  const recorderOf = (controller: string): SeriesRecorder =>
    createSeriesRecorder({ client, controller, instance: `${controller}-${host}`, clock, log, signal: stop.signal })
  const recorders = new Map(
    configuration.profiles.map(({ schedulerName }) => [schedulerName, recorderOf(schedulerName)]),
  )
  const anyRecorder = recorders.get('default-scheduler') ?? recorderOf('default-scheduler')
  const informers = createInformerFactory({ client, log, clock, signal: stop.signal })
  const cluster = clusterReader(informers)
  const podLister = informers.informer(pods, livePods).lister
  const { storage, watch: watchStorage } = storageReader({ client, informers, clock, signal: stop.signal })
  const actions = apiActions({
    client,
    recorderOf: (name) => recorders.get(name) ?? anyRecorder,
    clock,
    pods: podLister,
  })
  const { devices, watch: watchDevices } = deviceReader({
    client,
    informers,
    clock,
    signal: stop.signal,
    compileSelector: options.compileDeviceSelector ?? noSelectors,
    event: actions.event,
  })
  const extenders = configuration.extenders.map((extender) => httpExtender(extender, stop.signal))
  const nominations = new Nominations()
  const handleFor = (framework: () => Framework): PluginHandle => ({
    ...cluster.handle,
    storage,
    devices,
    verdictOn: (pod, node, snapshot) => framework().verdictOn(pod, node, snapshot),
    isLocal: (pod, snapshot) => framework().isLocal(pod, snapshot),
    nominations,
    evict: (victim, pod, nodeName) => actions.evict(victim, pod, nodeName),
    extenders: (pod) =>
      extenders.flatMap(({ name, ignorable, preempt, isInterested }) =>
        preempt !== undefined && isInterested(pod) ? [{ name, ignorable, preempt }] : [],
      ),
  })
  const profiles = createProfiles(configuration, handleFor, measured.framework)
  const cache = new SchedulerCache()
  const queue = new SchedulingQueue({
    clock,
    preEnqueue: (pod) => profiles.of(pod).preEnqueue(pod),
    hintsOf: profiles.hintsOf,
    initialBackoffMs: configuration.podInitialBackoffSeconds * 1000,
    maxBackoffMs: configuration.podMaxBackoffSeconds * 1000,
    measure: measured.queue,
  })
  const onEvent = (event: ClusterEvent, before: unknown, after: unknown): void => {
    const beganMs = performance.now()
    const label = eventLabel(event)
    queue.onEvent(event, before, after, label)
    measured.event(label, (performance.now() - beganMs) / 1000)
  }
  await Promise.all([
    cluster.synced(),
    watchCluster({
      informers,
      cache,
      nominations,
      queue,
      isOurs: (name) => profiles.names.includes(name),
      handled: measured.event,
    }),
    watchStorage(onEvent),
    watchDevices({
      event: onEvent,
      resourcesChanged: profiles.forgetAnswers,
    }),
  ])
  const scheduler = new Scheduler({
    frameworkOf: profiles.of,
    extenders,
    cache,
    nominations,
    queue,
    actions,
    metrics: measured,
    clock,
    log,
  })
  measured.observe({
    pending: () => queue.pending,
    waiting: () => queue.waiting(),
    cache: () => cache.sizes,
    bindings: () => scheduler.running,
  })
  const running =
    options.leaderElection === undefined
      ? scheduler.run(stop.signal)
      : lead({ client, clock, log, metrics, signal: stop.signal, ...options.leaderElection }, (signal) =>
          scheduler.run(signal),
        )
  return {
    metrics: () => metrics.render(),
    explain: ({ namespace, name }) => {
      const pod = podLister.get(`${namespace}/${name}`)
      return pod === undefined ? undefined : explainAnew(pod, cache, profiles)
    },
    close: async () => {
      stop.abort()
      await running
    },
  }
}

const noSelectors: CompileDeviceSelector = () => () => {
  throw new Error('this scheduler was started without the language of selectors')
}

/** A pod that has a node is taken off it for as long as the question lasts. */
function explainAnew(pod: V1Pod, cache: SchedulerCache, profiles: Profiles): Explanation {
  const { nodeName: _, ...spec } = pod.spec ?? { containers: [] }
  const info = podInfo({ ...pod, spec })
  const nodeName = cache.nodeOf(info.uid)
  const trial = nodeName === undefined ? undefined : cache.trial(nodeName)
  try {
    trial?.remove(info.uid)
    return explain(profiles.of(info).plugins, info, cache)
  } finally {
    trial?.end()
  }
}

/** Competes for the lease again whenever it was lost, until told to stop. */
async function lead(
  election: Omit<LeaderElectionOptions, 'name' | 'namespace'>,
  schedule: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  while (!election.signal.aborted)
    await runAsLeader({ ...election, name: 'kube-scheduler', namespace: 'kube-system' }, schedule)
}
