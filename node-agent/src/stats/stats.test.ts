import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { V1Pod } from '@kapell/openapi/types'
import { processOf, readCgroup, type CgroupStats } from './cgroup.ts'
import { containerMetrics, resourceMetrics } from './exposition.ts'
import { parseInterfaces, parseMachine } from './machine-stats.ts'
import { createSampler } from './sample.ts'
import { summaryOf } from './summary.ts'

let root: string
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'kapell-stats-'))))
afterEach(() => rmSync(root, { recursive: true, force: true }))

const write = (files: Record<string, string>): void => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
}

describe('a cgroup', () => {
  it('is read in version 2', async () => {
    write({
      'cgroup.controllers': 'cpu memory pids',
      'pod1/cpu.stat': 'usage_usec 2500\nnr_periods 10\nnr_throttled 3\nthrottled_usec 7\n',
      'pod1/memory.current': '10000\n',
      'pod1/memory.stat': 'anon 4000\nfile 5000\ninactive_file 3000\npgfault 12\npgmajfault 1\n',
      'pod1/memory.max': 'max\n',
      'pod1/memory.events': 'oom_kill 2\n',
      'pod1/pids.current': '5\n',
      'pod1/cgroup.procs': '77\n78\n',
    })
    expect(await readCgroup('/pod1', root)).toEqual({
      cpuNanos: 2_500_000,
      throttling: { periods: 10, throttledPeriods: 3, throttledNanos: 7000 },
      usageBytes: 10_000,
      workingSetBytes: 7000,
      rssBytes: 4000,
      cacheBytes: 5000,
      pageFaults: 12,
      majorPageFaults: 1,
      swapBytes: 0,
      limitBytes: undefined,
      maxUsageBytes: undefined,
      oomKills: 2,
      tasks: 5,
    })
    expect(await processOf('/pod1', root)).toBe(77)
    expect(await readCgroup('/pod2', root)).toBeUndefined()
  })

  it('is read in version 1, totals of its children included', async () => {
    write({
      'cpuacct/pod1/cpuacct.usage': '2500000\n',
      'cpu/pod1/cpu.stat': 'nr_periods 10\nnr_throttled 3\nthrottled_time 7000\n',
      'memory/pod1/memory.usage_in_bytes': '10000\n',
      'memory/pod1/memory.stat':
        'rss 1\ntotal_rss 4000\ntotal_cache 5000\ntotal_inactive_file 3000\ntotal_pgfault 12\n',
      'memory/pod1/memory.limit_in_bytes': '9223372036854771712\n',
      'memory/pod1/memory.max_usage_in_bytes': '12000\n',
      'memory/pod1/cgroup.procs': '',
    })
    expect(await readCgroup('/pod1', root)).toMatchObject({
      cpuNanos: 2_500_000,
      throttling: { throttledNanos: 7000 },
      workingSetBytes: 7000,
      rssBytes: 4000,
      limitBytes: undefined,
      maxUsageBytes: 12_000,
    })
    expect(await processOf('/pod1', root)).toBeUndefined()
  })
})

it('reads the machine: idle time does not count, nor what the kernel can take back', () => {
  expect(
    parseMachine({
      stat: 'cpu  100 10 50 9999 5 1 2 3 0 0\nbtime 1700000000\n',
      meminfo:
        'MemTotal:       1000 kB\nMemFree:         400 kB\nMemAvailable:    700 kB\nInactive(file):  100 kB\nAnonPages:       200 kB\nSwapTotal:        50 kB\nSwapFree:         20 kB\n',
      vmstat: 'pgfault 9\npgmajfault 2\n',
    }),
  ).toEqual({
    cpuNanos: 1_660_000_000,
    usageBytes: 600 * 1024,
    workingSetBytes: 500 * 1024,
    availableBytes: 700 * 1024,
    rssBytes: 200 * 1024,
    pageFaults: 9,
    majorPageFaults: 2,
    swapBytes: 30 * 1024,
    startedAtMs: 1_700_000_000_000,
  })
})

it('reads links, loopback left out', () => {
  const text = 'Inter-|\n face |\n    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n  eth0: 10 2 1 4 0 0 0 0 20 3 5 6 0 0 0 0\n'
  expect(parseInterfaces(text)).toEqual([
    {
      name: 'eth0',
      rxBytes: 10,
      rxPackets: 2,
      rxErrors: 1,
      rxDropped: 4,
      txBytes: 20,
      txPackets: 3,
      txErrors: 5,
      txDropped: 6,
    },
  ])
})

const statsOf = (cpuNanos: number): CgroupStats => ({
  cpuNanos,
  throttling: { periods: 0, throttledPeriods: 0, throttledNanos: 0 },
  usageBytes: 3000,
  workingSetBytes: 2000,
  rssBytes: 1000,
  cacheBytes: 500,
  pageFaults: 1,
  majorPageFaults: 0,
  swapBytes: 0,
  limitBytes: 10_000,
  maxUsageBytes: 3500,
  oomKills: 0,
  tasks: 2,
})

