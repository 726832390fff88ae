import { createMetrics } from '@kapell/controllers/machinery/metrics'
import type { V1Node } from '@kapell/openapi/types'
import { gracePeriodMs, observe, unknownConditions } from './health.ts'
import { hasEviction, wantedEviction, wantedNoSchedule, withEviction } from './taints.ts'
import { EvictionAllowance, evictionRates } from './zones.ts'
import { nodeMeasures } from './measures.ts'

const node = (conditions: Record<string, string>, spec: V1Node['spec'] = {}, zone?: string): V1Node => ({
  metadata: { name: 'n', ...(zone === undefined ? {} : { labels: { 'topology.kubernetes.io/zone': zone } }) },
  spec,
  status: {
    conditions: Object.entries(conditions).map(([type, status]) => ({
      type,
      status,
      lastHeartbeatTime: '2026-01-01T00:00:00Z',
    })),
  },
})
const noSchedule = (key: string) => ({ key: `node.kubernetes.io/${key}`, effect: 'NoSchedule' as const })

describe('health', () => {
  it('counts a renewed lease as a sign of life', () => {
    const first = observe(undefined, node({ Ready: 'True' }), 't1', 0)
    expect(observe(first, node({ Ready: 'True' }), 't1', 5000).seenAtMs).toBe(0)
    expect(observe(first, node({ Ready: 'True' }), 't2', 5000).seenAtMs).toBe(5000)
  })

  it('calls everything a silent node vouched for Unknown, once the grace period is over', () => {
    const seen = observe(undefined, node({ Ready: 'True' }), 't1', 0)
    const on = node({ Ready: 'True', DiskPressure: 'False' })
    expect(unknownConditions(on, seen, gracePeriodMs - 1, 'now')).toBeUndefined()
    const changed = unknownConditions(on, seen, gracePeriodMs, 'now') ?? []
    expect(changed.map(({ type, reason }) => `${type} ${reason}`)).toEqual([
      'Ready NodeStatusUnknown',
      'MemoryPressure NodeStatusNeverUpdated',
      'DiskPressure NodeStatusUnknown',
      'PIDPressure NodeStatusNeverUpdated',
    ])
  })
})

describe('taints by condition', () => {
  it.each<[string, V1Node, string[]]>([
    ['a ready node has none', node({ Ready: 'True' }), []],
    ['not ready', node({ Ready: 'False' }), ['not-ready']],
    ['unreachable', node({ Ready: 'Unknown' }), ['unreachable']],
    [
      'pressure',
      node({ Ready: 'True', MemoryPressure: 'True', PIDPressure: 'True' }),
      ['memory-pressure', 'pid-pressure'],
    ],
    ['cordoned', node({ Ready: 'True' }, { unschedulable: true }), ['unschedulable']],
    ['what no longer holds goes', node({ Ready: 'True' }, { taints: [noSchedule('not-ready')] }), []],
  ])('%s', (_rule, on, keys) => {
    expect(wantedNoSchedule(on, 't')).toEqual(keys.map((key) => ({ ...noSchedule(key), timeAdded: 't' })))
  })

  it("leaves others' taints alone, and changes nothing needlessly", () => {
    const mine = { key: 'mine', effect: 'NoSchedule' as const }
    const on = node({ Ready: 'True' }, { taints: [mine] })
    expect(wantedNoSchedule(on, 't')).toBe(on.spec?.taints)
  })

  it('swaps the eviction taint as Ready goes from False to Unknown and back to True', () => {
    const evicting = withEviction([], wantedEviction(node({ Ready: 'False' })), 't')
    expect(evicting).toEqual([{ key: 'node.kubernetes.io/not-ready', effect: 'NoExecute', timeAdded: 't' }])
    const unreachable = withEviction(evicting, wantedEviction(node({ Ready: 'Unknown' })), 'u')
    expect(unreachable).toEqual([{ key: 'node.kubernetes.io/unreachable', effect: 'NoExecute', timeAdded: 'u' }])
    expect(withEviction(unreachable, wantedEviction(node({ Ready: 'True' })), 'v')).toEqual([])
    expect(hasEviction(node({ Ready: 'False' }, { taints: evicting }), 'node.kubernetes.io/not-ready')).toBe(true)
  })
})

describe('evictionRates', () => {
  const many = (count: number, ready: string, zone: string): V1Node[] =>
    Array.from({ length: count }, () => node({ Ready: ready }, {}, zone))
  it.each<[string, V1Node[], Record<string, number>]>([
    ['a healthy zone', many(3, 'True', 'a'), { ':a': 0.1 }],
    [
      'everything is down: nothing is evicted',
      [...many(3, 'Unknown', 'a'), ...many(1, 'Unknown', 'b')],
      { ':a': 0, ':b': 0 },
    ],
    [
      'one zone is down, another is not',
      [...many(3, 'Unknown', 'a'), ...many(1, 'True', 'b')],
      { ':a': 0.1, ':b': 0.1 },
    ],
    ['a small zone, much of it unwell', [...many(6, 'Unknown', 'a'), ...many(4, 'True', 'a')], { ':a': 0 }],
    ['a large one', [...many(60, 'Unknown', 'a'), ...many(40, 'True', 'a')], { ':a': 0.01 }],
  ])('%s', (_rule, nodes, expected) => {
    expect(Object.fromEntries(evictionRates(nodes))).toEqual(expected)
  })

  it('lets one eviction begin at a time', () => {
    const allowance = new EvictionAllowance()
    expect([0, 5000, 10_000].map((nowMs) => allowance.take('a', 0.1, nowMs))).toEqual([true, false, true])
  })
})

it("zones and evictions are told of by upstream's names", () => {
  const metrics = createMetrics()
  const labels = { 'topology.kubernetes.io/region': 'r', 'topology.kubernetes.io/zone': 'z' }
  const zoned = (ready: string): V1Node => ({ ...node({ Ready: ready }), metadata: { labels } })
  const nodes = [zoned('True'), zoned('False')]
  const measures = nodeMeasures(metrics, () => nodes)
  measures.evicted(nodes[1]!)
  measures.looked(0.001)
  measures.looked(0.001)
  const text = metrics.render()
  for (const line of [
    'node_collector_evictions_total{zone="r: :z"} 1',
    'node_collector_zone_size{zone="r: :z"} 2',
    'node_collector_unhealthy_nodes_in_zone{zone="r: :z"} 1',
    'node_collector_zone_health{zone="r: :z"} 50',
    'node_collector_update_node_health_duration_seconds_count 2',
    'node_collector_update_all_nodes_health_duration_seconds_count 1',
  ])
    expect(text).toContain(`${line}\n`)
})
