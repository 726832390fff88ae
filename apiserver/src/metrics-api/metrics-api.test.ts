import { parseResourceMetrics, type NodeReadings } from './parse-resource-metrics.ts'
import { podUsage, usageOf, UsageStore } from './usage.ts'

const text = (atMs: number, cpu: { node: number; app: number; side?: number }): string => `
# HELP container_cpu_usage_seconds_total …
container_cpu_usage_seconds_total{container="app",namespace="ns",pod="p"} ${cpu.app} ${atMs}
container_memory_working_set_bytes{container="app",namespace="ns",pod="p"} 2.097152e+06 ${atMs}
container_start_time_seconds{container="app",namespace="ns",pod="p"} 100
${cpu.side === undefined ? '' : `container_cpu_usage_seconds_total{container="side",namespace="ns",pod="p"} ${cpu.side} ${atMs}`}
node_cpu_usage_seconds_total ${cpu.node} ${atMs}
node_memory_working_set_bytes 4096 ${atMs}
rubbish {
pod_cpu_usage_seconds_total{namespace="ns",pod="p"} 3 ${atMs}
`
const at = (ms: number, cpu: { node: number; app: number; side?: number }): NodeReadings =>
  parseResourceMetrics(text(ms, cpu), 0)

describe('readings', () => {
  it('are read with their times; what is not known is skipped', () => {
    const { node, pods } = at(1_000_000, { node: 10, app: 1 })
    expect(node).toEqual({ atMs: 1_000_000, cpuSeconds: 10, memoryBytes: 4096, startedAtSeconds: 0 })
    expect(pods.get('ns/p')?.get('app')).toEqual({
      atMs: 1_000_000,
      cpuSeconds: 1,
      memoryBytes: 2_097_152,
      startedAtSeconds: 100,
    })
  })

  it('leave out a pod of which a container lacks a number', () => {
    expect(at(1000, { node: 10, app: 1, side: 1 }).pods.size).toBe(0)
  })
})

describe('usage', () => {
  const reading = (atMs: number, cpuSeconds: number, startedAtSeconds = 1) => ({
    atMs,
    cpuSeconds,
    memoryBytes: 1,
    startedAtSeconds,
  })
  it.each([
    ['is what was used between two readings', reading(0, 1), reading(15_000, 4), 200_000_000],
    ['is not told by one reading', undefined, reading(15_000, 4), undefined],
    ['is not told by the same reading twice', reading(15_000, 4), reading(15_000, 4), undefined],
    ['is not told across a restart', reading(0, 1), reading(15_000, 4, 10), undefined],
    ['is not told by a counter that began anew', reading(0, 5), reading(15_000, 4), undefined],
  ])('%s', (_rule, before, now, nanoCores) => {
    expect(usageOf(before, now)?.cpuNanoCores).toBe(nanoCores)
  })

  it('of a container that started since is what its whole life took', () => {
    const now = new Map([['app', reading(31_000, 3, 1)]])
    expect(podUsage(undefined, now)?.containers[0]?.usage).toMatchObject({
      windowMs: 30_000,
      cpuNanoCores: 100_000_000,
    })
    expect(podUsage(undefined, new Map([['app', reading(2000, 3, 1)]]))).toBeUndefined()
  })

  it('is kept of the last two scrapes, and of nodes that are there', () => {
    const store = new UsageStore()
    store.add('a', at(1_000_000, { node: 10, app: 1 }))
    expect(store.node('a')).toBeUndefined()
    store.add('a', at(1_015_000, { node: 25, app: 2.5 }))
    store.add('a', at(1_015_000, { node: 25, app: 2.5 }))
    expect(store.node('a')).toEqual({
      atMs: 1_015_000,
      windowMs: 15_000,
      cpuNanoCores: 1_000_000_000,
      memoryBytes: 4096,
    })
    expect(store.pod('a', 'ns/p')?.containers).toMatchObject([{ name: 'app', usage: { cpuNanoCores: 100_000_000 } }])
    store.keep(new Set(['b']))
    expect(store.node('a')).toBeUndefined()
  })
})
