import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort, run, startKapell, temporaryDir } from '../support/kapell.ts'

/** One check's outcome: undefined, or what was wrong. */
export type Outcomes = Map<string, string | undefined>

interface Line {
  check?: string
  ok?: boolean
  error?: string
  ask?: 'restart'
}

const programTimeoutMs = 300_000

/** Runs a program against a server of its own, which is restarted on the same port and data when the program asks. */
export async function drive(command: readonly string[], namespace: string): Promise<Outcomes> {
  const { path: dir, remove } = temporaryDir('client')
  const port = await freePort()
  const dataDir = join(dir, 'data')
  const start = (): ReturnType<typeof startKapell> =>
    startKapell({ dataDir, port, args: ['--components', 'apiserver,controllers'] })
  let server = await start()
  const outcomes: Outcomes = new Map()
  const [program = '', ...args] = command
  const child = spawn(program, [...args, namespace], {
    stdio: 'pipe',
    env: { ...process.env, KUBECONFIG: server.kubeconfig, HOME: process.env['HOME'] ?? dir },
  })
  const errors: string[] = []
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString()))
  child.stdin.on('error', () => {})
  const exited = once(child, 'exit')
  const timer = setTimeout(() => child.kill('SIGKILL'), programTimeoutMs)
  try {
    for await (const text of createInterface({ input: child.stdout })) {
      if (!text.startsWith('{')) continue
      const line = JSON.parse(text) as Line
      if (line.check !== undefined) outcomes.set(line.check, line.ok === true ? undefined : (line.error ?? 'failed'))
      if (line.ask !== 'restart') continue
      await server.stop()
      server = await start()
      child.stdin.write('restarted\n')
    }
    await exited
    if (child.exitCode !== 0) {
      const why = errors.join('').slice(-4000)
      outcomes.set('ends well', `exited with ${child.exitCode ?? child.signalCode}: ${why}`)
    }
    return outcomes
  } finally {
    clearTimeout(timer)
    child.kill('SIGKILL')
    await server.stop()
    remove()
  }
}

/** Runs a program against the server of a kubeconfig, as it is. */
export async function runStreams(command: readonly string[], kubeconfig: string): Promise<Outcomes> {
  const [program = '', ...args] = command
  const ran = await run(program, args, { env: { KUBECONFIG: kubeconfig }, timeoutMs: programTimeoutMs })
  const outcomes: Outcomes = new Map()
  for (const text of ran.stdout.split('\n')) {
    if (!text.startsWith('{"')) continue
    const { check, ok, error } = JSON.parse(text) as Line
    if (check !== undefined) outcomes.set(check, ok === true ? undefined : (error ?? 'failed'))
  }
  if (ran.code !== 0) outcomes.set('ends well', `exited with ${ran.code}: ${ran.stderr.slice(-4000)}`)
  return outcomes
}
