import type { Clock } from '@kapell/controllers/machinery/clock'
import { createMetrics, type Histogram, type Metrics } from '@kapell/controllers/machinery/metrics'
import type { FamilyName } from './family.ts'

/** What one family's proxy tells of its work. Names and buckets are those of upstream's kube-proxy. */
export interface FamilyTelemetry {
  /** Something waits to be written. */
  queued(): void
  /** All that waited is in the kernel. `full`: the whole table was written. */
  synced(how: { seconds: number; full: boolean }): void
  failed(): void
  serviceChanged(): void
  /** `triggeredAt`: when the change that its endpoints show happened. */
  endpointsChanged(triggeredAt?: Date): void
  /** How many Services want endpoints of this node only, and have none here. */
  countNoLocal(read: (policy: 'internal' | 'external') => number): void
}

export interface ProxyTelemetry {
  readonly metrics: Metrics
  family(name: FamilyName): FamilyTelemetry
  /** Whether every change reaches the kernel in time. */
  isHealthy(): boolean
  /** Body and status of /livez, and with `nodeEligible` of /healthz. */
  report(nodeEligible?: boolean): { status: number; body: object }
}

/** How long a change may wait. Source: twice the period in which kube-proxy writes everything anew. */
const patienceMs = 60_000
const syncBuckets = Array.from({ length: 15 }, (_, at) => 0.001 * 2 ** at)
/** Source: kube-proxy's metrics: 0.25 to 1, 1 to 60 and 60 to 300 seconds, ever coarser. */
const programmingBuckets = [
  ...[0.25, 0.5],
  ...Array.from({ length: 59 }, (_, at) => at + 1),
  ...Array.from({ length: 12 }, (_, at) => 60 + 5 * at),
  ...Array.from({ length: 7 }, (_, at) => 120 + 30 * at),
]
/** Triggers that one write answers; of more, only so many are measured. */
const maxTriggers = 1000

interface State {
  /** Of the oldest change that waits. */
  waitingSince?: Date
  updatedAt?: Date
}

export function createTelemetry({ clock }: { clock: Clock }): ProxyTelemetry {
  const metrics = createMetrics()
  const states = new Map<FamilyName, State>()
  const seconds = (date: Date): number => date.getTime() / 1000
  const counter = (name: string, help: string, labels: Record<string, string> = {}) =>
    metrics.counter(`kubeproxy_${name}`, `[ALPHA] ${help}`, labels)
  const gauge = (name: string, help: string, labels: Record<string, string> = {}, read?: () => number) =>
    metrics.gauge(`kubeproxy_${name}`, `[ALPHA] ${help}`, labels, read)
  const histogram = (name: string, help: string, labels: Record<string, string>, buckets = syncBuckets): Histogram =>
    metrics.histogram(`kubeproxy_${name}`, `[ALPHA] ${help}`, labels, buckets)

  let [services, endpoints] = [0, 0]
  const changes = {
    service: counter('sync_proxy_rules_service_changes_total', 'Cumulative proxy rules Service changes'),
    endpoints: counter('sync_proxy_rules_endpoint_changes_total', 'Cumulative proxy rules Endpoint changes'),
  }
  gauge('sync_proxy_rules_service_changes_pending', 'Pending proxy rules Service changes', {}, () => services)
  gauge('sync_proxy_rules_endpoint_changes_pending', 'Pending proxy rules Endpoint changes', {}, () => endpoints)

  const isHealthyFamily = ({ waitingSince }: State): boolean =>
    waitingSince === undefined || clock.now().getTime() - waitingSince.getTime() < patienceMs
  const isHealthy = (): boolean => [...states.values()].every(isHealthyFamily)

  const family = (name: FamilyName): FamilyTelemetry => {
    const state: State = {}
    states.set(name, state)
    // Both families see the same objects: they are counted once.
    const counts = states.size === 1
    const labels = { ip_family: name }
    const all = histogram('sync_proxy_rules_duration_seconds', 'SyncProxyRules latency in seconds', labels)
    const full = histogram(
      'sync_full_proxy_rules_duration_seconds',
      'SyncProxyRules latency in seconds for full resyncs',
      labels,
    )
    const partial = histogram(
      'sync_partial_proxy_rules_duration_seconds',
      'SyncProxyRules latency in seconds for partial resyncs',
      labels,
    )
    const programming = histogram(
      'network_programming_duration_seconds',
      'In Cluster Network Programming Latency in seconds',
      labels,
      programmingBuckets,
    )
    const failures = counter(
      'sync_proxy_rules_nftables_sync_failures_total',
      'Cumulative proxy nftables sync failures',
      labels,
    )
    const queuedAt = gauge(
      'sync_proxy_rules_last_queued_timestamp_seconds',
      'The last time a sync of proxy rules was queued',
      labels,
    )
    const syncedAt = gauge(
      'sync_proxy_rules_last_timestamp_seconds',
      'The last time proxy rules were successfully synced',
      labels,
    )
    let triggers: Date[] = []
    return {
      queued: () => {
        const now = clock.now()
        state.waitingSince ??= now
        queuedAt.set(seconds(now))
      },
      synced: (how) => {
        const now = clock.now()
        delete state.waitingSince
        state.updatedAt = now
        syncedAt.set(seconds(now))
        all.observe(how.seconds)
        ;(how.full ? full : partial).observe(how.seconds)
        for (const at of triggers) programming.observe(Math.max(0, seconds(now) - seconds(at)))
        triggers = []
        if (counts) [services, endpoints] = [0, 0]
      },
      failed: () => failures.inc(),
      serviceChanged: () => {
        if (!counts) return
        changes.service.inc()
        services += 1
      },
      endpointsChanged: (triggeredAt) => {
        if (triggeredAt !== undefined && triggers.length < maxTriggers) triggers.push(triggeredAt)
        if (!counts) return
        changes.endpoints.inc()
        endpoints += 1
      },
      countNoLocal: (read) => {
        for (const policy of ['internal', 'external'] as const)
          gauge(
            'sync_proxy_rules_no_local_endpoints_total',
            'Number of services with a Local traffic policy and no endpoints',
            { ...labels, traffic_policy: policy },
            () => read(policy),
          )
      },
    }
  }

  return {
    metrics,
    family,
    isHealthy,
    report: (nodeEligible) => {
      const healthy = isHealthy()
      const now = clock.now()
      const updated = [...states.values()].map(({ updatedAt = new Date(0) }) => updatedAt.getTime())
      const good = healthy && nodeEligible !== false
      const status = good ? 200 : 503
      const what = nodeEligible === undefined ? 'livez' : 'healthz'
      counter(`proxy_${what}_total`, `Cumulative proxy ${what} HTTP status`, { code: String(status) }).inc()
      return {
        status,
        body: {
          lastUpdated: healthy ? now : new Date(Math.min(now.getTime(), ...updated)),
          currentTime: now,
          ...(nodeEligible === undefined ? {} : { nodeEligible }),
          healthy: good,
          status: Object.fromEntries(
            [...states].map(([name, state]) => [
              name,
              { lastUpdated: state.updatedAt ?? new Date(0), healthy: isHealthyFamily(state) },
            ]),
          ),
        },
      }
    },
  }
}
