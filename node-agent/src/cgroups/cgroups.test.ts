import { mkdirSync, mkdtempSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FakeClock } from '@kapell/controllers/machinery/clock'
import { silentLogger } from '@kapell/controllers/machinery/log'
import type { V1Pod } from '@kapell/openapi/types'
import { hugePageSize, oomScoreAdj, qosClass, wantedLimits } from '../pods/resources.ts'
import { cpuWeight, openHierarchy, settingsOf } from './hierarchy.ts'
import { createCgroups } from './manager.ts'
import { burstableShares, podLimits } from './pod-limits.ts'

const pod = (spec: Partial<NonNullable<V1Pod['spec']>>): V1Pod => ({
  metadata: { name: 'p', namespace: 'n', uid: 'u' },
  spec: { containers: [], ...spec },
})
const container = (name: string, requests?: Record<string, string>, limits?: Record<string, string>) => ({
  name,
  resources: { ...(requests === undefined ? {} : { requests }), ...(limits === undefined ? {} : { limits }) },
})
const options = { podPids: 0, hugePages: { '2MB': 'hugepages-2Mi' } }
const mebi = 1024 * 1024

describe('what a pod may take', () => {
  it.each<[string, V1Pod, object]>([
    [
      'nothing asked for: the least weight and no limit',
      pod({ containers: [container('a')] }),
      { cpuShares: 2, cpuQuota: 0, memoryBytes: 0 },
    ],
    [
      'requests together are its weight; one container without a limit leaves the pod without',
      pod({ containers: [container('a', { cpu: '50m' }), container('b', { memory: '50Mi' }, { memory: '50Mi' })] }),
      { cpuShares: 51, cpuQuota: 0, memoryBytes: 0 },
    ],
    [
      'limits of all containers together',
      pod({
        containers: [
          container('a', { cpu: '1', memory: '10Mi' }, { cpu: '1', memory: '10Mi' }),
          container('b', { cpu: '1', memory: '10Mi' }, { cpu: '1', memory: '10Mi' }),
        ],
      }),
      { cpuShares: 2048, cpuQuota: 200_000, memoryBytes: 20 * mebi },
    ],
    [
      'an init container that needs more than the others do',
      pod({
        initContainers: [container('i', { cpu: '1', memory: '40Mi' }, { cpu: '1', memory: '40Mi' })],
        containers: [container('a', { cpu: '1', memory: '10Mi' }, { cpu: '1', memory: '10Mi' })],
      }),
      { cpuShares: 1024, cpuQuota: 100_000, memoryBytes: 40 * mebi },
    ],
    [
      'what is stated for the pod',
      pod({
        resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '300m', memory: '128Mi' } },
        containers: [container('a'), container('b', { cpu: '20m', memory: '16Mi' })],
      }),
      { cpuShares: 102, cpuQuota: 30_000, memoryBytes: 128 * mebi },
    ],
    [
      'huge pages',
      pod({ containers: [container('a', { cpu: '1', 'hugepages-2Mi': '4Mi' }, { 'hugepages-2Mi': '4Mi' })] }),
      { hugePages: { '2MB': 4 * mebi } },
    ],
  ])('%s', (_rule, of, limits) => {
    expect(podLimits(of, options)).toMatchObject(limits)
  })

  it('a limit of processes only when there is one', () => {
    expect(podLimits(pod({}), options)).not.toHaveProperty('pids')
    expect(podLimits(pod({}), { ...options, podPids: 99 }).pids).toBe(99)
  })

  it('all burstable pods weigh together what they ask for', () => {
    const burstable = pod({ containers: [container('a', { cpu: '500m' })] })
    expect(burstableShares([burstable, burstable, pod({ containers: [container('a')] })])).toBe(1024)
    expect(burstableShares([])).toBe(2)
  })
})

describe('resources stated for a whole pod', () => {
  const stated = pod({
    resources: { requests: { cpu: '100m', memory: '100Mi' }, limits: { cpu: '300m', memory: '128Mi' } },
    containers: [container('c'), container('d', { cpu: '20m', memory: '20Mi' })],
  })
  it('bound containers that have none, and make the class', () => {
    expect(qosClass(stated)).toBe('Burstable')
    expect(wantedLimits(stated, stated.spec!.containers[0]!)).toEqual({
      cpuShares: 307,
      cpuQuota: 30_000,
      memoryBytes: 128 * mebi,
    })
    expect(wantedLimits(stated, stated.spec!.containers[1]!)).toEqual({
      cpuShares: 20,
      cpuQuota: 30_000,
      memoryBytes: 128 * mebi,
    })
    const same = { cpu: '1', memory: '1Gi' }
    expect(qosClass(pod({ resources: { requests: same, limits: same }, containers: [container('c')] }))).toBe(
      'Guaranteed',
    )
  })
  it('what is asked for beyond the containers counts for each of them alike when memory runs out', () => {
    const capacity = 1000 * mebi
    expect(stated.spec!.containers.map((one) => oomScoreAdj(stated, one, capacity))).toEqual([960, 940])
  })
  it.each([
    ['hugepages-2Mi', '2MB'],
    ['hugepages-1Gi', '1GB'],
    ['hugepages-64Ki', '64KB'],
  ])('%s is %s to the kernel', (resource, size) => {
    expect(hugePageSize(resource)).toBe(size)
  })
})

