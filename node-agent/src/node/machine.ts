import { readFile, readdir } from 'node:fs/promises'
import { arch, cpus, hostname, networkInterfaces, release, totalmem } from 'node:os'
import { statfs } from 'node:fs/promises'
import type { V1NodeSystemInfo } from '@kapell/openapi/types'

/** What the machine is and has. */
export interface Machine {
  cpus: number
  memoryBytes: number
  /** Of the file system that holds the pods. */
  diskBytes: number
  hugePages: Record<string, string>
  info: Omit<V1NodeSystemInfo, 'containerRuntimeVersion' | 'kubeletVersion' | 'kubeProxyVersion'>
}

const architectures: Record<string, string> = { x64: 'amd64', arm64: 'arm64', ia32: '386', arm: 'arm' }

/** As labels and images name it: amd64, arm64. */
export const goArch = (): string => architectures[arch()] ?? arch()

export async function readMachine(dataDir: string): Promise<Machine> {
  const text = (path: string): Promise<string> =>
    readFile(path, 'utf8').then(
      (value) => value.trim(),
      () => '',
    )
  const [machineId, systemUuid, bootId, osRelease, disk] = await Promise.all([
    text('/etc/machine-id'),
    text('/sys/class/dmi/id/product_uuid'),
    text('/proc/sys/kernel/random/boot_id'),
    text('/etc/os-release'),
    statfs(dataDir),
  ])
  return {
    cpus: cpus().length,
    memoryBytes: totalmem(),
    diskBytes: disk.blocks * disk.bsize,
    hugePages: await hugePages(),
    info: {
      architecture: goArch(),
      bootID: bootId,
      kernelVersion: release(),
      machineID: machineId,
      operatingSystem: 'linux',
      osImage: /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(osRelease)?.[1] ?? 'Linux',
      systemUUID: systemUuid === '' ? machineId : systemUuid,
    },
  }
}

/** Huge pages set aside, by the names of their resources. Source: the kernel's hugetlbpage document. */
async function hugePages(dir = '/sys/kernel/mm/hugepages'): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const name of (await readdir(dir).catch(() => [])).sort()) {
    const kilobytes = Number(/^hugepages-(\d+)kB$/.exec(name)?.[1] ?? 0)
    const count = Number(await readFile(`${dir}/${name}/nr_hugepages`, 'utf8').catch(() => '0'))
    if (kilobytes > 0) found[`hugepages-${binary(kilobytes)}`] = count === 0 ? '0' : binary(count * kilobytes)
  }
  return found
}

/** "2Mi" of 2048 KiB. */
function binary(kibibytes: number): string {
  let amount = kibibytes
  for (const unit of ['Ki', 'Mi']) {
    if (amount % 1024 !== 0) return `${amount}${unit}`
    amount /= 1024
  }
  return `${amount}Gi`
}

/** Bytes that can be had now. */
export async function availableMemoryBytes(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8')
  return Number(/^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024
}

export async function diskUsage(dir: string): Promise<{ availableShare: number; inodesFreeShare: number }> {
  const disk = await statfs(dir)
  return {
    availableShare: disk.blocks === 0 ? 1 : disk.bavail / disk.blocks,
    inodesFreeShare: disk.files === 0 ? 1 : disk.ffree / disk.files,
  }
}

/** Process ids in use and the most there can be. */
export async function pidUsage(): Promise<{ used: number; max: number }> {
  const [load, max] = await Promise.all([
    readFile('/proc/loadavg', 'utf8'),
    readFile('/proc/sys/kernel/pid_max', 'utf8').catch(() => '4194304'),
  ])
  return { used: Number(/\/(\d+) /.exec(load)?.[1] ?? 0), max: Number(max.trim()) }
}

const defaultLink = async (): Promise<string | undefined> =>
  (await readFile('/proc/net/route', 'utf8').catch(() => ''))
    .split('\n')
    .map((line) => line.split('\t'))
    .find((fields) => fields[1] === '00000000' && fields[7] === '00000000')?.[0]

/** The IPv6 address of the link that has the default route, where it has one that others can reach. */
export async function defaultNodeIp6(): Promise<string | undefined> {
  const link = await defaultLink()
  const own = link === undefined ? [] : (networkInterfaces()[link] ?? [])
  return own.find(({ family, address }) => family === 'IPv6' && !address.startsWith('fe80:'))?.address
}

/** The first address of a real link; 127.0.0.1 on a machine without network. */
export async function defaultNodeIp(): Promise<string> {
  const link = await defaultLink()
  const links = networkInterfaces()
  const own = link === undefined ? undefined : links[link]?.find(({ family }) => family === 'IPv4')
  if (own !== undefined) return own.address
  const any = Object.entries(links)
    .filter(([name]) => !/^(veth|cni|kapell|docker|br-)/.test(name))
    .flatMap(([, addresses]) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)
  return any?.address ?? '127.0.0.1'
}

/** As a Node may be named: lower case. */
export const defaultNodeName = (): string => hostname().toLowerCase()

/** Whether the kernel has AppArmor switched on. */
export const hasAppArmor = (): Promise<boolean> =>
  readFile('/sys/module/apparmor/parameters/enabled', 'utf8').then(
    (text) => text.startsWith('Y'),
    () => false,
  )
