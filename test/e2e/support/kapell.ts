import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stockTool } from '@kapell/cli/kubectl'
import { until } from './wait.ts'

const main = fileURLToPath(new URL('../../../cli/src/main.ts', import.meta.url))

/** A cluster as a user starts one: the very command, in a process of its own. */
export interface Kapell {
  readonly dataDir: string
  readonly process: ChildProcess
  readonly kubeconfig: string
  /** What it has printed so far. */
  output(): string
  /** Ctrl-C; resolves with the exit code. */
  stop(): Promise<number>
  /** Resolves with the exit code once it has ended by itself. */
  readonly ended: Promise<number>
  /** As the machine's power cut would, for our processes: the container runtime's included. */
  kill(): Promise<void>
}

export function temporaryDir(name: string): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), `kapell-${name}-`))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** Starts `kapell up` and waits until it says that the cluster is ready. */
export function startKapell(options: { dataDir: string; port: number; args?: readonly string[] }): Promise<Kapell> {
  const { dataDir, port, args = [] } = options
  return startCommand({
    dataDir,
    argv: ['up', '--data-dir', dataDir, '--port', String(port), ...args],
    ready: 'The cluster is ready',
  })
}

/** Starts a command that goes on, in the network namespace of a file if one is given, and waits until it says that it is ready. */
export async function startCommand(options: {
  dataDir: string
  argv: readonly string[]
  ready: string
  namespace?: string
}): Promise<Kapell> {
  const { dataDir, argv, ready, namespace } = options
  let text = ''
  const command = [process.execPath, main, ...argv]
  const [program = '', ...args] = namespace === undefined ? command : ['nsenter', `--net=${namespace}`, ...command]
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const exited = once(child, 'exit')
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null
  await until(`"${ready}"`, () => text.includes(ready) || hasEnded(), { timeoutMs: 120_000 })
    .then(() => {
      if (!text.includes(ready)) throw new Error(`kapell ${argv[0]} ended with ${child.exitCode ?? child.signalCode}`)
    })
    .catch((error: unknown) => {
      child.kill('SIGKILL')
      throw new Error(`${String(error)}\n${text}`)
    })
  return {
    dataDir,
    process: child,
    kubeconfig: join(dataDir, 'kubeconfig'),
    output: () => text,
    ended: exited.then(() => child.exitCode ?? -1),
    stop: async () => {
      child.kill('SIGINT')
      await exited
      return child.exitCode ?? -1
    },
    kill: async () => {
      const pids = [child.pid, ...childrenOf(child.pid ?? 0)]
      for (const pid of pids) if (pid !== undefined) process.kill(pid, 'SIGKILL')
      await exited
    },
  }
}

/** Our processes below this one (containers' shims have left the tree: they are not ours to kill). */
function childrenOf(pid: number): number[] {
  try {
    const direct = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter(Boolean)
      .map(Number)
    return direct.flatMap((child) => [child, ...childrenOf(child)])
  } catch {
    return []
  }
}

export interface Ran {
  code: number
  stdout: string
  stderr: string
}

/** Runs a program to its end. `input` is its whole standard input. */
export async function run(
  program: string,
  args: readonly string[],
  options: { input?: string; env?: NodeJS.ProcessEnv; timeoutMs?: number } = {},
): Promise<Ran> {
  const child = spawn(program, args, { stdio: 'pipe', env: { ...process.env, ...options.env } })
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  child.stdin.on('error', () => {})
  child.stdin.end(options.input ?? '')
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 120_000)
  await once(child, 'close')
  clearTimeout(timer)
  return { code: child.exitCode ?? -1, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }
}

/** Stock kubectl against one cluster. */
export class Kubectl {
  readonly program = stockTool('kubectl')
  readonly kubeconfig: string
  constructor(kubeconfig: string) {
    this.kubeconfig = kubeconfig
  }

  get env(): NodeJS.ProcessEnv {
    return { KUBECONFIG: this.kubeconfig, HOME: join(this.kubeconfig, '..') }
  }

  try(args: readonly string[], input?: string): Promise<Ran> {
    return run(this.program, args, { env: this.env, ...(input === undefined ? {} : { input }) })
  }

  /** Standard output; throws with what kubectl said when it fails. */
  async run(...args: string[]): Promise<string> {
    const ran = await this.try(args)
    if (ran.code !== 0) throw new Error(`kubectl ${args.join(' ')} exited with ${ran.code}: ${ran.stderr}${ran.stdout}`)
    return ran.stdout
  }

  async json<T>(...args: string[]): Promise<T> {
    return JSON.parse(await this.run(...args, '-o', 'json')) as T
  }

  async apply(manifest: unknown): Promise<string> {
    const ran = await this.try(['apply', '-f', '-'], JSON.stringify(manifest))
    if (ran.code !== 0) throw new Error(`kubectl apply exited with ${ran.code}: ${ran.stderr}`)
    return ran.stdout
  }
}
