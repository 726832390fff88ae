import { readFile, statfs } from 'node:fs/promises'

/** What /proc tells of the machine as a whole. Source: proc(5). */
export interface MachineStats {
  cpuNanos: number
  usageBytes: number
  workingSetBytes: number
  availableBytes: number
  rssBytes: number
  pageFaults: number
  majorPageFaults: number
  swapBytes: number
  startedAtMs: number
}

/** The kernel counts CPU time in hundredths of a second. */
const nanosOfTick = 1e7

const kibibytes = (text: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0) * 1024

export function parseMachine({
  stat,
  meminfo,
  vmstat,
}: {
  stat: string
  meminfo: string
  vmstat: string
}): MachineStats {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (/^cpu\s+(.*)$/m.exec(stat)?.[1] ?? '')
    .split(/\s+/)
    .map(Number)
  const usageBytes = kibibytes(meminfo, 'MemTotal') - kibibytes(meminfo, 'MemFree')
  const counter = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(vmstat)?.[1] ?? 0)
  return {
    cpuNanos: (user + nice + system + irq + softirq + steal) * nanosOfTick,
    usageBytes,
    workingSetBytes: Math.max(0, usageBytes - kibibytes(meminfo, 'Inactive\\(file\\)')),
    availableBytes: kibibytes(meminfo, 'MemAvailable'),
    rssBytes: kibibytes(meminfo, 'AnonPages'),
    pageFaults: counter('pgfault'),
    majorPageFaults: counter('pgmajfault'),
    swapBytes: Math.max(0, kibibytes(meminfo, 'SwapTotal') - kibibytes(meminfo, 'SwapFree')),
    startedAtMs: Number(/^btime (\d+)$/m.exec(stat)?.[1] ?? 0) * 1000,
  }
}

export async function readMachineStats(): Promise<MachineStats> {
  const read = (name: string): Promise<string> => readFile(`/proc/${name}`, 'utf8').catch(() => '')
  const [stat, meminfo, vmstat] = await Promise.all([read('stat'), read('meminfo'), read('vmstat')])
  return parseMachine({ stat, meminfo, vmstat })
}

export interface Interface {
  name: string
  rxBytes: number
  rxPackets: number
  rxErrors: number
  rxDropped: number
  txBytes: number
  txPackets: number
  txErrors: number
  txDropped: number
}

/** /proc/PID/net/dev: the links of that process's network, loopback left out. */
export function parseInterfaces(text: string): Interface[] {
  return text
    .split('\n')
    .slice(2)
    .flatMap((line) => {
      const [name = '', rest] = line.split(':', 2)
      if (rest === undefined || name.trim() === 'lo') return []
      const n = rest.trim().split(/\s+/).map(Number)
      const at = (i: number): number => n[i] ?? 0
      return [
        {
          name: name.trim(),
          rxBytes: at(0),
          rxPackets: at(1),
          rxErrors: at(2),
          rxDropped: at(3),
          txBytes: at(8),
          txPackets: at(9),
          txErrors: at(10),
          txDropped: at(11),
        },
      ]
    })
}

export async function readInterfaces(pid: number | 'self'): Promise<Interface[]> {
  return parseInterfaces(await readFile(`/proc/${pid}/net/dev`, 'utf8').catch(() => ''))
}

export interface FileSystem {
  availableBytes: number
  capacityBytes: number
  usedBytes: number
  inodes: number
  inodesFree: number
  inodesUsed: number
}

export async function readFileSystem(dir: string): Promise<FileSystem> {
  const disk = await statfs(dir)
  return {
    availableBytes: disk.bavail * disk.bsize,
    capacityBytes: disk.blocks * disk.bsize,
    usedBytes: (disk.blocks - disk.bfree) * disk.bsize,
    inodes: disk.files,
    inodesFree: disk.ffree,
    inodesUsed: disk.files - disk.ffree,
  }
}
