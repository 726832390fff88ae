import type { V1Node, V1Pod } from '@kapell/openapi/types'
import { realClock } from '@kapell/controllers/machinery/clock'
import { createMetrics } from '@kapell/controllers/machinery/metrics'
import { SchedulerCache } from '@kapell/scheduler/cache'
import { Nominations } from '@kapell/scheduler/framework/nominations'
import { podInfo } from '@kapell/scheduler/framework/pod-info'
import { Framework } from '@kapell/scheduler/framework/runtime'
import { schedulerMetrics } from '@kapell/scheduler/metrics'
import { defaultPlugins } from '@kapell/scheduler/plugins/index'
import { SchedulingQueue } from '@kapell/scheduler/queue/scheduling-queue'
import { Scheduler } from '@kapell/scheduler/scheduler'
import { silentLog } from '../../suites/silent-log.ts'

/**
 * The scheduler whole, with an API server that takes no time: bindings and evictions are confirmed in the next turn of
 * the event loop, as a watch would. What it measures is the scheduler's own work.
 */
export class InProcessScheduler {
  readonly #cache = new SchedulerCache()
  readonly #nominations = new Nominations()
  readonly #queue: SchedulingQueue
  readonly #scheduler: Scheduler
  readonly #pods = new Map<string, V1Pod>()
  readonly #namespaceLabels: (name: string) => Readonly<Record<string, string>> | undefined
  readonly #stop = new AbortController()
  readonly #running: Promise<void>
  #bound = 0
  #failed = 0
  #wanted: { count: number; done: () => void } | undefined

  constructor(options: { namespaceLabels?: (name: string) => Readonly<Record<string, string>> | undefined } = {}) {
    this.#namespaceLabels = options.namespaceLabels ?? (() => ({}))
    const metrics = schedulerMetrics(createMetrics())
    const framework: Framework = new Framework(
      defaultPlugins({
        namespaceLabels: (name) => this.#namespaceLabels(name),
        namespacesGeneration: () => 0,
        serviceSelectors: () => [],
        controllerSelector: () => undefined,
        budgets: () => ({ all: [], generation: 0 }),
        verdictOn: (pod, node, snapshot) => framework.verdictOn(pod, node, snapshot),
        isLocal: (pod, snapshot) => framework.isLocal(pod, snapshot),
        nominations: this.#nominations,
        evict: (victim) => Promise.resolve().then(() => this.remove(victim.pod)),
      }),
      { measure: metrics.framework('default-scheduler') },
    )
    const hints = new Map(framework.plugins.map(({ plugin }) => [plugin.name, plugin.queueingHints ?? []]))
    this.#queue = new SchedulingQueue({
      clock: realClock,
      preEnqueue: (pod) => framework.preEnqueue(pod),
      hintsOf: () => hints,
      initialBackoffMs: 1,
      maxBackoffMs: 10,
      measure: metrics.queue,
    })
    this.#scheduler = new Scheduler({
      frameworkOf: () => framework,
      cache: this.#cache,
      nominations: this.#nominations,
      queue: this.#queue,
      metrics,
      clock: realClock,
      log: silentLog,
      actions: {
        bind: ({ pod }, nodeName) => Promise.resolve().then(() => this.#confirm(pod, nodeName)),
        current: ({ key }) => this.#pods.get(key),
        setUnschedulable: (pod, { nominatedNodeName }) => {
          this.#failed++
          if (nominatedNodeName === undefined) return Promise.resolve()
          const nominated = { ...pod, status: { ...pod.status, nominatedNodeName } }
          this.#pods.set(podInfo(pod).key, nominated)
          this.#queue.update(podInfo(nominated), false)
          return Promise.resolve()
        },
        nominate: () => Promise.resolve(),
        event: () => undefined,
      },
    })
    this.#running = this.#scheduler.run(this.#stop.signal)
  }

  /** How many attempts ended without a node. */
  get failed(): number {
    return this.#failed
  }

  addNode(node: V1Node): void {
    this.#cache.setNode(node)
    this.#queue.onEvent('NodeAdd', undefined, node)
  }

  addPod(pod: V1Pod): void {
    const info = podInfo(pod)
    this.#pods.set(info.key, pod)
    this.#queue.add(info)
  }

  remove(pod: V1Pod): void {
    const { key, uid } = podInfo(pod)
    this.#pods.delete(key)
    this.#queue.delete(uid)
    this.#cache.removePod(uid)
    this.#queue.onEvent('AssignedPodDelete', pod)
  }

  /** Resolves when so many more pods are bound. */
  bound(count: number): Promise<void> {
    return new Promise((done) => {
      this.#wanted = { count: this.#bound + count, done }
    })
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  #confirm(pod: V1Pod, nodeName: string): void {
    const bound: V1Pod = { ...pod, spec: { containers: [], ...pod.spec, nodeName } }
    const info = podInfo(bound)
    if (!this.#pods.has(info.key)) return
    this.#pods.set(info.key, bound)
    this.#nominations.delete(info.uid)
    this.#cache.setPod(info, nodeName)
    this.#queue.onEvent('AssignedPodAdd', undefined, bound)
    this.#bound++
    if (this.#wanted !== undefined && this.#bound >= this.#wanted.count) this.#wanted.done()
  }
}
