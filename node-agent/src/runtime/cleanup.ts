import { readFileSync } from 'node:fs'
import { readFile, readdir, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { tryRun } from './exec.ts'
import { cgroupRoots, removeNodeNetwork } from './host.ts'
import type { RuntimePaths } from './paths.ts'

export interface ProcessLine {
  pid: number
  args: string[]
}

/** Every process with its arguments. */
export async function listProcesses(): Promise<ProcessLine[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const all = await Promise.all(
    pids.map(async (pid) => ({
      pid: Number(pid),
      args: (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0').filter((arg) => arg !== ''),
    })),
  )
  return all.filter((each) => each.args.length > 0)
}

/** The shims that serve the containerd behind this socket. */
export function shimsOf(processes: readonly ProcessLine[], socket: string): number[] {
  return processes
    .filter(({ args }) => {
      const at = args.indexOf('-address')
      return args[0]!.includes('containerd-shim') && at >= 0 && args[at + 1] === socket
    })
    .map(({ pid }) => pid)
}

/** Whether a process is the containerd that reads this configuration file. */
export function isOurContainerd(args: readonly string[], configFile: string): boolean {
  return args[0]?.endsWith('containerd') === true && args.includes(configFile)
}

/** A process that has ended but that nobody has collected (in a container without a real init) is not alive. */
export const alive = (pid: number): boolean => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat[stat.lastIndexOf(')') + 2] !== 'Z'
  } catch {
    return false
  }
}

export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It is gone already.
  }
}

/** Waits until a process that need not be our child is gone, or the time is over. Answers whether it is gone. */
export async function goneWithin(pid: number, timeoutMs: number): Promise<boolean> {
  const end = Date.now() + timeoutMs
  while (alive(pid)) {
    if (/^\d+ \(.*\) [ZX]/s.test(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '0 () X'))) return true
    if (Date.now() > end) return false
    await sleep(20)
  }
  return true
}

/** Ends a containerd that an earlier run of ours left behind; its containers live on in their shims. */
export async function endStaleContainerd(paths: RuntimePaths): Promise<number | undefined> {
  const stale = (await listProcesses()).find(({ args }) => isOurContainerd(args, paths.configFile))
  if (stale === undefined) return undefined
  signalProcess(stale.pid, 'SIGTERM')
  if (!(await goneWithin(stale.pid, 5000))) {
    signalProcess(stale.pid, 'SIGKILL')
    await goneWithin(stale.pid, 5000)
  }
  return stale.pid
}

/**
 * Whether another cluster of ours gives pods on this machine the same gateway, that is the same addresses. A link that
 * outlived its cluster (killed, pods gone) is removed in passing.
 */
export async function rangeIsTaken(paths: RuntimePaths, gateway: string): Promise<boolean> {
  const { stdout } = await tryRun('ip', ['-o', '-4', 'address'])
  const links = [...stdout.matchAll(/^\d+: (kapell[0-9a-f]{8}) .*? inet ([\d.]+)/gm)]
  const others = links.filter(([, link, address]) => address === gateway && link !== paths.linkName)
  if (others.length === 0) return false
  const processes = await listProcesses()
  for (const [, link] of others) {
    const id = link!.slice('kapell'.length)
    const socket = join(dirname(paths.runDir), id, 'containerd.sock')
    const pid = Number(await readFile(join(dirname(paths.runDir), id, 'containerd.pid'), 'utf8').catch(() => ''))
    if (
      shimsOf(processes, socket).length > 0 ||
      processes.some((each) => each.pid === pid && each.args[0]!.endsWith('containerd'))
    )
      return true
    await removeNodeNetwork(link!)
  }
  return false
}

/**
 * Takes away by force what is left of this runtime when its containerd is gone: processes in its cgroups, shims,
 * mounts, network namespaces with their interfaces, cgroups, leased addresses and the directory under /run. Each step
 * is safe when there is nothing to do.
 */
