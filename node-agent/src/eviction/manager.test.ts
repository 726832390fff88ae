import { FakeClock } from '@kapell/controllers/machinery/clock'
import { silentLogger } from '@kapell/controllers/machinery/log'
import type { V1Pod } from '@kapell/openapi/types'
import { testContainer, testPod } from '../pods/testing.ts'
import { createEviction } from './manager.ts'
import { noUsage } from './rank.ts'
import { parseThresholds, type Observations } from './thresholds.ts'

const Mi = 2 ** 20

function bench(pods: V1Pod[], text = 'memory.available<100Mi,nodefs.available<10%') {
  const clock = new FakeClock()
  const events: string[] = []
  let observations: Observations = {}
  let local = 0
  let freed: (() => void) | undefined
  const eviction = createEviction({
    thresholds: parseThresholds(text),
    measure: {
      observe: () => Promise.resolve(observations),
      local: () => Promise.resolve(() => ({ containers: new Map(), volumes: new Map([['v', local]]), inodes: 0 })),
      usage: () => Promise.resolve((pod) => ({ ...noUsage, memoryBytes: Number(pod.metadata?.labels?.['uses'] ?? 0) })),
    },
    pods: () => pods,
    evict: (pod, { message, graceSeconds }) =>
      void events.push(`evict ${pod.metadata?.name} in ${graceSeconds} s: ${message}`),
    reclaimDisk: () => {
      events.push('reclaim disk')
      freed?.()
      return Promise.resolve()
    },
    warn: (reason, message) => void events.push(`${reason}: ${message}`),
    changed: () => void events.push('changed'),
    clock,
    log: silentLogger,
  })
  return {
    clock,
    events,
    eviction,
    see: (next: Observations) => (observations = next),
    fill: (bytes: number) => (local = bytes),
    onReclaim: (run: () => void) => (freed = run),
  }
}
const pod = (name: string, uses = 0, spec = {}): V1Pod =>
  testPod(spec, { metadata: { name, namespace: 'ns', uid: name, labels: { uses: String(uses) } } })
const lowMemory = { 'memory.available': { available: 50 * Mi, capacity: 1000 * Mi } }

it('evicts one pod, waits for it to go, then the next', async () => {
  const pods = [pod('small', 1), pod('big', 2)]
  const { clock, events, eviction, see } = bench(pods)
  see(lowMemory)
  await eviction.look()
  const low = 'The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. '
  expect(events).toEqual(['changed', 'EvictionThresholdMet: Attempting to reclaim memory', `evict big in 1 s: ${low}`])
  expect(eviction.pressures()).toEqual(['MemoryPressure'])
  await clock.advance(10_000)
  await eviction.look()
  expect(events).toHaveLength(3)
  pods[1] = { ...pods[1]!, status: { phase: 'Failed' } }
  await eviction.look()
  expect(events.at(-1)).toBe(`evict small in 1 s: ${low}`)
})

it('makes room on the disk first, and evicts nobody when that was enough', async () => {
  const { events, eviction, see, onReclaim } = bench([pod('p')])
  see({ 'nodefs.available': { available: 1, capacity: 100 } })
  onReclaim(() => see({ 'nodefs.available': { available: 50, capacity: 100 } }))
  await eviction.look()
  expect(events).toEqual(['changed', 'EvictionThresholdMet: Attempting to reclaim ephemeral-storage', 'reclaim disk'])
  expect(eviction.pressures()).toEqual(['DiskPressure'])
})

it('a volume over its limit ends its pod though the node has plenty', async () => {
  const spec = { volumes: [{ name: 'v', emptyDir: { sizeLimit: '1Mi' } }], containers: [testContainer('c')] }
  const { events, eviction, fill } = bench([pod('p', 0, spec), pod('other')])
  await eviction.look()
  expect(events).toEqual([])
  fill(Mi + 1)
  await eviction.look()
  await eviction.look()
  expect(events).toEqual(['evict p in 1 s: Usage of EmptyDir volume "v" exceeds the limit "1Mi". '])
})

it('the pressure is over some time after it was last felt', async () => {
  const { clock, events, eviction, see } = bench([])
  see(lowMemory)
  await eviction.look()
  see({})
  await clock.advance(299_999)
  await eviction.look()
  expect(eviction.pressures()).toEqual(['MemoryPressure'])
  await clock.advance(1)
  await eviction.look()
  expect(eviction.pressures()).toEqual([])
  expect(events.filter((text) => text === 'changed')).toHaveLength(2)
})
