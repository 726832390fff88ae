import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ipv6Number, ipv6Text } from '@kapell/controllers/machinery/ipv6-number'
import { ipv6 } from '../proxy/family.ts'
import { findTool, tryRun } from './exec.ts'

/** CAP_SYS_RESOURCE is bit 24. Source: capabilities(7). */
const capSysResource = 24n

export function hasCapability(status: string, bit: bigint): boolean {
  const hex = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1]
  return hex === undefined || ((BigInt(`0x${hex}`) >> bit) & 1n) === 1n
}

/** Whether this process, and so the runtime it starts, may lower an oom_score_adj. */
export async function mayLowerOomScore(): Promise<boolean> {
  return hasCapability(await readFile('/proc/self/status', 'utf8'), capSysResource)
}

/** "overlayfs" where the filesystem below `dir` can carry an overlay, else "native" (copies, works anywhere). */
export async function chooseSnapshotter(dir: string): Promise<'overlayfs' | 'native'> {
  const at = join(dir, 'overlay-trial')
  const [lower, upper, work, merged] = ['lower', 'upper', 'work', 'merged'].map((name) => join(at, name)) as [
    string,
    string,
    string,
    string,
  ]
  try {
    for (const each of [lower, upper, work, merged]) await mkdir(each, { recursive: true })
    const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`
    const mounted = await tryRun('mount', ['-t', 'overlay', 'overlay', '-o', options, merged])
    if (mounted.code !== 0) return 'native'
    await tryRun('umount', [merged])
    return 'overlayfs'
  } finally {
    await rm(at, { recursive: true, force: true })
  }
}

/** The first directory that holds the CNI plugins we use. */
export function findCniPlugins(
  dirs: readonly string[] = ['/usr/lib/cni', '/opt/cni/bin', '/usr/libexec/cni', '/usr/lib/cni/bin'],
): string | undefined {
  return dirs.find((dir) => ['ptp', 'host-local', 'loopback'].every((name) => existsSync(join(dir, name))))
}

/** MTU of the link of the default route, 1500 where there is none. */
export async function uplinkMtu(): Promise<number> {
  const routes = await readFile('/proc/net/route', 'utf8').catch(() => '')
  const link = routes
    .split('\n')
    .map((line) => line.split('\t'))
    .find((fields) => fields[1] === '00000000' && fields[7] === '00000000')?.[0]
  if (link === undefined) return 1500
  const mtu = Number(await readFile(`/sys/class/net/${link}/mtu`, 'utf8').catch(() => '1500'))
  return mtu >= 576 && mtu <= 65535 ? mtu : 1500
}

/** Writes a kernel setting; answers whether it now has that value. */
export async function setSysctl(name: string, value: string): Promise<boolean> {
  const file = `/proc/sys/${name.replaceAll('.', '/')}`
  try {
    if ((await readFile(file, 'utf8')).trim() === value) return true
    await writeFile(file, value)
    return true
  } catch {
    return false
  }
}

/** The gateway of the pods: the first address of their range. Errors: not an IPv4 CIDR of at most 30 bits. */
export function gatewayOf(podCidr: string): string {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(podCidr)
  const octets = match?.slice(1, 5).map(Number) ?? []
  const bits = Number(match?.[5])
  if (match === null || octets.some((octet) => octet > 255) || bits < 8 || bits > 30) {
    throw new Error(`pod CIDR "${podCidr}" must be an IPv4 range between /8 and /30`)
  }
  const address = octets.reduce((sum, octet) => sum * 256 + octet, 0)
  const first = Math.floor(address / 2 ** (32 - bits)) * 2 ** (32 - bits) + 1
  return [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join('.')
}

/** The same of IPv6. Errors: not an IPv6 CIDR of at most 126 bits. */
export function gateway6Of(podCidr: string): string {
  const block = ipv6.block(podCidr)
  const bits = Number(block?.split('/')[1])
  if (block === undefined || bits < 8 || bits > 126)
    throw new Error(`pod CIDR "${podCidr}" must be an IPv6 range between /8 and /126`)
  return ipv6Text(ipv6Number(block.split('/')[0]!) + 1n)
}

/**
 * A link without wires that always carries the pods' gateway address, so that the node can listen on it (DNS) before and
 * after there are pods; and forwarding, without which no packet leaves a pod.
 */
export async function ensureNodeNetwork(linkName: string, gateway: string, gateway6?: string): Promise<void> {
  const ip = findTool('ip')
  if (ip === undefined) throw new Error('the tool "ip" (Debian package iproute2) is not installed')
  if (!(await setSysctl('net.ipv4.ip_forward', '1'))) {
    throw new Error('cannot turn on net.ipv4.ip_forward: run as root on a machine that allows it')
  }
  if (gateway6 !== undefined && !(await setSysctl('net.ipv6.conf.all.forwarding', '1'))) {
    throw new Error('cannot turn on net.ipv6.conf.all.forwarding: this machine has no IPv6, or does not allow it')
  }
  const add = (type: string) => tryRun(ip, ['link', 'add', linkName, 'type', type])
  let made = await add('dummy')
  // Small kernels come without the dummy device; a bridge without ports does the same.
  if (made.code !== 0 && !made.stderr.includes('File exists')) made = await add('bridge')
  if (made.code !== 0 && !made.stderr.includes('File exists')) {
    throw new Error(`cannot make the network link ${linkName}: ${made.stderr}`)
  }
  const batch = [
    `address replace ${gateway}/32 dev ${linkName}`,
    ...(gateway6 === undefined ? [] : [`address replace ${gateway6}/128 dev ${linkName} nodad`]),
    `link set ${linkName} up\n`,
  ].join('\n')
  const set = await tryRun(ip, ['-batch', '-'], { input: batch })
  if (set.code !== 0) throw new Error(`cannot set up the network link ${linkName}: ${set.stderr}`)
}

export async function removeNodeNetwork(linkName: string): Promise<void> {
  const ip = findTool('ip')
  if (ip !== undefined) await tryRun(ip, ['link', 'delete', linkName])
}

/**
 * On cgroup v2, controllers can be handed down only from a group without processes. Inside a container the topmost
 * visible group has some: they move to a group of their own, once. Does nothing elsewhere.
 */
export async function prepareCgroups(root = '/sys/fs/cgroup'): Promise<void> {
  const controllers = await readFile(join(root, 'cgroup.controllers'), 'utf8').catch(() => undefined)
  if (controllers === undefined) return
  const wanted = controllers.trim().split(/\s+/)
  const enabled = async () =>
    new Set((await readFile(join(root, 'cgroup.subtree_control'), 'utf8').catch(() => '')).trim().split(/\s+/))
  const enable = async () => {
    const have = await enabled()
    for (const name of wanted) {
      if (name !== '' && !have.has(name)) {
        await writeFile(join(root, 'cgroup.subtree_control'), `+${name}`).catch(() => undefined)
      }
    }
  }
  await enable()
  if (wanted.every((name) => name === '') || (await enabled()).has(wanted[0]!)) return
  const shelter = join(root, 'kapell-init')
  await mkdir(shelter, { recursive: true }).catch(() => undefined)
  const pids = (await readFile(join(root, 'cgroup.procs'), 'utf8').catch(() => '')).trim().split('\n')
  for (const pid of pids) {
    if (pid !== '' && pid !== '0') await writeFile(join(shelter, 'cgroup.procs'), pid).catch(() => undefined)
  }
  await enable()
}

/** Whether groups of processes can be bounded in their huge pages. */
export function hasHugePageCgroups(root = '/sys/fs/cgroup'): boolean {
  if (existsSync(join(root, 'hugetlb'))) return true
  const controllers = join(root, 'cgroup.controllers')
  return existsSync(controllers) && readFileSync(controllers, 'utf8').split(/\s+/).includes('hugetlb')
}

/** The directories below which cgroups are made: one a hierarchy on v1, one in all on v2. */
export async function cgroupRoots(root = '/sys/fs/cgroup'): Promise<string[]> {
  if (existsSync(join(root, 'cgroup.controllers'))) return [root]
  const entries = await readdir(root, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(root, entry.name))
}
