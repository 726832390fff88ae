import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { runtimePaths } from '@kapell/node-agent/runtime/paths'
import { run } from './kapell.ts'

/** A container's or a sandbox' first process, as the runtime of a data directory has it. */
export interface Task {
  id: string
  pid: number
  status: string
}

/** The running tasks of a data directory's containerd: those of sandboxes too. */
export async function runningTasks(dataDir: string): Promise<Task[]> {
  const ran = await run('ctr', ['-a', runtimePaths(dataDir).socket, '-n', 'k8s.io', 'task', 'ls'])
  if (ran.code !== 0) throw new Error(ran.stderr)
  return ran.stdout
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s+/))
    .map(([id = '', pid, status = '']) => ({ id, pid: Number(pid), status }))
    .filter(({ status }) => status === 'RUNNING')
}

/** Every process whose arguments name the text. */
export function processesNaming(text: string): { pid: number; args: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => ({ pid: Number(pid), args: readArgs(pid) }))
    .filter(({ args }) => args.includes(text))
}

function readArgs(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return ''
  }
}

/** What a cluster of this data directory has left on the machine: one line a finding, none when all is clean. */
export async function leftovers(dataDir: string): Promise<string[]> {
  const paths = runtimePaths(dataDir)
  const found = [dataDir, paths.runDir].flatMap((text) =>
    processesNaming(text).map(({ pid, args }) => `process ${pid}: ${args}`),
  )
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
  for (const line of mounts) if (line.includes(dataDir) || line.includes(paths.runDir)) found.push(`mount ${line}`)
  const links = await run('ip', ['-o', 'link'])
  if (links.stdout.includes(paths.linkName)) found.push(`interface ${paths.linkName}`)
  if (existsSync(paths.runDir)) found.push(`directory ${paths.runDir}`)
  const roots = ['/sys/fs/cgroup', ...readdirSync('/sys/fs/cgroup').map((name) => `/sys/fs/cgroup/${name}`)]
  for (const root of roots)
    if (existsSync(`${root}${paths.cgroupParent}`)) found.push(`cgroup ${root}${paths.cgroupParent}`)
  return found
}

/** Interfaces and nftables tables of the machine, to be compared before and after. */
export async function networkNames(): Promise<string[]> {
  const links = (await run('ip', ['-o', 'link'])).stdout.match(/^\d+: [^:@]+/gm) ?? []
  const tables = (await run('nft', ['list', 'tables'])).stdout.trim().split('\n').filter(Boolean)
  return [...links.map((link) => link.replace(/^\d+/, 'link')), ...tables]
}
