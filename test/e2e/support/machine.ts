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

/**
 * What a cluster has left on the machine, one line a finding, none when all is clean. Other clusters may run beside it:
 * its own are known by the data directory and by the first bytes of its pods' addresses ("10.244.0.").
 */
export async function leftovers(dataDir: string, podPrefix: string): Promise<string[]> {
  const paths = runtimePaths(dataDir)
  const found = [dataDir, paths.runDir].flatMap((text) =>
    processesNaming(text).map(({ pid, args }) => `process ${pid}: ${args}`),
  )
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
  for (const line of mounts) if (line.includes(dataDir) || line.includes(paths.runDir)) found.push(`mount ${line}`)
  const lists = [
    ['ip', '-o', 'link'],
    ['ip', '-o', 'address'],
    ['ip', 'route'],
    ['nft', 'list', 'tables'],
  ]
  for (const [program = '', ...args] of lists)
    for (const line of (await run(program, args)).stdout.split('\n'))
      if (line.includes(paths.linkName) || line.includes(podPrefix)) found.push(`${program} ${args.join(' ')}: ${line}`)
  if (existsSync(paths.runDir)) found.push(`directory ${paths.runDir}`)
  const roots = ['/sys/fs/cgroup', ...readdirSync('/sys/fs/cgroup').map((name) => `/sys/fs/cgroup/${name}`)]
  for (const root of roots)
    if (existsSync(`${root}${paths.cgroupParent}`)) found.push(`cgroup ${root}${paths.cgroupParent}`)
  return found
}
