import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What the kernel counted for one cgroup. Absent: this kernel does not tell. */
export interface CgroupStats {
  /** CPU time since the cgroup was made. */
  cpuNanos: number
  throttling: { periods: number; throttledPeriods: number; throttledNanos: number }
  usageBytes: number
  /** Usage without the part of the page cache that can go at once. */
  workingSetBytes: number
  rssBytes: number
  cacheBytes: number
  pageFaults: number
  majorPageFaults: number
  swapBytes: number
  /** Undefined: no limit. */
  limitBytes: number | undefined
  maxUsageBytes: number | undefined
  oomKills: number
  /** Processes and threads. */
  tasks: number
}

const mountPoint = '/sys/fs/cgroup'
/** Version 1 says "no limit" with a number near the largest there is. */
const noLimitFrom = 2 ** 62

const text = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined)
const number = async (path: string): Promise<number | undefined> => {
  const found = (await text(path))?.trim()
  return found === undefined || !/^\d+$/.test(found) ? undefined : Number(found)
}

/** "name 12" a line, as the kernel's stat files have it. */
export function parseFlat(found: string | undefined): Record<string, number> {
  const out: Record<string, number> = {}
  for (const line of (found ?? '').split('\n')) {
    const at = line.indexOf(' ')
    if (at > 0) out[line.slice(0, at)] = Number(line.slice(at + 1))
  }
  return out
}

async function readUnified(dir: string): Promise<CgroupStats | undefined> {
  const [cpuText, usage, memoryText, max, peak, swap, events, tasks] = await Promise.all([
    text(join(dir, 'cpu.stat')),
    number(join(dir, 'memory.current')),
    text(join(dir, 'memory.stat')),
    number(join(dir, 'memory.max')),
    number(join(dir, 'memory.peak')),
    number(join(dir, 'memory.swap.current')),
    text(join(dir, 'memory.events')),
    number(join(dir, 'pids.current')),
  ])
  if (cpuText === undefined || usage === undefined) return undefined
  const cpu = parseFlat(cpuText)
  const memory = parseFlat(memoryText)
  return {
    cpuNanos: (cpu['usage_usec'] ?? 0) * 1000,
    throttling: {
      periods: cpu['nr_periods'] ?? 0,
      throttledPeriods: cpu['nr_throttled'] ?? 0,
      throttledNanos: (cpu['throttled_usec'] ?? 0) * 1000,
    },
    usageBytes: usage,
    workingSetBytes: Math.max(0, usage - (memory['inactive_file'] ?? 0)),
    rssBytes: memory['anon'] ?? 0,
    cacheBytes: memory['file'] ?? 0,
    pageFaults: memory['pgfault'] ?? 0,
    majorPageFaults: memory['pgmajfault'] ?? 0,
    swapBytes: swap ?? 0,
    limitBytes: max,
    maxUsageBytes: peak,
    oomKills: parseFlat(events)['oom_kill'] ?? 0,
    tasks: tasks ?? 0,
  }
}

async function readVersion1(root: string, path: string): Promise<CgroupStats | undefined> {
  const memoryDir = join(root, 'memory', path)
  const [cpuNanos, cpuText, usage, memoryText, limit, peak, oom, tasks] = await Promise.all([
    number(join(root, 'cpuacct', path, 'cpuacct.usage')),
    text(join(root, 'cpu', path, 'cpu.stat')),
    number(join(memoryDir, 'memory.usage_in_bytes')),
    text(join(memoryDir, 'memory.stat')),
    number(join(memoryDir, 'memory.limit_in_bytes')),
    number(join(memoryDir, 'memory.max_usage_in_bytes')),
    text(join(memoryDir, 'memory.oom_control')),
    number(join(root, 'pids', path, 'pids.current')),
  ])
  if (cpuNanos === undefined || usage === undefined) return undefined
  const cpu = parseFlat(cpuText)
  const memory = parseFlat(memoryText)
  const total = (name: string): number => memory[`total_${name}`] ?? memory[name] ?? 0
  return {
    cpuNanos,
    throttling: {
      periods: cpu['nr_periods'] ?? 0,
      throttledPeriods: cpu['nr_throttled'] ?? 0,
      throttledNanos: cpu['throttled_time'] ?? 0,
    },
    usageBytes: usage,
    workingSetBytes: Math.max(0, usage - total('inactive_file')),
    rssBytes: total('rss'),
    cacheBytes: total('cache'),
    pageFaults: total('pgfault'),
    majorPageFaults: total('pgmajfault'),
    swapBytes: total('swap'),
    limitBytes: limit === undefined || limit >= noLimitFrom ? undefined : limit,
    maxUsageBytes: peak,
    oomKills: parseFlat(oom)['oom_kill'] ?? 0,
    tasks: tasks ?? 0,
  }
}

/** Reads one cgroup, in either version; undefined when there is none. `path` is as in its parent: "/kubepods/pod1". */
export function readCgroup(path: string, root = mountPoint): Promise<CgroupStats | undefined> {
  return existsSync(join(root, 'cgroup.controllers')) ? readUnified(join(root, path)) : readVersion1(root, path)
}

/** One process of a cgroup, its children's included; undefined when nothing runs there. */
export async function processOf(path: string, root = mountPoint): Promise<number | undefined> {
  const unified = existsSync(join(root, 'cgroup.controllers'))
  const dir = unified ? join(root, path) : join(root, 'memory', path)
  const first = /^\d+/.exec((await text(join(dir, 'cgroup.procs'))) ?? '')?.[0]
  return first === undefined ? undefined : Number(first)
}