const pod = {
  metadata: { name: 'p', namespace: 'ns', uid: 'u1' },
  spec: { containers: [{ name: 'app' }] },
  status: {
    phase: 'Running',
    startTime: '2026-01-01T00:00:00Z',
    containerStatuses: [
      {
        name: 'app',
        image: 'x',
        imageID: 'x@sha256:1',
        containerID: 'containerd://c1',
        state: { running: { startedAt: '2026-01-01T00:00:10Z' } },
      },
      { name: 'over', image: 'x', containerID: 'containerd://c2', state: { terminated: { exitCode: 0 } } },
    ],
  },
} as unknown as V1Pod

const start = Date.parse('2026-01-01T01:00:00Z')

function sampler(): { take: ReturnType<typeof createSampler>; at: (ms: number, cpuNanos: number) => void } {
  let nowMs = start
  let cpuNanos = 0
  const take = createSampler({
    nodeName: 'n1',
    cpus: 2,
    memoryBytes: 1e9,
    dataDir: tmpdir(),
    pods: () => [pod],
    cgroupOf: () => '/kubepods/podu1',
    pids: () => Promise.resolve({ used: 10, max: 100 }),
    clock: { now: () => new Date(nowMs) } as Parameters<typeof createSampler>[0]['clock'],
    cgroups: {
      read: () => Promise.resolve(statsOf(cpuNanos)),
      process: () => Promise.resolve(undefined),
    },
  })
  return {
    take,
    at: (ms, nanos) => {
      nowMs = start + ms
      cpuNanos = nanos
    },
  }
}

describe('a sample', () => {
  it('tells the use of CPU once there is something to compare with, over a window', async () => {
    const { take, at } = sampler()
    const rate = async (): Promise<number | undefined> => (await take()).pods[0]?.containers[0]?.nanoCores
    at(0, 0)
    expect(await rate()).toBeUndefined()
    at(10_000, 1e9)
    expect(await rate()).toBe(100_000_000)
    // The first reading is still the base: nothing younger is a window old.
    at(15_000, 3e9)
    expect(await rate()).toBe(200_000_000)
    at(20_000, 6e9)
    expect(await rate()).toBe(500_000_000)
  })

  it('is taken once a second at most, and leaves out what has ended', async () => {
    const { take, at } = sampler()
    at(0, 5)
    const [a, b] = await Promise.all([take(), take()])
    expect(a).toBe(b)
    expect(a.pods.flatMap(({ containers }) => containers.map(({ name }) => name))).toEqual(['app'])
  })
})

describe('what it is told as', () => {
  it('a summary', async () => {
    const { take, at } = sampler()
    at(0, 0)
    await take()
    at(10_000, 1e9)
    const sample = await take()
    expect(summaryOf(sample, false)).toMatchObject({
      node: {
        nodeName: 'n1',
        cpu: { usageCoreNanoSeconds: expect.any(Number) as number },
        rlimit: { maxpid: 100, curproc: 10 },
      },
      pods: [
        {
          podRef: { name: 'p', namespace: 'ns', uid: 'u1' },
          startTime: '2026-01-01T00:00:00Z',
          cpu: { time: '2026-01-01T01:00:10Z', usageNanoCores: 100_000_000, usageCoreNanoSeconds: 1e9 },
          memory: { availableBytes: 8000, usageBytes: 3000, workingSetBytes: 2000, rssBytes: 1000 },
          containers: [{ name: 'app', startTime: '2026-01-01T00:00:10Z', cpu: { usageNanoCores: 100_000_000 } }],
          process_stats: { process_count: 2 },
        },
      ],
    })
    const brief = summaryOf(sample, true) as { node: object; pods: object[] }
    expect(Object.keys(brief.node)).toEqual(['nodeName', 'startTime', 'cpu', 'memory', 'swap'])
  })

  it('Prometheus text for those who scale, with times', async () => {
    const { take, at } = sampler()
    at(0, 1.5e9)
    const text = resourceMetrics(await take())
    const labels = '{container="app",namespace="ns",pod="p"}'
    expect(text).toContain(
      `# TYPE container_cpu_usage_seconds_total counter\ncontainer_cpu_usage_seconds_total${labels} 1.5 ${start}\n`,
    )
    expect(text).toContain(`container_memory_working_set_bytes${labels} 2000 ${start}\n`)
    expect(text).toContain(`container_start_time_seconds${labels} ${Date.parse('2026-01-01T00:00:10Z') / 1000}\n`)
    expect(text).toContain(`pod_memory_working_set_bytes{namespace="ns",pod="p"} 2000 ${start}\n`)
    expect(text).toMatch(/^node_memory_working_set_bytes \d+ \d+$/m)
    expect(text).toContain('resource_scrape_error 0\n')
  })

  it('Prometheus text for dashboards, each family in one piece', async () => {
    const { take, at } = sampler()
    at(0, 1.5e9)
    const text = containerMetrics(await take())
    const labels = 'container="app",id="/kubepods/podu1/c1",image="x@sha256:1",name="c1",namespace="ns",pod="p"'
    expect(text).toContain(`container_cpu_usage_seconds_total{${labels},cpu="total"} 1.5 ${start}\n`)
    expect(text).toContain(`container_memory_working_set_bytes{${labels}} 2000 ${start}\n`)
    expect(text).toContain('machine_cpu_cores 2\n')
    const families = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)
    expect(new Set(families).size).toBe(families.length)
  })
})
