import type { Metrics } from '@kapell/controllers/machinery/metrics'
import type { V1Node } from '@kapell/openapi/types'
import { conditionOf } from './health.ts'
import { zoneOf } from './zones.ts'

/** Source of names, labels and buckets: "Kubernetes Metrics Reference", node_collector_*. */
export interface NodeMeasures {
  evicted(node: V1Node): void
  looked(seconds: number): void
}

/** The zone as upstream's metrics name it: empty without labels. */
export function zoneLabel(node: V1Node): string {
  const [region = '', zone = ''] = zoneOf(node).split(':')
  return region === '' && zone === '' ? '' : `${region}: :${zone}`
}

const bucketsFrom = (first: number): number[] => Array.from({ length: 8 }, (_, i) => first * 4 ** i)

export function nodeMeasures(metrics: Metrics, nodes: () => readonly V1Node[]): NodeMeasures {
  const known = new Set<string>()
  const evictions = (zone: string) =>
    metrics.counter('node_collector_evictions_total', '[STABLE] Nodes whose pods began to be evicted.', { zone })
  const looking = '[ALPHA] Time that looking at a node took.'
  const one = metrics.histogram('node_collector_update_node_health_duration_seconds', looking, {}, bucketsFrom(0.001))
  const all = metrics.histogram(
    'node_collector_update_all_nodes_health_duration_seconds',
    '[ALPHA] Time that looking at all nodes took.',
    {},
    bucketsFrom(0.01),
  )
  let round = { looked: 0, seconds: 0 }
  metrics.beforeRender(() => {
    const zones = new Map<string, { size: number; unhealthy: number }>(
      [...known].map((z) => [z, { size: 0, unhealthy: 0 }]),
    )
    for (const node of nodes()) {
      const name = zoneLabel(node)
      known.add(name)
      const zone = zones.get(name) ?? { size: 0, unhealthy: 0 }
      zone.size++
      if (conditionOf(node, 'Ready')?.status !== 'True') zone.unhealthy++
      zones.set(name, zone)
    }
    for (const [zone, { size, unhealthy }] of zones) {
      evictions(zone)
      const gauge = (name: string, help: string, value: number): void =>
        metrics.gauge(`node_collector_${name}`, help, { zone }).set(value)
      gauge('zone_size', '[ALPHA] Nodes of a zone.', size)
      gauge('unhealthy_nodes_in_zone', '[ALPHA] Nodes of a zone that are not ready.', unhealthy)
      gauge(
        'zone_health',
        '[ALPHA] Ready nodes of a zone, in percent.',
        size === 0 ? 100 : (100 * (size - unhealthy)) / size,
      )
    }
  })
  return {
    evicted: (node) => evictions(zoneLabel(node)).inc(),
    looked: (seconds) => {
      one.observe(seconds)
      // Nodes are looked at one by one: a round is as many looks as there are nodes.
      round = { looked: round.looked + 1, seconds: round.seconds + seconds }
      if (round.looked < nodes().length) return
      all.observe(round.seconds)
      round = { looked: 0, seconds: 0 }
    },
  }
}
