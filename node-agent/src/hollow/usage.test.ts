import type { V1Pod } from '@kapell/openapi/types'
import { UsageMeter } from './usage.ts'

const pod = (name: string, script: Record<string, string>, more: { owner?: string; phase?: string } = {}): V1Pod => ({
  metadata: {
    name,
    namespace: 'a',
    uid: name,
    annotations: Object.fromEntries(Object.entries(script).map(([k, v]) => [`hollow.kapell.io/${k}`, v])),
    ...(more.owner === undefined
      ? {}
      : { ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'x', uid: more.owner, controller: true }] }),
  },
  spec: { nodeName: 'n', containers: [] },
  status: {
    phase: more.phase ?? 'Running',
    containerStatuses: ['c1', 'c2'].map((container) => ({
      name: container,
      image: '',
      imageID: '',
      ready: true,
      restartCount: 0,
      state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
    })),
  },
})

describe('what simulated pods use', () => {
  test('goes on from reading to reading, split among containers, and summed up on the node', () => {
    const meter = new UsageMeter()
    meter.read(['n'], [pod('p', { cpu: '500m', memory: '64Mi' })], 0)
    const then = meter.read(['n'], [pod('p', { cpu: '500m', memory: '64Mi' })], 10_000).get('n')
    expect(then?.pods.get('a/p')?.get('c1')).toEqual({
      atMs: 10_000,
      cpuSeconds: 2.5,
      memoryBytes: 32 * 2 ** 20,
      startedAtSeconds: Date.parse('2026-01-01T00:00:00Z') / 1000,
    })
    expect(then?.node).toMatchObject({ cpuSeconds: 5, memoryBytes: 64 * 2 ** 20 })
    const changed = meter.read(['n'], [pod('p', { cpu: '2' })], 20_000).get('n')
    expect(changed?.node).toMatchObject({ cpuSeconds: 25, memoryBytes: 0 })
  })
  test('a shared load is borne by those of a controller that run', () => {
    const meter = new UsageMeter()
    const pods = [
      pod('p1', { 'cpu-shared': '1' }, { owner: 'o' }),
      pod('p2', { 'cpu-shared': '1' }, { owner: 'o' }),
      pod('p3', { 'cpu-shared': '1' }, { owner: 'o', phase: 'Pending' }),
      pod('alone', { 'cpu-shared': '1' }),
    ]
    meter.read(['n'], pods, 0)
    const { pods: used } = meter.read(['n'], pods, 1000).get('n') ?? {}
    const of = (name: string): number | undefined => used?.get(`a/${name}`)?.get('c1')?.cpuSeconds
    expect([of('p1'), of('p2'), of('p3'), of('alone')]).toEqual([0.25, 0.25, undefined, 0.5])
  })
  test('nonsense uses nothing; nodes without pods tell so', () => {
    const meter = new UsageMeter()
    meter.read(['n', 'idle'], [pod('p', { cpu: 'lots', memory: '-5' })], 0)
    const then = meter.read(['n', 'idle'], [pod('p', { cpu: 'lots', memory: '-5' })], 1000)
    expect(then.get('n')?.node).toMatchObject({ cpuSeconds: 0, memoryBytes: 0 })
    expect(then.get('idle')?.node).toMatchObject({ cpuSeconds: 0, memoryBytes: 0 })
  })
})
