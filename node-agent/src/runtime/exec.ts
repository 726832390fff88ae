import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Directories that hold system tools but are missing from the PATH of some shells. */
const systemDirs = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']
const maxOutputBytes = 8 * 1024 * 1024

/** PATH with the system directories behind whatever the caller has. */
export function toolPath(): string {
  const own = (process.env['PATH'] ?? '').split(delimiter).filter((dir) => dir !== '')
  return [...new Set([...own, ...systemDirs])].join(delimiter)
}

/** The absolute path of an executable, or undefined. A name with a slash is taken as it is. */
export function findTool(name: string): string | undefined {
  const candidates = name.includes('/')
    ? [name]
    : toolPath()
        .split(delimiter)
        .map((dir) => join(dir, name))
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

export interface RunOptions {
  input?: string | Uint8Array
  /** Default 30,000. The child is killed when it is over. */
  timeoutMs?: number
  signal?: AbortSignal
  cwd?: string
  env?: Record<string, string>
}

export interface RunResult {
  code: number
  stdout: string
  stderr: string
}

/** Runs a tool to its end; never throws for a bad exit code. Output beyond 8 MiB is cut off. */
export function tryRun(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, PATH: toolPath(), LC_ALL: 'C', ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    })
    const out: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] }
    let bytes = 0
    let timedOut = false
    const timeoutMs = options.timeoutMs ?? 30_000
    const timer = setTimeout(() => {
      timedOut = true
      child.kill('SIGKILL')
    }, timeoutMs)
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes <= maxOutputBytes) out[name].push(chunk)
      })
    }
    const done = (code: number, note = '') => {
      clearTimeout(timer)
      resolve({
        code,
        stdout: Buffer.concat(out.stdout).toString(),
        stderr: (Buffer.concat(out.stderr).toString() + note).trim(),
      })
    }
    child.on('error', (error) => done(127, `${error.message}`))
    child.on('close', (code) => {
      if (timedOut) done(124, `\n${command} did not end within ${timeoutMs / 1000} s`)
      else done(code ?? 128)
    })
    // A tool that exits early closes its stdin: the exit code tells, not this error.
    child.stdin.on('error', () => undefined)
    child.stdin.end(options.input)
  })
}

/** As {@link tryRun}, but throws an Error with the tool's own last words when it fails. Answers stdout. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await tryRun(command, args, options)
  if (result.code !== 0) {
    const words = result.stderr === '' ? result.stdout.trim() : result.stderr
    throw new Error(`${[command, ...args].join(' ')}: exit code ${result.code}: ${words.slice(-2000)}`)
  }
  return result.stdout
}