describe('settings of the kernel', () => {
  it.each([
    [2, 1],
    [1024, 39],
    [262_144, 10_000],
  ])('a weight of %d on version 1 is one of %d on version 2', (shares, weight) => {
    expect(cpuWeight(shares)).toBe(weight)
  })

  it('are named otherwise in each version', () => {
    const limits = { cpuShares: 1024, cpuQuota: 50_000, memoryBytes: 4096, pids: 9, hugePages: { '2MB': 0 } }
    const flat = (version: 1 | 2) => settingsOf(limits, version).map(({ file, value }) => `${file} ${value}`)
    expect(flat(1)).toEqual([
      'cpu.shares 1024',
      'cpu.cfs_quota_us 50000',
      'memory.limit_in_bytes 4096',
      'pids.max 9',
      'hugetlb.2MB.limit_in_bytes 0',
    ])
    expect(flat(2)).toEqual([
      'cpu.weight 39',
      'cpu.max 50000 100000',
      'memory.max 4096',
      'pids.max 9',
      'hugetlb.2MB.max 0',
    ])
    expect(settingsOf({ cpuQuota: 0, memoryBytes: 0, pids: 0 }, 2).map(({ value }) => value)).toEqual([
      'max 100000',
      'max',
      'max',
    ])
    expect(settingsOf({ cpuQuota: 0, memoryBytes: 0 }, 1).map(({ value }) => value)).toEqual(['-1', '-1'])
    expect(settingsOf({}, 1)).toEqual([])
  })
})

describe('the groups on a machine', () => {
  let root: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'kapell-cgroups-'))
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))

  it('version 2: every group above hands its controllers down', async () => {
    writeFileSync(join(root, 'cgroup.controllers'), 'cpu memory')
    const hierarchy = openHierarchy(root)
    await hierarchy.apply('/k/pods/p', { cpuShares: 2, pids: 5 })
    expect(hierarchy.version).toBe(2)
    for (const dir of ['', 'k', 'k/pods']) expect(existsSync(join(root, dir, 'cgroup.subtree_control'))).toBe(true)
    await expect(hierarchy.apply('/../x', { cpuShares: 2 })).rejects.toThrow('no path of a cgroup')
  })

  it('version 1: in the hierarchies there are; a pod moves the weight of its class', async () => {
    for (const controller of ['cpu', 'memory']) {
      for (const dir of ['kubepods', 'kubepods/burstable', 'kubepods/burstable/podu'])
        mkdirSync(join(root, controller, 'k', dir), { recursive: true })
    }
    const file = (path: string): string => join(root, path)
    for (const path of [
      'cpu/k/kubepods/cpu.shares',
      'cpu/k/kubepods/burstable/cpu.shares',
      'cpu/k/kubepods/burstable/podu/cpu.shares',
      'memory/k/kubepods/memory.limit_in_bytes',
    ])
      writeFileSync(file(path), '')
    const read = (path: string): string => readFileSync(file(path), 'utf8')
    const pods: V1Pod[] = []
    const cgroups = createCgroups({
      hierarchy: openHierarchy(root),
      root: '/k',
      node: { milliCpu: 2000, memoryBytes: 4096 },
      ...options,
      pods: () => pods,
      clock: new FakeClock(),
      log: silentLogger,
    })
    await cgroups.open()
    expect([read('cpu/k/kubepods/cpu.shares'), read('memory/k/kubepods/memory.limit_in_bytes')]).toEqual([
      '2048',
      '4096',
    ])
    expect(read('cpu/k/kubepods/burstable/cpu.shares')).toBe('2')
    await cgroups.apply(pod({ containers: [container('a', { cpu: '250m' })] }))
    expect(read('cpu/k/kubepods/burstable/podu/cpu.shares')).toBe('256')
    expect(read('cpu/k/kubepods/burstable/cpu.shares')).toBe('256')
    await cgroups.remove('gone')
  })
})
