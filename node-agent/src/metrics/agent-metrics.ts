import { createMetrics, type Metrics } from '@kapell/controllers/machinery/metrics'

/** Upstream's buckets, in seconds. */
const usual = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const runtimeBuckets = Array.from({ length: 14 }, (_, i) => 0.005 * 2.5 ** i)
const startBuckets = [
  0.5, 1, 2, 3, 4, 5, 6, 8, 10, 20, 30, 45, 60, 120, 180, 240, 300, 360, 480, 600, 900, 1200, 1800, 2700, 3600,
]
const statusBuckets = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 20, 30, 45, 60]
const storageBuckets = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 25, 50, 120, 300, 600]

export interface ProbeOutcome {
  namespace: string
  pod: string
  podUid: string
  container: string
  type: 'Startup' | 'Readiness' | 'Liveness'
  result: 'successful' | 'failed' | 'unknown'
  seconds: number
}

/** What the parts of an agent count, by upstream's names. Source: "Kubernetes Metrics Reference", kubelet_*. */
export interface AgentMetrics {
  /** For what is told when it is asked for. */
  readonly registry: Metrics
  runtimeOperation(operation: string, seconds: number, failed: boolean): void
  sandboxRun(handler: string, seconds: number, failed: boolean): void
  containerStarted(type: string): void
  /** `code`: the reason that the container's status gives. */
  containerFailed(type: string, code: string): void
  podWorked(operation: string, seconds: number): void
  podStarted(seconds: number, containers: number): void
  statusSynced(seconds: number): void
  relisted(seconds: number, atMs: number): void
  rejected(reason: string): void
  evicted(signal: string): void
  volumeSetUp(plugin: string, seconds: number, failed: boolean): void
  request(method: string, path: string, longRunning: boolean): void
  probed(outcome: ProbeOutcome): void
  /** The pod is gone: nothing is told of its probes any more. */
  forgetProbes(podUid: string): void
  /** Text of /metrics/probes. */
  renderProbes(): string
}

