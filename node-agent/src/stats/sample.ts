import type { Clock } from '@kapell/controllers/machinery/clock'
import type { V1ContainerStatus, V1Pod } from '@kapell/openapi/types'
import { processOf, readCgroup, type CgroupStats } from './cgroup.ts'
import {
  readFileSystem,
  readInterfaces,
  readMachineStats,
  type FileSystem,
  type Interface,
  type MachineStats,
} from './machine-stats.ts'

export interface ContainerSample {
  name: string
  /** The runtime's, without its scheme. */
  id: string
  image: string
  cgroup: string
  startedAtMs: number
  stats: CgroupStats
  /** Billionths of a core, over the last seconds; undefined until there is something to compare with. */
  nanoCores: number | undefined
}

export interface PodSample {
  name: string
  namespace: string
  uid: string
  cgroup: string
  startedAtMs: number
  stats: CgroupStats
  nanoCores: number | undefined
  /** Empty for pods on the node's own network. */
  interfaces: Interface[]
  containers: ContainerSample[]
}

/** Everything at one moment. */
export interface Sample {
  atMs: number
  node: {
    name: string
    cpus: number
    memoryBytes: number
    stats: MachineStats
    nanoCores: number | undefined
    interfaces: Interface[]
    fileSystem: FileSystem
    processes: { current: number; max: number }
  }
  pods: PodSample[]
}

export interface SamplerOptions {
  nodeName: string
  cpus: number
  memoryBytes: number
  dataDir: string
  pods(): V1Pod[]
  cgroupOf(pod: V1Pod): string
  pids(): Promise<{ used: number; max: number }>
  clock: Clock
  /** Default: the kernel's. */
  cgroups?: { read: typeof readCgroup; process: typeof processOf }
}

/** Asking more often gives the same answer. */
const freshMs = 1000
/** What the use of CPU is measured over, at least. */
const windowMs = 10_000

interface Point {
  atMs: number
  cpuNanos: number
}

/** Turns counters into rates: each is compared with one that is at least a window old, or the oldest there is. */
function createRates(): {
  rate: (key: string, point: Point) => number | undefined
  forget: (keep: Set<string>) => void
} {
  const known = new Map<string, { base: Point; next: Point; last: number | undefined }>()
  return {
    rate: (key, point) => {
      const entry = known.get(key)
      if (entry === undefined || point.cpuNanos < entry.next.cpuNanos) {
        known.set(key, { base: point, next: point, last: undefined })
        return undefined
      }
      if (point.atMs - entry.next.atMs >= windowMs) {
        entry.base = entry.next
        entry.next = point
      }
      const elapsedMs = point.atMs - entry.base.atMs
      if (elapsedMs < freshMs) return entry.last
      entry.last = Math.max(0, Math.round(((point.cpuNanos - entry.base.cpuNanos) / elapsedMs) * 1000))
      return entry.last
    },
    forget: (keep) => {
      for (const key of known.keys()) if (!keep.has(key)) known.delete(key)
    },
  }
}

const runningContainers = ({ status }: V1Pod): V1ContainerStatus[] =>
  [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ].filter((one) => one.state?.running !== undefined && (one.containerID ?? '') !== '')

const timeMs = (time: unknown): number => (time === undefined || time === null ? 0 : new Date(String(time)).getTime())

/** Measures what runs on this node. The pods' view is the API's, the numbers are the kernel's. */
export function createSampler(options: SamplerOptions): () => Promise<Sample> {
  const { clock } = options
  const { read, process } = options.cgroups ?? { read: readCgroup, process: processOf }
  const rates = createRates()
  let taken: Promise<Sample> | undefined
  let takenAtMs = -Infinity

  const container = async (parent: string, status: V1ContainerStatus): Promise<ContainerSample[]> => {
    const id = (status.containerID ?? '').replace(/^[a-z0-9+.-]+:\/\//, '')
    const cgroup = `${parent}/${id}`
    const atMs = clock.now().getTime()
    const stats = await read(cgroup)
    if (stats === undefined) return []
    const startedAtMs = timeMs(status.state?.running?.startedAt)
    const nanoCores = rates.rate(cgroup, { atMs, cpuNanos: stats.cpuNanos })
    return [{ name: status.name, id, image: status.imageID ?? status.image, cgroup, startedAtMs, stats, nanoCores }]
  }
  const pod = async (object: V1Pod): Promise<PodSample[]> => {
    const cgroup = options.cgroupOf(object)
    const atMs = clock.now().getTime()
    const [stats, containers, pid] = await Promise.all([
      read(cgroup),
      Promise.all(runningContainers(object).map((status) => container(cgroup, status))).then((all) => all.flat()),
      object.spec?.hostNetwork === true ? undefined : processBelow(object, cgroup),
    ])
    if (stats === undefined) return []
    return [
      {
        name: object.metadata?.name ?? '',
        namespace: object.metadata?.namespace ?? '',
        uid: object.metadata?.uid ?? '',
        cgroup,
        startedAtMs: timeMs(object.status?.startTime),
        stats,
        nanoCores: rates.rate(cgroup, { atMs, cpuNanos: stats.cpuNanos }),
        interfaces: pid === undefined ? [] : await readInterfaces(pid),
        containers,
      },
    ]
  }
  /** Any process of the pod is in its network; those of its containers are at hand. */
  const processBelow = async (object: V1Pod, cgroup: string): Promise<number | undefined> => {
    for (const { containerID = '' } of runningContainers(object)) {
      const found = await process(`${cgroup}/${containerID.replace(/^[a-z0-9+.-]+:\/\//, '')}`)
      if (found !== undefined) return found
    }
    return undefined
  }
  const take = async (): Promise<Sample> => {
    const atMs = clock.now().getTime()
    const running = options.pods().filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed')
    const [stats, interfaces, fileSystem, pids, pods] = await Promise.all([
      readMachineStats(),
      readInterfaces('self'),
      readFileSystem(options.dataDir),
      options.pids(),
      Promise.all(running.map(pod)).then((all) => all.flat()),
    ])
    rates.forget(new Set(['', ...pods.flatMap((one) => [one.cgroup, ...one.containers.map(({ cgroup }) => cgroup)])]))
    return {
      atMs,
      node: {
        name: options.nodeName,
        cpus: options.cpus,
        memoryBytes: options.memoryBytes,
        stats,
        nanoCores: rates.rate('', { atMs, cpuNanos: stats.cpuNanos }),
        interfaces,
        fileSystem,
        processes: { current: pids.used, max: pids.max },
      },
      pods,
    }
  }
  return () => {
    const now = clock.now().getTime()
    if (taken === undefined || now - takenAtMs >= freshMs) {
      takenAtMs = now
      taken = take()
      taken.catch(() => (taken = undefined))
    }
    return taken
  }
}
