import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Clock } from '@kapell/controllers/machinery/clock'
import { defineController } from '@kapell/controllers/machinery/controller'
import type { EventRecorder } from '@kapell/controllers/machinery/event-recorder'
import type { Lister } from '@kapell/controllers/machinery/store'
import { leases, nodes, pods } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import { rfc3339 } from '@kapell/openapi/meta/time'
import type { V1Lease, V1Node, V1Pod, V1Taint } from '@kapell/openapi/types'
import { conditionOf, observe, unknownConditions, type Observed } from './health.ts'
import { nodeMeasures, type NodeMeasures } from './measures.ts'
import { markPodsNotReady } from './pods-not-ready.ts'
import { hasEviction, wantedEviction, wantedNoSchedule, withEviction } from './taints.ts'
import { EvictionAllowance, evictionRates, zoneOf } from './zones.ts'

interface Dependencies {
  client: ApiClient
  clock: Clock
  events: EventRecorder
  nodes: Lister<V1Node>
  leases: Lister<V1Lease>
  pods: Lister<V1Pod>
  observed: Map<string, Observed & { node: V1Node }>
  allowance: EvictionAllowance
  measures: NodeMeasures
}

/** How often each node is looked at when nothing wakes this controller. */
const lookMs = 5000
const byNode = 'spec.nodeName'

/**
 * Notices nodes that have gone silent, keeps taints in step with conditions, and begins evictions no faster than zones
 * allow. Source: "Nodes", "Heartbeats"; KEP-589, KEP-382.
 */
export const nodeLifecycleController = defineController<Dependencies, V1Node>({
  name: 'node-controller',
  queue: 'node_lifecycle_controller',
  primary: nodes,
  workers: 4,
  setup: ({ client, clock, events, lister, informer, metrics }) => ({
    measures: nodeMeasures(metrics, () => lister(nodes).list()),
    client,
    clock,
    events,
    nodes: lister(nodes),
    leases: lister(leases, { namespace: 'kube-node-lease' }),
    pods: informer(pods, { indexers: { [byNode]: (pod) => [pod.spec?.nodeName ?? ''] } }).lister,
    observed: new Map<string, Observed & { node: V1Node }>(),
    allowance: new EvictionAllowance(),
  }),
  reconcile: async (name, dependencies) => {
    const { clock, observed } = dependencies
    const node = dependencies.nodes.get(name)
    const { events } = dependencies
    const before = observed.get(name)
    if (node === undefined) {
      observed.delete(name)
      if (before !== undefined) tellOf(events, before.node, 'RemovingNode', `Removing Node ${name} from Controller`)
      return
    }
    if (before === undefined) tellOf(events, node, 'RegisteredNode', `Registered Node ${name} in Controller`)
    const nowMs = clock.now().getTime()
    const renewed = dependencies.leases.get(`kube-node-lease/${name}`)?.spec?.renewTime
    const start = performance.now()
    const seen = { ...observe(before, node, renewed, nowMs), node }
    observed.set(name, seen)
    const judged = (await markSilent(node, seen, dependencies)) ?? node
    dependencies.measures.looked((performance.now() - start) / 1000)
    await keepTaints(judged, dependencies)
    await keepLabels(judged, dependencies)
    return { afterMs: lookMs }
  },
})

/** Puts Unknown where a silent node's word no longer counts; the node as written, when that was needed. */
async function markSilent(node: V1Node, seen: Observed, dependencies: Dependencies): Promise<V1Node | undefined> {
  const { client, clock, events, pods: podLister } = dependencies
  const now = clock.now()
  const changed = unknownConditions(node, seen, now.getTime(), rfc3339(now))
  if (changed === undefined) return undefined
  const wasReady = conditionOf(node, 'Ready')?.status === 'True'
  const others = (node.status?.conditions ?? []).filter(({ type }) => !changed.some((c) => c.type === type))
  const next = { ...node, status: { ...node.status, conditions: [...others, ...changed] } }
  const written = await client.resource(nodes).updateStatus(next)
  if (wasReady) {
    const name = node.metadata?.name ?? ''
    events.event(node, 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`)
    await markPodsNotReady({ pods: podLister.byIndex(byNode, name), client, clock, events })
  }
  return written
}

function tellOf(events: EventRecorder, node: V1Node, reason: string, what: string): void {
  events.event(node, 'Normal', reason, `Node ${node.metadata?.name} event: ${what}`)
}

/** Labels by their old names say what those by the new ones say, for who still selects by them. */
async function keepLabels(node: V1Node, { client }: Dependencies): Promise<void> {
  const { name = '', labels = {} } = node.metadata ?? {}
  const missing: Record<string, string> = {}
  for (const kind of ['os', 'arch']) {
    const value = labels[`kubernetes.io/${kind}`]
    if (value !== undefined && labels[`beta.kubernetes.io/${kind}`] !== value)
      missing[`beta.kubernetes.io/${kind}`] = value
  }
  if (Object.keys(missing).length === 0) return
  try {
    await client.resource(nodes).patch(name, 'strategic', { metadata: { labels: missing } })
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
  }
}

async function keepTaints(node: V1Node, dependencies: Dependencies): Promise<void> {
  const { client, clock, allowance, nodes: lister } = dependencies
  const wanted = wantedEviction(node)
  let taints: V1Taint[] = wantedNoSchedule(node, rfc3339(clock.now()))
  if (!hasEviction(node, wanted)) {
    const rate = evictionRates(lister.list()).get(zoneOf(node)) ?? 0
    const may = wanted === undefined || allowance.take(zoneOf(node), rate, clock.now().getTime())
    if (may) taints = withEviction(taints, wanted, rfc3339(clock.now()))
    if (may && wanted !== undefined) dependencies.measures.evicted(node)
  }
  if (taints === (node.spec?.taints ?? []) || sameTaints(taints, node.spec?.taints ?? [])) return
  const { resourceVersion, name = '' } = node.metadata ?? {}
  const patch = { metadata: { resourceVersion }, spec: { taints: taints.length === 0 ? null : taints } }
  try {
    await client.resource(nodes).patch(name, 'merge', patch)
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
  }
}

function sameTaints(a: readonly V1Taint[], b: readonly V1Taint[]): boolean {
  return a.length === b.length && a.every((taint, i) => JSON.stringify(taint) === JSON.stringify(b[i]))
}
