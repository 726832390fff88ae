import { link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { V1Pod } from '@kapell/openapi/types'
import { testContainer, testPod } from '../pods/testing.ts'
import { calm, decide, isMet, type EvictionState } from './decide.ts'
import { localStorageExcess, treeUsage } from './local-storage.ts'
import { lowMessage } from './messages.ts'
import { noUsage, rankPods, type PodUsage } from './rank.ts'
import { defaultThresholds, parseThresholds, type Observations, type Threshold } from './thresholds.ts'

const Mi = 2 ** 20
const Gi = 2 ** 30
const memory = (available: number): Observations => ({ 'memory.available': { available, capacity: 4 * Gi } })

describe('parseThresholds', () => {
  it('has upstream’s defaults', () => {
    expect(defaultThresholds.slice(0, 4)).toEqual([
      { signal: 'memory.available', value: { bytes: 100 * Mi }, graceMs: 0 },
      { signal: 'nodefs.available', value: { share: 0.1 }, graceMs: 0 },
      { signal: 'nodefs.inodesFree', value: { share: 0.05 }, graceMs: 0 },
      { signal: 'imagefs.available', value: { share: 0.15 }, graceMs: 0 },
    ])
  })
  it('0% switches a signal off', () => expect(parseThresholds('imagefs.available<0%')).toEqual([]))
  it.each(['memory<1', 'memory.available', 'memory.available<x', 'nodefs.available<120%', 'memory.available<-1'])(
    'refuses %s',
    (text) => expect(() => parseThresholds(text)).toThrow(),
  )
})

describe('decide', () => {
  const [hard] = parseThresholds('memory.available<100Mi') as [Threshold]
  const [soft] = parseThresholds('memory.available<300Mi', { graceMs: 90_000 }) as [Threshold]
  const look = (observations: Observations, nowMs: number, state: EvictionState = calm, thresholds = [hard, soft]) =>
    decide({ thresholds, observations, state, nowMs, transitionMs: 300_000 })

  it.each<[rule: string, threshold: Threshold, observations: Observations, wasMet: boolean, met: boolean]>([
    ['below the amount', hard, memory(99 * Mi), false, true],
    ['exactly the amount is enough', hard, memory(100 * Mi), false, false],
    ['what cannot be seen is not too little', hard, {}, false, false],
    [
      'once met, the minimum must be reclaimed on top',
      { ...hard, minReclaim: { bytes: 50 * Mi } },
      memory(149 * Mi),
      true,
      true,
    ],
    ['and is not asked for before', { ...hard, minReclaim: { bytes: 50 * Mi } }, memory(149 * Mi), false, false],
    ['a share of the capacity', { ...hard, value: { share: 0.5 } }, memory(2 * Gi - 1), false, true],
  ])('met: %s', (_, threshold, observations, wasMet, met) => {
    expect(isMet(threshold, observations, wasMet)).toBe(met)
  })

  it('nothing to do when there is enough', () => {
    expect(look(memory(Gi), 0)).toEqual({ state: calm, pressures: [], act: undefined })
  })
  it('acts at once on a hard threshold', () => {
    const { pressures, act } = look(memory(50 * Mi), 0)
    expect(pressures).toEqual(['MemoryPressure'])
    expect(act).toEqual({ threshold: hard, starved: 'memory' })
  })
  it('tells of a soft threshold at once, and acts when its grace is over', () => {
    const first = look(memory(200 * Mi), 0)
    expect(first).toMatchObject({ pressures: ['MemoryPressure'], act: undefined })
    expect(look(memory(200 * Mi), 89_999, first.state).act).toBeUndefined()
    expect(look(memory(200 * Mi), 90_000, first.state).act?.threshold).toBe(soft)
    // A moment with enough begins the grace anew.
    const between = look(memory(Gi), 60_000, first.state)
    expect(look(memory(200 * Mi), 90_000, between.state).act).toBeUndefined()
  })
  it('a pressure is told of for a while after it was last felt', () => {
    const first = look(memory(50 * Mi), 0)
    const next = look(memory(Gi), 299_999, first.state)
    expect(next).toMatchObject({ pressures: ['MemoryPressure'], act: undefined })
    expect(look(memory(Gi), 300_000, next.state).pressures).toEqual([])
  })
  it('memory goes before the disk', () => {
    const thresholds = [...parseThresholds('nodefs.available<10%'), hard]
    const both = { ...memory(50 * Mi), 'nodefs.available': { available: 1, capacity: 100 } }
    const { pressures, act } = look(both, 0, calm, thresholds)
    expect(pressures).toEqual(['MemoryPressure', 'DiskPressure'])
    expect(act?.starved).toBe('memory')
  })
})

describe('rankPods', () => {
  const pod = (name: string, request: string | undefined, priority = 0, annotations = {}): V1Pod =>
    testPod(
      {
        priority,
        containers: [testContainer('c', request === undefined ? {} : { resources: { requests: { memory: request } } })],
      },
      { metadata: { name, uid: name, annotations } },
    )
  const uses =
    (usage: Record<string, Partial<PodUsage>>) =>
    (one: V1Pod): PodUsage => ({ ...noUsage, ...usage[one.metadata!.name!] })
  const names = (pods: V1Pod[]): string[] => pods.map(({ metadata }) => metadata!.name!)

  it('those above their requests, then low priority, then most above', () => {
    const pods = [
      pod('within', '500Mi'),
      pod('much', '100Mi'),
      pod('more', '100Mi'),
      pod('important', undefined, 1000),
      pod('besteffort', undefined),
    ]
    const ranked = rankPods(
      pods,
      'memory',
      uses({
        within: { memoryBytes: 400 * Mi },
        much: { memoryBytes: 200 * Mi },
        more: { memoryBytes: 300 * Mi },
        important: { memoryBytes: 2 * Gi },
        besteffort: { memoryBytes: 150 * Mi },
      }),
    )
    expect(names(ranked)).toEqual(['more', 'besteffort', 'much', 'important', 'within'])
  })
  it('process ids: priority, then how many', () => {
    const pods = [pod('few', undefined), pod('many', undefined), pod('important', undefined, 5)]
    expect(
      names(
        rankPods(
          pods,
          'pids',
          uses({ few: { processes: 1 }, many: { processes: 900 }, important: { processes: 9999 } }),
        ),
      ),
    ).toEqual(['many', 'few', 'important'])
  })
  it('nobody critical', () => {
    const pods = [
      pod('critical', undefined, 2_000_000_000),
      pod('static', undefined, 0, { 'kubernetes.io/config.source': 'file' }),
    ]
    expect(rankPods(pods, 'memory', uses({}))).toEqual([])
  })
})

it('the message names what was short, the numbers, and who used too much', () => {
  const containers = [
    testContainer('a', { resources: { requests: { memory: '10Mi' } } }),
    testContainer('b', { resources: { requests: { memory: '1Gi' } } }),
    testContainer('c'),
  ]
  const [threshold] = parseThresholds('memory.available<100Mi') as [Threshold]
  expect(
    lowMessage({
      pod: testPod({ containers }),
      starved: 'memory',
      threshold,
      observed: { available: 51_200 * 1024, capacity: Gi },
      usage: {
        ...noUsage,
        containers: [
          { name: 'a', memoryBytes: 20 * Mi, diskBytes: 0 },
          { name: 'b', memoryBytes: 20 * Mi, diskBytes: 0 },
          { name: 'c', memoryBytes: 4096, diskBytes: 0 },
        ],
      },
    }),
  ).toBe(
    'The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. ' +
      'Container a was using 20Mi, request is 10Mi, has larger consumption of memory. ' +
      'Container c was using 4Ki, request is 0, has larger consumption of memory. ',
  )
})

describe('localStorageExcess', () => {
  const pod = testPod({
    volumes: [
      { name: 'v', emptyDir: { sizeLimit: '1Mi' } },
      { name: 'free', emptyDir: {} },
    ],
    containers: [
      testContainer('a', { resources: { limits: { 'ephemeral-storage': '1Mi' } } }),
      testContainer('b', { resources: { limits: { 'ephemeral-storage': '2Mi' } } }),
    ],
  })
  it.each<[rule: string, containers: [string, number][], volumes: [string, number][], message: string | undefined]>([
    [
      'within everything',
      [
        ['a', Mi],
        ['b', Mi],
      ],
      [['v', Mi]],
      undefined,
    ],
    ['a volume', [], [['v', Mi + 1]], 'Usage of EmptyDir volume "v" exceeds the limit "1Mi". '],
    [
      'all together',
      [['a', Mi]],
      [['free', 2 * Mi + 1]],
      'Pod ephemeral local storage usage exceeds the total limit of containers 3Mi. ',
    ],
    ['one container', [['a', Mi + 1]], [], 'Container a exceeded its local ephemeral storage limit "1Mi". '],
  ])('%s', (_, containers, volumes, message) => {
    expect(localStorageExcess(pod, { containers: new Map(containers), volumes: new Map(volumes), inodes: 0 })).toBe(
      message,
    )
  })
})

it('a tree is measured without following links, each file once', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'kapell-tree-'))
  await mkdir(join(dir, 'sub'))
  await writeFile(join(dir, 'sub', 'f'), Buffer.alloc(64 * 1024))
  await link(join(dir, 'sub', 'f'), join(dir, 'same'))
  await symlink('/usr', join(dir, 'out'))
  const { bytes, inodes } = await treeUsage(dir)
  expect(inodes).toBe(3)
  expect(bytes).toBeGreaterThanOrEqual(64 * 1024)
  expect(bytes).toBeLessThan(128 * 1024)
  expect(await treeUsage(join(dir, 'absent'))).toEqual({ bytes: 0, inodes: 0 })
  await rm(dir, { recursive: true })
})