export async function sweepRuntime(paths: RuntimePaths): Promise<void> {
  const processes = await listProcesses()
  for (const { pid, args } of processes) if (args.includes(paths.ingressConfig)) signalProcess(pid, 'SIGKILL')
  const shims = shimsOf(processes, paths.socket)
  const addresses = await shimSockets(paths.stateDir)
  for (const pid of await childrenOf(shims)) signalProcess(pid, 'SIGKILL')
  await killCgroups(paths.cgroupParent)
  for (const pid of shims) signalProcess(pid, 'SIGKILL')
  await Promise.all(shims.map((pid) => goneWithin(pid, 3000)))
  for (let round = 0; round < 3; round += 1) {
    const below = await mountsBelow([paths.stateDir, paths.rootDir])
    if (below.length === 0) break
    for (const point of below) await tryRun('umount', ['-l', point])
  }
  for (const address of addresses) await rm(address, { force: true })
  await removeCgroups(paths.cgroupParent)
  await rm(paths.cniDataDir, { recursive: true, force: true })
  if ((await mountsBelow([paths.runDir])).length === 0) await rm(paths.runDir, { recursive: true, force: true })
}

const taskDir = (stateDir: string) => join(stateDir, 'io.containerd.runtime.v2.task', 'k8s.io')

async function taskFiles(stateDir: string, file: string): Promise<string[]> {
  const tasks = await readdir(taskDir(stateDir)).catch(() => [])
  return Promise.all(tasks.map((id) => readFile(join(taskDir(stateDir), id, file), 'utf8').catch(() => '')))
}

/** The first processes of containers are children of their shims. Source: proc(5), field 4 of stat. */
async function childrenOf(parents: readonly number[]): Promise<number[]> {
  if (parents.length === 0) return []
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const parentOf = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
    }),
  )
  return pids.filter((_, at) => parents.includes(parentOf[at]!)).map(Number)
}

async function shimSockets(stateDir: string): Promise<string[]> {
  const addresses = await taskFiles(stateDir, 'address')
  return [...new Set(addresses)]
    .map((each) => each.replace(/^unix:\/\//, '').trim())
    .filter((each) => each.startsWith('/run/'))
}

/** Mount points below the directories, innermost first. Source: proc(5), mountinfo; spaces are written as \040. */
async function mountsBelow(dirs: readonly string[]): Promise<string[]> {
  const info = await readFile('/proc/self/mountinfo', 'utf8')
  return info
    .split('\n')
    .map((line) =>
      (line.split(' ')[4] ?? '').replace(/\\(\d{3})/g, (_, code: string) => String.fromCharCode(parseInt(code, 8))),
    )
    .filter((point) => dirs.some((dir) => point.startsWith(`${dir}/`)))
    .reverse()
}

async function cgroupTree(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => [])
  const below = await Promise.all(
    entries.filter((entry) => entry.isDirectory()).map((entry) => cgroupTree(join(dir, entry.name))),
  )
  return [...below.flat(), dir]
}

async function killCgroups(parent: string): Promise<void> {
  for (const root of await cgroupRoots()) {
    for (const dir of await cgroupTree(root + parent)) {
      const pids = await readFile(join(dir, 'cgroup.procs'), 'utf8').catch(() => '')
      for (const pid of pids.split('\n')) if (Number(pid) > 1) signalProcess(Number(pid), 'SIGKILL')
    }
  }
}

async function removeCgroups(parent: string): Promise<void> {
  for (const root of await cgroupRoots()) {
    for (const dir of await cgroupTree(root + parent)) {
      // A group whose processes have only just died answers EBUSY for a moment.
      for (let attempt = 0; attempt < 20; attempt += 1) {
        const error = await rmdir(dir).then(
          () => undefined,
          (reason: NodeJS.ErrnoException) => reason,
        )
        if (error?.code !== 'EBUSY') break
        await sleep(25)
      }
    }
  }
}
