import type { Metrics } from '@kapell/controllers/machinery/metrics'
import type { V1EndpointSlice, V1Service } from '@kapell/openapi/types'
import { maxEndpointsPerSlice, type SlicePlan } from './reconcile.ts'

/** Source of names, labels and buckets: "Kubernetes Metrics Reference", endpoint_slice_controller_*. */
export interface SliceMeasures {
  synced(result: 'success' | 'error' | 'stale'): void
  planned(service: V1Service, existing: readonly V1EndpointSlice[], plan: SlicePlan): void
  gone(serviceKey: string): void
}

const buckets = Array.from({ length: 15 }, (_, i) => 2 ** (i + 1))
const perSync = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const prefix = 'endpoint_slice_controller'

interface Holding {
  slices: number
  wanted: number
  endpoints: number
  distribution: string | undefined
}

export function sliceMeasures(metrics: Metrics): SliceMeasures {
  const holdings = new Map<string, Holding>()
  const sum = (of: (holding: Holding) => number): number => {
    let total = 0
    for (const holding of holdings.values()) total += of(holding)
    return total
  }
  const gauge = (name: string, help: string, of: (holding: Holding) => number): unknown =>
    metrics.gauge(`${prefix}_${name}`, help, {}, () => sum(of))
  gauge('num_endpoint_slices', '[BETA] EndpointSlices there are.', ({ slices }) => slices)
  gauge('desired_endpoint_slices', '[BETA] EndpointSlices that would be enough.', ({ wanted }) => wanted)
  gauge('endpoints_desired', '[BETA] Endpoints there are to be.', ({ endpoints }) => endpoints)
  metrics.beforeRender(() => {
    for (const distribution of ['PreferClose', 'PreferSameNode', 'PreferSameZone']) {
      const count = sum((holding) => Number(holding.distribution === distribution))
      const labels = { traffic_distribution: distribution }
      const help = '[BETA] Services, by the distribution of traffic they ask for.'
      if (count > 0) metrics.gauge(`${prefix}_services_count_by_traffic_distribution`, help, labels).set(count)
      else metrics.forget(`${prefix}_services_count_by_traffic_distribution`, labels)
    }
  })
  const added = metrics.histogram(`${prefix}_endpoints_added_per_sync`, '[BETA] Endpoints added a sync.', {}, buckets)
  const removed = metrics.histogram(
    `${prefix}_endpoints_removed_per_sync`,
    '[BETA] Endpoints gone a sync.',
    {},
    buckets,
  )
  const changes = (operation: string, by: number): void => {
    if (by > 0) metrics.counter(`${prefix}_changes`, '[ALPHA] Writes of EndpointSlices.', { operation }).inc(by)
  }
  const addressesOf = (slices: readonly V1EndpointSlice[]): string[] =>
    slices.flatMap(({ endpoints }) => (endpoints ?? []).map(({ addresses }) => addresses[0] ?? ''))
  return {
    synced: (result) => metrics.counter(`${prefix}_syncs`, '[ALPHA] Syncs of Services.', { result }).inc(),
    planned: (service, existing, plan) => {
      const names = new Set([...plan.update, ...plan.delete].map(({ metadata }) => metadata?.name))
      const after = [...existing.filter(({ metadata }) => !names.has(metadata?.name)), ...plan.update, ...plan.create]
      const [before, now] = [addressesOf(existing), addressesOf(after)]
      const [had, has] = [new Set(before), new Set(now)]
      added.observe(now.filter((address) => !had.has(address)).length)
      removed.observe(before.filter((address) => !has.has(address)).length)
      changes('create', plan.create.length)
      changes('update', plan.update.length)
      changes('delete', plan.delete.length)
      const { trafficDistribution = '' } = service.spec ?? {}
      const auto = service.metadata?.annotations?.['service.kubernetes.io/topology-mode'] === 'Auto'
      const labels = { topology: auto ? 'Auto' : 'Disabled', traffic_distribution: trafficDistribution }
      const help = '[ALPHA] EndpointSlices changed a sync.'
      metrics
        .histogram(`${prefix}_endpointslices_changed_per_sync`, help, labels, perSync)
        .observe(plan.create.length + plan.update.length + plan.delete.length)
      holdings.set(`${service.metadata?.namespace}/${service.metadata?.name}`, {
        slices: after.length,
        wanted: Math.max(Math.ceil(now.length / maxEndpointsPerSlice), 1),
        endpoints: now.length,
        distribution: trafficDistribution === '' ? undefined : trafficDistribution,
      })
    },
    gone: (key) => void holdings.delete(key),
  }
}