export function createAgentMetrics(): AgentMetrics {
  const registry = createMetrics()
  const probes = new Map<string, { outcomes: Map<string, number>; first: ProbeOutcome; times: Times }>()
  const started = Math.floor(Date.now() / 1000 - process.uptime())
  const count = (name: string, help: string, labels: Record<string, string> = {}): void =>
    registry.counter(name, help, labels).inc()
  const time = (
    name: string,
    help: string,
    { labels = {}, buckets = usual, seconds }: { labels?: Record<string, string>; buckets?: number[]; seconds: number },
  ): void => registry.histogram(name, help, labels, buckets).observe(seconds)
  let relistedAtMs: number | undefined

  return {
    registry,
    runtimeOperation: (operation, seconds, failed) => {
      const labels = { operation_type: operation }
      count('kubelet_runtime_operations_total', 'Calls of the container runtime, by operation.', labels)
      if (failed) count('kubelet_runtime_operations_errors_total', 'Such calls that failed.', labels)
      const name = 'kubelet_runtime_operations_duration_seconds'
      time(name, 'How long calls of the container runtime took.', { labels, buckets: runtimeBuckets, seconds })
    },
    sandboxRun: (handler, seconds, failed) => {
      const labels = { runtime_handler: handler }
      count('kubelet_started_pods_total', 'Sandboxes that were to be started.')
      if (failed) {
        count('kubelet_started_pods_errors_total', 'Sandboxes that could not be started.')
        count('kubelet_run_podsandbox_errors_total', 'Sandboxes that could not be started, by handler.', labels)
      } else time('kubelet_run_podsandbox_duration_seconds', 'How long sandboxes took to start.', { labels, seconds })
    },
    containerStarted: (type) =>
      count('kubelet_started_containers_total', 'Containers that were to be started.', { container_type: type }),
    containerFailed: (type, code) =>
      count('kubelet_started_containers_errors_total', 'Containers that could not be started, by reason.', {
        container_type: type,
        code,
      }),
    podWorked: (operation, seconds) =>
      time('kubelet_pod_worker_duration_seconds', 'How long one step of a pod took.', {
        labels: { operation_type: operation },
        seconds,
      }),
    podStarted: (seconds, containers) => {
      time('kubelet_pod_start_duration_seconds', 'From when a pod was first seen until all of it ran.', {
        buckets: startBuckets,
        seconds,
      })
      registry
        .histogram('kubelet_containers_per_pod_count', 'Containers that pods have.', {}, [1, 2, 4, 8, 16])
        .observe(containers)
    },
    statusSynced: (seconds) =>
      time('kubelet_pod_status_sync_duration_seconds', 'From a change of a status until the API has it.', {
        buckets: statusBuckets,
        seconds,
      }),
    relisted: (seconds, atMs) => {
      time('kubelet_pleg_relist_duration_seconds', 'How long listing everything of the runtime took.', { seconds })
      const help = 'Time between such listings.'
      if (relistedAtMs !== undefined)
        time('kubelet_pleg_relist_interval_seconds', help, { seconds: (atMs - relistedAtMs) / 1000 })
      relistedAtMs = atMs
      registry.gauge('kubelet_pleg_last_seen_seconds', 'When everything was last listed.', {}).set(atMs / 1000)
    },
    rejected: (reason) => count('kubelet_admission_rejections_total', 'Pods that the node refused.', { reason }),
    evicted: (signal) => count('kubelet_evictions', 'Pods that were evicted.', { eviction_signal: signal }),
    volumeSetUp: (plugin, seconds, failed) =>
      time('storage_operation_duration_seconds', 'How long volumes took to be made ready.', {
        labels: {
          migrated: 'false',
          operation_name: 'volume_mount',
          status: failed ? 'fail-unknown' : 'success',
          volume_plugin: plugin,
        },
        buckets: storageBuckets,
        seconds,
      }),
    request: (method, path, longRunning) =>
      count('kubelet_http_requests_total', "Requests to this agent's server.", {
        long_running: String(longRunning),
        method,
        path,
        server_type: 'readwrite',
      }),
    probed: (outcome) => {
      const key = `${outcome.podUid} ${outcome.container} ${outcome.type}`
      let entry = probes.get(key)
      if (entry === undefined) probes.set(key, (entry = { outcomes: new Map(), first: outcome, times: new Times() }))
      entry.outcomes.set(outcome.result, (entry.outcomes.get(outcome.result) ?? 0) + 1)
      entry.times.observe(outcome.seconds)
    },
    forgetProbes: (podUid) => {
      for (const key of probes.keys()) if (key.startsWith(`${podUid} `)) probes.delete(key)
    },
    renderProbes: () => {
      const out = createMetrics()
      for (const { outcomes, first, times } of probes.values()) {
        const { namespace, pod, container, type } = first
        const labels = { container, namespace, pod, probe_type: type }
        for (const [result, value] of outcomes)
          out
            .counter('prober_probe_total', 'Probes of containers, by result.', {
              ...labels,
              pod_uid: first.podUid,
              result,
            })
            .inc(value)
        const held = out.histogram('prober_probe_duration_seconds', 'How long probes took.', labels, usual)
        times.copyTo(held)
      }
      out.gauge('process_start_time_seconds', 'When this process started.', {}, () => started)
      return out.render()
    },
  }
}

/** Times within the usual buckets, kept so that they can be forgotten with their pod. */
class Times {
  readonly #counts = new Map<number, { count: number; sum: number }>()
  observe(seconds: number): void {
    const bucket = usual.find((le) => seconds <= le) ?? Infinity
    const entry = this.#counts.get(bucket) ?? { count: 0, sum: 0 }
    entry.count++
    entry.sum += seconds
    this.#counts.set(bucket, entry)
  }
  /** Each bucket's mean stands for what is in it: buckets, sum and count come out the same. */
  copyTo(held: { observe(value: number): void }): void {
    for (const { count, sum } of this.#counts.values()) for (let i = 0; i < count; i++) held.observe(sum / count)
  }
}
