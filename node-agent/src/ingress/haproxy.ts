import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { alive, goneWithin, listProcesses, signalProcess } from '../runtime/cleanup.ts'
import { findTool, tryRun } from '../runtime/exec.ts'
import type { SlotChange } from './slots.ts'

/** The proxy program, as the Ingress loop sees it. */
export interface ProxyProgram {
  /**
   * Has these files served from now on. Connections of before go on; new ones find the new rules, and none is refused in
   * between. Errors: the program's own words; what ran before runs on.
   */
  serve(files: ReadonlyMap<string, string>): Promise<void>
  /** Fills places of the running program, and keeps the files for the next start. Errors: it knows no such place. */
  fill(changes: readonly SlotChange[], files: ReadonlyMap<string, string>): Promise<void>
  running(): boolean
  /** Ends it; connections have a moment to end by themselves. */
  stop(): Promise<void>
}

/** How many processes with connections of before may go on beside the one that serves. */
const maxOld = 16
const stopMs = 3000
const answerMs = 5000

const isOurs = (args: readonly string[], configFile: string): boolean =>
  args[0]?.endsWith('haproxy') === true && args.includes(configFile)

/** The processes that read this configuration: the one that serves and those that only finish. */
async function processesOf(dir: string): Promise<number[]> {
  const configFile = join(dir, 'haproxy.cfg')
  return (await listProcesses()).filter(({ args }) => isOurs(args, configFile)).map(({ pid }) => pid)
}

/** Ends what an earlier run left. */
export async function endHaproxy(dir: string): Promise<void> {
  for (const pid of await processesOf(dir)) {
    signalProcess(pid, 'SIGTERM')
    if (!(await goneWithin(pid, stopMs))) signalProcess(pid, 'SIGKILL')
  }
}

/** Whom the proxy becomes when it has its ports: the package's own user, where there is one. */
export async function haproxyUser(): Promise<string | undefined> {
  const users = await readFile('/etc/passwd', 'utf8').catch(() => '')
  const groups = await readFile('/etc/group', 'utf8').catch(() => '')
  return /^haproxy:/m.test(users) && /^haproxy:/m.test(groups) ? 'haproxy' : undefined
}

/**
 * HAProxy below `dir`. Each change of its files starts a new process that takes the listening sockets over from the one
 * before, which ends with its last connection. A process that an earlier run of ours left goes on in the same way.
 */
export function createHaproxy(options: { dir: string; socket: string; binary?: string }): ProxyProgram {
  const { dir, socket } = options
  const configFile = join(dir, 'haproxy.cfg')
  const pidFile = join(dir, 'haproxy.pid')
  let pid = 0
  let written: ReadonlyMap<string, string> = new Map()

  const current = async (): Promise<number | undefined> => {
    const known = pid !== 0 ? pid : Number(await readFile(pidFile, 'utf8').catch(() => '0'))
    return known > 0 && (await processesOf(dir)).includes(known) ? known : undefined
  }
  const write = async (files: ReadonlyMap<string, string>): Promise<void> => {
    await mkdir(dir, { recursive: true, mode: 0o700 })
    await mkdir(dirname(socket), { recursive: true })
    for (const [name, text] of files) {
      if (written.get(name) === text) continue
      await writeFile(join(dir, name), text, { mode: 0o600 })
      await chmod(join(dir, name), 0o600)
    }
    written = files
  }
  const tidy = async (): Promise<void> => {
    for (const name of await readdir(dir).catch(() => []))
      if (name.endsWith('.pem') && !written.has(name)) await rm(join(dir, name), { force: true })
    const old = (await processesOf(dir)).filter((each) => each !== pid)
    // The oldest have had the longest time.
    for (const each of old.sort((a, b) => a - b).slice(0, Math.max(0, old.length - maxOld)))
      signalProcess(each, 'SIGTERM')
  }

  return {
    serve: async (files) => {
      const binary = findTool(options.binary ?? 'haproxy')
      if (binary === undefined)
        throw new Error('haproxy is not installed: run with --install-runtime, or install the Debian package haproxy')
      const before = await current()
      await write(files)
      const over = before === undefined ? [] : [...(existsSync(socket) ? ['-x', socket] : []), '-sf', String(before)]
      const started = await tryRun(binary, ['-D', '-p', pidFile, '-f', configFile, ...over])
      if (started.code !== 0) throw new Error(reasonOf(started.stderr))
      pid = Number(await readFile(pidFile, 'utf8'))
      await tidy()
    },
    fill: async (changes, files) => {
      const commands = changes.flatMap(({ backend, slot, server }) => {
        const place = `set server ${backend}/s${slot}`
        if (server === undefined) return [`${place} state maint`]
        const [, address, port] = /^\[?(.+?)\]?:(\d+)$/.exec(server)!
        return [`${place} state maint`, `${place} addr ${address} port ${port}`, `${place} state ready`]
      })
      for (let at = 0; at < commands.length; at += 60) {
        const answer = await ask(socket, commands.slice(at, at + 60).join('; '))
        if (/No such|Invalid|Permission|Unknown|Require/i.test(answer)) throw new Error(`haproxy: ${answer.trim()}`)
      }
      await write(files)
    },
    running: () => pid !== 0 && alive(pid),
    stop: async () => {
      await endHaproxy(dir)
      pid = 0
      written = new Map()
      await rm(dir, { recursive: true, force: true })
      await rm(socket, { force: true })
    },
  }
}

/** What people need of HAProxy's complaint: its alerts, without its own bookkeeping. */
export function reasonOf(stderr: string): string {
  const alerts = [...stderr.matchAll(/^\[ALERT\]\s+\(\d+\) : (.*)$/gm)].map(([, text]) => text!.trim())
  const useful = alerts.filter((text) => !/Fatal errors found|Error\(s\) found|Some configuration options/.test(text))
  return (useful.length > 0 ? useful : alerts.length > 0 ? alerts : [stderr.trim()]).join('; ').slice(0, 1000)
}

/** One line to the control socket, and all it answers. */
function ask(socket: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const connection = connect(socket)
    let answer = ''
    connection.setTimeout(answerMs, () => connection.destroy(new Error('haproxy does not answer')))
    connection.on('error', reject)
    connection.on('data', (chunk: Buffer) => {
      if (answer.length < 1_000_000) answer += chunk.toString()
    })
    connection.on('close', () => resolve(answer))
    connection.write(`${line}\n`)
  })
}
