import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { until } from './wait.ts'

/** A program that goes on until it is told to end, and what it has said. */
export interface Streaming {
  readonly pid: number
  /** Standard output and standard error, in the order they came. */
  output(): string
  /** Types into its standard input. */
  write(text: string): void
  /** Waits until what it has said matches. */
  says(what: RegExp | string, timeoutMs?: number): Promise<void>
  /** Its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>
  /** Ends it with a signal, and waits. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

export function stream(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Streaming {
  const child = spawn(program, args, { stdio: 'pipe', env: { ...process.env, ...env } })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()))
  child.stdin.on('error', () => {})
  const ended = once(child, 'close').then(() => child.exitCode)
  return {
    pid: child.pid ?? 0,
    output: () => text,
    write: (more) => child.stdin.write(more),
    says: async (what, timeoutMs = 20_000) => {
      const found = (): boolean => (typeof what === 'string' ? text.includes(what) : what.test(text))
      await until(`${program} to say ${String(what)}`, found, {
        timeoutMs,
      }).catch((error: unknown) => {
        throw new Error(`${String(error)}; it has said: ${text}`)
      })
    },
    ended,
    stop: async (signal = 'SIGINT') => {
      child.kill(signal)
      return ended
    },
  }
}
