import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../errors.ts'
import { createLogger } from '../log.ts'
import { giveMemoryBackWhenIdle } from '../idle-memory.ts'
import { runNode, type NodeConfig, type RunningNode } from './run-node.ts'

/** What a node's process tells the one that started it. */
export type NodeMessage =
  { type: 'progress'; line: string } | { type: 'ready'; summary: string } | { type: 'failed'; message: string }

/**
 * `kapell node FILE`: one node of several on this machine, started by `kapell up` in the node's network namespace. A
 * message "stop" ends it with its pods; when the one who started it is gone, it leaves its pods for the next run.
 */
export async function node(argv: readonly string[]): Promise<number> {
  const [file] = argv
  if (file === undefined || process.send === undefined)
    throw new UserError('"kapell node" is for "kapell up --nodes N" to start', { exitCode: 2 })
  const config = JSON.parse(readFileSync(file, 'utf8')) as NodeConfig
  mkdirSync(join(config.dataDir, 'log'), { recursive: true, mode: 0o700 })
  const log = createLogger({ dataDir: config.dataDir, level: config.logLevel })
  const stop = new AbortController()
  const asked = new Promise<{ removePods: boolean }>((resolve) => {
    const end = (removePods: boolean): void => {
      stop.abort()
      resolve({ removePods })
    }
    process.on('message', (message) => {
      if (message === 'stop') end(true)
    })
    process.on('disconnect', () => end(false))
    process.on('SIGTERM', () => end(false))
    // Ctrl-C at a terminal is for the one who started us, who then asks.
    process.on('SIGINT', () => {})
  })
  const tell = (message: NodeMessage): void => {
    if (process.connected) process.send?.(message)
  }
  let running: RunningNode | undefined
  try {
    running = await runNode(config, { log, signal: stop.signal, report: (line) => tell({ type: 'progress', line }) })
    giveMemoryBackWhenIdle()
    tell({ type: 'ready', summary: running.summary })
    await running.close(await asked)
    return 0
  } catch (error) {
    if (stop.signal.aborted) return 0
    tell({ type: 'failed', message: (error as Error).message })
    return 1
  } finally {
    await log.close()
    if (process.connected) process.disconnect?.()
  }
}
