import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Logger } from '@kapell/controllers/machinery/log'
import { findTool } from '../runtime/exec.ts'

/** Runs a program and hands over its lines; the answer ends it. `ended` is called when it ends by itself. */
export type Follow = (
  program: string,
  args: readonly string[],
  on: { line(text: string): void; ended(): void },
) => () => void

export interface LogindOptions {
  /** The machine is about to go down; it waits for this, as long as its administrator allows. */
  goesDown(): Promise<void>
  log: Logger
  signal: AbortSignal
  follow?: Follow
  /** Whether a program is there. */
  has?: (program: string) => boolean
}

const prepare = /PrepareForShutdown \((true|false),?\)/

/**
 * Where systemd's logind runs: holds the machine's shutdown back until the pods have ended. Answers whether it does;
 * elsewhere only a signal to this process tells. Source: systemd's "Inhibitor Locks".
 */
export function watchLogind(options: LogindOptions): boolean {
  const { log, signal, follow = followProgram, has = (program) => findTool(program) !== undefined } = options
  if (!['systemd-inhibit', 'gdbus'].every(has)) return false
  let letGo: (() => void) | undefined
  const hold = (): void => {
    const args = ['--what=shutdown', '--mode=delay', '--who=kapell', '--why=kapell ends its pods first', 'cat']
    letGo = follow('systemd-inhibit', args, {
      line: () => {},
      ended: () => {
        // There is no logind after all, or it was restarted.
        letGo = undefined
      },
    })
  }
  const stop = follow(
    'gdbus',
    ['monitor', '--system', '--dest', 'org.freedesktop.login1', '--object-path', '/org/freedesktop/login1'],
    {
      line: (text) => {
        const found = prepare.exec(text)?.[1]
        if (found === 'true')
          void options.goesDown().finally(() => {
            letGo?.()
            letGo = undefined
          })
        else if (found === 'false' && letGo === undefined) hold()
      },
      ended: () => {
        if (!signal.aborted) log.info('the machine does not tell of its shutdown: only a signal ends pods in order')
      },
    },
  )
  hold()
  signal.addEventListener(
    'abort',
    () => {
      stop()
      letGo?.()
    },
    { once: true },
  )
  return true
}

const followProgram: Follow = (program, args, on) => {
  // Its standard input stays open as long as we hold on to it.
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] })
  let over = false
  const ended = (): void => {
    if (over) return
    over = true
    on.ended()
  }
  child.on('error', ended)
  child.on('exit', ended)
  child.stdin.on('error', () => {})
  createInterface(child.stdout).on('line', (text) => on.line(text))
  child.unref()
  return () => {
    over = true
    child.kill('SIGTERM')
  }
}
