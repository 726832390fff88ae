import { closeSync, mkdirSync, openSync, readFileSync, statSync, unlinkSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { UserError } from './errors.ts'

/**
 * Makes the data directory and takes its lock, so that two clusters never share one. The lock is a file with our
 * process id; one left by a process that was killed is taken over.
 * @throws UserError when the directory cannot be written or another kapell uses it.
 */
export function openDataDir(path: string): { release: () => void } {
  try {
    for (const name of ['', 'log', 'images', 'pki']) makeDir(join(path, name))
  } catch (error) {
    throw new UserError(`cannot write to the data directory ${path} (${code(error)}); choose another with --data-dir`, {
      cause: error,
    })
  }
  const lock = join(path, 'kapell.pid')
  const holder = readHolder(lock)
  if (holder !== undefined && isAlive(holder))
    throw new UserError(
      `a kapell with process id ${holder} already uses ${path}; stop it, or choose another directory with --data-dir`,
    )
  try {
    if (holder !== undefined) unlinkSync(lock)
    const fd = openSync(lock, 'wx', 0o600)
    writeSync(fd, `${process.pid} ${startTime(process.pid) ?? ''}\n`)
    closeSync(fd)
  } catch (error) {
    throw new UserError(`cannot write to the data directory ${path} (${code(error)}); choose another with --data-dir`, {
      cause: error,
    })
  }
  return { release: () => unlinkSync(lock) }
}

/** As mkdirSync's own recursion, which says ENOENT where the file system is read-only. */
function makeDir(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if (code(error) === 'EEXIST' && statSync(path).isDirectory()) return
    if (code(error) !== 'ENOENT' || dirname(path) === path) throw error
    makeDir(dirname(path))
    mkdirSync(path, { mode: 0o700 })
  }
}

function code(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error as Error).message
}

interface Holder {
  pid: number
  startedAt: string | undefined
  toString(): string
}

function readHolder(lock: string): Holder | undefined {
  try {
    const [pid, startedAt] = readFileSync(lock, 'utf8').trim().split(' ')
    return { pid: Number(pid), startedAt, toString: () => String(pid) }
  } catch {
    return undefined
  }
}

/** A process id alone may have been reused since: the time the process started tells. */
function isAlive(holder: Holder): boolean {
  if (!Number.isInteger(holder.pid) || holder.pid <= 0 || holder.pid === process.pid) return false
  const startedAt = startTime(holder.pid)
  return startedAt !== undefined && (holder.startedAt === undefined || holder.startedAt === startedAt)
}

/** Field 22 of /proc/PID/stat, in clock ticks since boot; undefined for a process that has ended, collected or not. */
function startTime(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')
    return fields?.[0] === 'Z' ? undefined : fields?.[19]
  } catch {
    return undefined
  }
}
