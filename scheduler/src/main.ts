import { Registry } from 'prom-client'
import { realClock, type Clock } from '@kapell/controllers/machinery/clock'
import { createClient } from '@kapell/controllers/machinery/create-client'
import { createEventRecorder } from '@kapell/controllers/machinery/event-recorder'
import { createInformerFactory } from '@kapell/controllers/machinery/informer-factory'
import { runAsLeader, type LeaderElectionOptions } from '@kapell/controllers/machinery/leader-election'
import type { Logger } from '@kapell/controllers/machinery/log'
import { pods } from '@kapell/openapi/meta/refs'
import type { Transport } from '@kapell/openapi/wire/transport'
import { apiActions } from './actions.ts'
import { SchedulerCache } from './cache.ts'
import { clusterReader } from './cluster-reader.ts'
import { Nominations } from './framework/nominations.ts'
import { Framework } from './framework/runtime.ts'
import { schedulerMetrics } from './metrics.ts'
import { defaultPlugins } from './plugins/index.ts'
import { SchedulingQueue } from './queue/scheduling-queue.ts'
import { Scheduler } from './scheduler.ts'
import { storageReader } from './storage-reader.ts'
import { livePods, watchCluster } from './watch-cluster.ts'

export interface SchedulerOptions {
  /** As system:kube-scheduler. */
  transport: Transport
  log: Logger
  clock?: Clock
  /** Pods with this schedulerName are ours. */
  schedulerName?: string
  registry?: Registry
  /** Several schedulers of one cluster: only the holder of the lease schedules, the others keep their caches warm. */
  leaderElection?: { identity: string }
}

export interface RunningScheduler {
  readonly registry: Registry
  /** Resolves when nothing of it runs any more; a binding that is under way ends first. */
  close(): Promise<void>
}

/** Starts the scheduler; resolves when it knows the cluster and schedules. */
export async function startScheduler(options: SchedulerOptions): Promise<RunningScheduler> {
  const { log, clock = realClock, schedulerName = 'default-scheduler', registry = new Registry() } = options
  const stop = new AbortController()
  const client = createClient(options.transport)
  const recorder = createEventRecorder({ client, component: schedulerName, clock, log, signal: stop.signal })
  const informers = createInformerFactory({ client, log, clock, signal: stop.signal })
  const cluster = clusterReader(informers)
  const { storage, watch: watchStorage } = storageReader({ client, informers, clock, signal: stop.signal })
  const podLister = informers.informer(pods, livePods).lister
  const actions = apiActions({ client, recorder, clock, pods: podLister })
  const nominations = new Nominations()
  const framework: Framework = new Framework(
    defaultPlugins({
      ...cluster.handle,
      storage,
      fitsOn: (pod, node, snapshot) => framework.verdictOn(pod, node, snapshot) === undefined,
      isLocal: (pod, snapshot) => framework.isLocal(pod, snapshot),
      nominated: (nodeName) => ({ pods: nominations.on(nodeName), generation: nominations.generation(nodeName) }),
      evict: (victim, pod, nodeName) => actions.evict(victim, pod, nodeName),
    }),
  )
  const cache = new SchedulerCache()
  const queue = new SchedulingQueue({
    clock,
    preEnqueue: (pod) => framework.preEnqueue(pod),
    hints: new Map(framework.plugins.map(({ plugin }) => [plugin.name, plugin.queueingHints ?? []])),
  })
  const metrics = schedulerMetrics(registry, () => queue.pending)
  await Promise.all([
    cluster.synced(),
    watchCluster({ informers, cache, nominations, queue, schedulerName }),
    watchStorage((event, before, after) => queue.onEvent(event, before, after)),
  ])
  const scheduler = new Scheduler({ framework, cache, nominations, queue, actions, metrics, clock, log })
  const running =
    options.leaderElection === undefined
      ? scheduler.run(stop.signal)
      : lead({ client, clock, log, signal: stop.signal, ...options.leaderElection }, (signal) => scheduler.run(signal))
  return {
    registry,
    close: async () => {
      stop.abort()
      await running
    },
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
