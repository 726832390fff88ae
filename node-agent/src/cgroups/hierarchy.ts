import { existsSync } from 'node:fs'
import { mkdir, readFile, readdir, rmdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

/** What a cgroup may take. Absent: it is left as it is. */
export interface CgroupLimits {
  /** Weight against its siblings, as version 1 counts: 2 to 262144. */
  cpuShares?: number
  /** Microseconds of CPU in a tenth of a second; 0: no limit. */
  cpuQuota?: number
  /** 0: no limit. */
  memoryBytes?: number
  /** 0: no limit. */
  pids?: number
  /** Bytes of huge pages of each size, by the kernel's name of it: "2MB", "1GB". */
  hugePages?: Readonly<Record<string, number>>
}

/** The machine's control groups, of either version. Paths are as the runtime knows them: "/kapell-1a2b/kubepods". */
export interface Hierarchy {
  readonly version: 1 | 2
  /** Makes a group, with those above it, and gives it limits. A controller that this kernel lacks is passed over. */
  apply(path: string, limits: CgroupLimits): Promise<void>
  /** Removes a (then empty) group with those below it. What is still busy is left. */
  remove(path: string): Promise<void>
}

interface Setting {
  controller: 'cpu' | 'memory' | 'pids' | 'hugetlb'
  file: string
  value: string
}

const periodMicros = 100_000

/** The same weight on the scale of version 2, 1 to 10000. Source: Kubernetes enhancement 2254. */
export const cpuWeight = (shares: number): number => Math.floor(1 + ((Math.max(2, shares) - 2) * 9999) / 262_142)

/** Kernel files and what to write into them. Source: cgroups(7); the kernel's cgroup-v1 and cgroup-v2 documents. */
export function settingsOf(limits: CgroupLimits, version: 1 | 2): Setting[] {
  const { cpuShares, cpuQuota, memoryBytes, pids, hugePages = {} } = limits
  const settings: (Setting | undefined)[] = [
    cpuShares === undefined
      ? undefined
      : version === 1
        ? { controller: 'cpu', file: 'cpu.shares', value: String(cpuShares) }
        : { controller: 'cpu', file: 'cpu.weight', value: String(cpuWeight(cpuShares)) },
    cpuQuota === undefined
      ? undefined
      : version === 1
        ? { controller: 'cpu', file: 'cpu.cfs_quota_us', value: cpuQuota === 0 ? '-1' : String(cpuQuota) }
        : { controller: 'cpu', file: 'cpu.max', value: `${cpuQuota === 0 ? 'max' : cpuQuota} ${periodMicros}` },
    memoryBytes === undefined
      ? undefined
      : version === 1
        ? { controller: 'memory', file: 'memory.limit_in_bytes', value: memoryBytes === 0 ? '-1' : String(memoryBytes) }
        : { controller: 'memory', file: 'memory.max', value: memoryBytes === 0 ? 'max' : String(memoryBytes) },
    pids === undefined ? undefined : { controller: 'pids', file: 'pids.max', value: pids === 0 ? 'max' : String(pids) },
    ...Object.entries(hugePages).map(([size, bytes]): Setting => ({
      controller: 'hugetlb',
      file: version === 1 ? `hugetlb.${size}.limit_in_bytes` : `hugetlb.${size}.max`,
      value: String(bytes),
    })),
  ]
  return settings.filter((setting) => setting !== undefined)
}

/** Looks how this machine has its control groups. */
export function openHierarchy(mountPoint = '/sys/fs/cgroup'): Hierarchy {
  const unified = existsSync(join(mountPoint, 'cgroup.controllers'))
  const inside = (root: string, path: string): string => {
    const dir = resolve(root, `.${path}`)
    if (dir === root || !dir.startsWith(`${root}/`)) throw new Error(`no path of a cgroup: ${path}`)
    return dir
  }
  const version = unified ? 2 : 1
  const rootOf = (controller: string): string => (unified ? mountPoint : join(mountPoint, controller))
  const roots = async (): Promise<string[]> =>
    unified ? [mountPoint] : (await readdir(mountPoint).catch(() => [])).map((name) => join(mountPoint, name))

  return {
    version,
    apply: async (path, limits) => {
      const settings = settingsOf(limits, version)
      for (const controller of new Set(settings.map((setting) => setting.controller))) {
        const root = rootOf(controller)
        if (!existsSync(root)) continue
        if (unified) await handDown(root, path, controller)
        const dir = inside(root, path)
        await mkdir(dir, { recursive: true })
        for (const { file, value } of settings.filter((setting) => setting.controller === controller))
          await write(join(dir, file), value)
      }
    },
    remove: async (path) => {
      for (const root of await roots()) {
        const dir = inside(root, path)
        if (existsSync(dir)) await removeTree(dir)
      }
    },
  }
}

/** On version 2 a group has a controller only when each group above hands it down. */
async function handDown(root: string, path: string, controller: string): Promise<void> {
  let dir = root
  for (const part of path.split('/').filter((name) => name !== '')) {
    const file = join(dir, 'cgroup.subtree_control')
    const has = (await readFile(file, 'utf8').catch(() => '')).trim().split(/\s+/)
    // What cannot be handed down is not there to be set either: that is passed over below.
    if (!has.includes(controller)) await writeFile(file, `+${controller}`).catch(() => {})
    dir = join(dir, part)
    await mkdir(dir, { recursive: true })
  }
}

async function write(file: string, value: string): Promise<void> {
  if (!existsSync(file)) return
  if ((await readFile(file, 'utf8').catch(() => '')).trim() === value) return
  await writeFile(file, value)
}

async function removeTree(dir: string): Promise<void> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => [])
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(dir, entry.name))
  await rmdir(dir).catch(() => {})
}
