import type { Logger } from '@kapell/controllers/machinery/log'
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  endStaleContainerd,
  goneWithin,
  listProcesses,
  rangeIsTaken,
  shimsOf,
  signalProcess,
  sweepRuntime,
} from './cleanup.ts'
import { cniConflist, containerdConfig, parseContainerdVersion } from './config.ts'
import { findTool, toolPath, tryRun } from './exec.ts'
import * as host from './host.ts'
import { runtimePaths, type RuntimePaths } from './paths.ts'
import { criRemoveSandbox, criSandboxIds, RawCri } from './probe.ts'

/** The name under which the node's own pause image is known; see images/pause.ts. */
export const pauseImageName = 'localhost/kapell/pause:1'

export interface ContainerdOptions {
  dataDir: string
  /** The range of this node's pods, IPv4, for example "10.244.0.0/24". */
  podCidr: string
  /** The same of IPv6, where pods have two addresses. */
  podCidr6?: string
  /** Name or path of containerd; default: the first on PATH. */
  binary?: string
  log: Logger
  /** Gives up while starting. A started runtime is ended by close(). */
  signal?: AbortSignal
  /** How long a start may take. Default 30,000. */
  startTimeoutMs?: number
  /** Default /run/kapell; tests use their own. */
  runRoot?: string
}

export interface ContainerdRuntime {
  readonly socket: string
  readonly namespace: 'k8s.io'
  /** "1.6.20" */
  readonly version: string
  /** Of the running containerd; undefined while it is being restarted. */
  readonly pid: number | undefined
  readonly snapshotter: 'overlayfs' | 'native'
  /** Path of the `ctr` of the same installation. */
  readonly ctr: string
  /** What CRI's PodSandboxConfig.linux.cgroup_parent must begin with, so that close() finds every process. */
  readonly cgroupParent: string
  readonly pauseImage: string
  readonly podCidr: string
  /** First address of podCidr; always present on this node while the runtime runs. */
  readonly gateway: string
  readonly paths: RuntimePaths
  /** Resolves when the runtime was closed, not when a containerd dies: that one is started again. */
  readonly exited: Promise<void>
  /** Whether CRI answers now. */
  healthy(): Promise<boolean>
  /**
   * Ends containerd. keepContainers: pods go on running and the next start adopts them; otherwise every sandbox is
   * stopped and nothing of ours stays on the machine.
   */
  close(options: { keepContainers: boolean }): Promise<void>
}

const maxLogBytes = 20 * 1024 * 1024
const installHint =
  'run with --install-runtime, or install the Debian packages containerd, runc and containernetworking-plugins'

/**
 * Starts this node's own containerd below the data directory and keeps it running.
 * Errors (one line, for people): containerd, runc or the CNI plugins are not installed; it does not answer; no root.
 */
export async function startContainerd(options: ContainerdOptions): Promise<ContainerdRuntime> {
  const { log } = options
  if (process.getuid?.() !== 0) throw new Error('starting containers needs root: run as root')
  const tools = findTools(options.binary)
  const gateway = host.gatewayOf(options.podCidr)
  const { podCidr6 } = options
  const gateway6 = podCidr6 === undefined ? undefined : host.gateway6Of(podCidr6)
  const paths = runtimePaths(options.dataDir, options.runRoot)
  const { version, major } = await versionOf(tools.containerd)
  for (const dir of [paths.rootDir, paths.cniConfDir, paths.cniDataDir, paths.registryDir]) {
    await mkdir(dir, { recursive: true }).catch((error: Error) => {
      throw new Error(`the data directory cannot be written: ${error.message}`)
    })
  }
  if (await rangeIsTaken(paths, gateway)) {
    throw new Error(
      `another kapell on this machine gives pods the range ${options.podCidr}: choose another with --pod-cidr`,
    )
  }
  await mkdir(paths.runDir, { recursive: true, mode: 0o711 })
  const stale = await endStaleContainerd(paths)
  if (stale !== undefined) log.info('took over from a containerd of an earlier run', { pid: stale })
  const [snapshotter, mtu, mayLower] = await Promise.all([
    host.chooseSnapshotter(paths.baseDir),
    host.uplinkMtu(),
    host.mayLowerOomScore(),
    host.prepareCgroups(),
    host.ensureNodeNetwork(paths.linkName, gateway, gateway6),
  ])
  const config = containerdConfig({
    major,
    rootDir: paths.rootDir,
    stateDir: paths.stateDir,
    socket: paths.socket,
    pauseImage: pauseImageName,
    cniBinDir: tools.cniBinDir,
    cniConfDir: paths.cniConfDir,
    registryDir: paths.registryDir,
    snapshotter,
    runcPath: tools.runc,
    restrictOomScoreAdj: !mayLower,
    hugePages: host.hasHugePageCgroups(),
  })
  const network = cniConflist({
    podCidrs: [options.podCidr, ...(podCidr6 === undefined ? [] : [podCidr6])],
    mtu,
    cniDataDir: paths.cniDataDir,
  })
  await rotateLog(paths.logFile)
  await writeFile(paths.configFile, config)
  await writeFile(join(paths.cniConfDir, '10-kapell.conflist'), network)

  const supervised = superviseContainerd({ binary: tools.containerd, paths, log })
  try {
    await untilAnswers(paths, supervised, options)
    supervised.answered()
  } catch (error) {
    await supervised.stop()
    // Nothing of a failed start stays, unless pods of an earlier run still need it.
    if (shimsOf(await listProcesses(), paths.socket).length === 0) {
      await sweepRuntime(paths)
      await host.removeNodeNetwork(paths.linkName)
    }
    throw error
  }
  log.debug('containerd answers', { version, socket: paths.socket, snapshotter })

  let closing: Promise<void> | undefined
  const exited = Promise.withResolvers<void>()
  const close = async (keepContainers: boolean) => {
    if (!keepContainers) await removeSandboxes(paths.socket, log)
    await supervised.stop()
    if (!keepContainers) {
      await sweepRuntime(paths)
      await host.removeNodeNetwork(paths.linkName)
    }
    exited.resolve()
  }
  return {
    socket: paths.socket,
    namespace: 'k8s.io',
    version,
    get pid() {
      return supervised.pid()
    },
    snapshotter,
    ctr: tools.ctr,
    cgroupParent: paths.cgroupParent,
    pauseImage: pauseImageName,
    podCidr: options.podCidr,
    gateway,
    paths,
    exited: exited.promise,
    healthy: () => answers(paths.socket, 2000),
    close: ({ keepContainers }) => (closing ??= close(keepContainers)),
  }
}

function findTools(binary = 'containerd') {
  const containerd = findTool(binary)
  if (containerd === undefined) {
    throw new Error(
      binary === 'containerd'
        ? `containerd is not installed: ${installHint}`
        : `${binary} is no program: say with --containerd which containerd to run`,
    )
  }
  const runc = findTool('runc')
  if (runc === undefined) throw new Error(`runc is not installed: ${installHint}`)
  const ctr = findTool(join(dirname(containerd), 'ctr')) ?? findTool('ctr')
  if (ctr === undefined) throw new Error(`ctr, a part of containerd, is not installed: ${installHint}`)
  const cniBinDir = host.findCniPlugins()
  if (cniBinDir === undefined) throw new Error(`the CNI plugins are not installed: ${installHint}`)
  return { containerd, runc, ctr, cniBinDir }
}

async function versionOf(containerd: string) {
  const said = await tryRun(containerd, ['--version'])
  const parsed = parseContainerdVersion(said.stdout)
  if (parsed === undefined)
    throw new Error(`${containerd} --version does not tell a version: ${said.stderr.slice(0, 200)}`)
  if (parsed.major < 1 || (parsed.major === 1 && parsed.minor < 6)) {
    throw new Error(`containerd ${parsed.version} is too old: 1.6 or newer is needed`)
  }
  return parsed
}

interface Supervised {
  pid(): number | undefined
  /** Why the last one ended, when none is running. */
  lastExit(): string | undefined
  /** From now on its end is worth a warning: before, the failed start tells. */
  answered(): void
  stop(): Promise<void>
}

/** Runs containerd, starts it again with a growing pause when it dies, and keeps its log bounded. */
function superviseContainerd(options: { binary: string; paths: RuntimePaths; log: Logger }): Supervised {
  const { binary, paths, log } = options
  let child: ChildProcess | undefined
  let lastExit: string | undefined
  let stopped = false
  let hasAnswered = false
  let backoffMs = 100
  let retry: NodeJS.Timeout | undefined
  const start = () => {
    const startedAt = Date.now()
    const logFd = openSync(paths.logFile, 'a', 0o640)
    // Its own process group: Ctrl-C at the terminal must not reach it before the pods were stopped in order.
    const own = spawn(binary, ['--config', paths.configFile], {
      detached: true,
      stdio: ['ignore', logFd, logFd],
      // Its shims are those of the same installation, should there be two.
      env: { ...process.env, PATH: `${dirname(binary)}:${toolPath()}`, NOTIFY_SOCKET: '' },
      cwd: '/',
    })
    closeSync(logFd)
    child = own
    own.on('spawn', () => void writeFile(paths.pidFile, `${own.pid}\n`).catch(() => undefined))
    const ended = (reason: string) => {
      if (child !== own) return
      child = undefined
      lastExit = reason
      if (stopped) return
      backoffMs = Date.now() - startedAt > 60_000 ? 100 : Math.min(backoffMs * 2, 10_000)
      log[hasAnswered ? 'warn' : 'info']('containerd ended; starting it again', { reason, inMs: backoffMs })
      retry = setTimeout(start, backoffMs)
    }
    own.on('error', (error) => ended(error.message))
    own.on('exit', (code, signal) => ended(signal === null ? `exit code ${code}` : signal))
  }
  const boundLog = async () => {
    const size = (await stat(paths.logFile).catch(() => undefined))?.size ?? 0
    if (size > maxLogBytes) await truncate(paths.logFile)
  }
  const logTimer = setInterval(() => void boundLog().catch(() => undefined), 60_000)
  logTimer.unref()
  start()
  return {
    pid: () => child?.pid,
    lastExit: () => (child === undefined ? lastExit : undefined),
    answered: () => (hasAnswered = true),
    stop: async () => {
      stopped = true
      clearTimeout(retry)
      clearInterval(logTimer)
      const pid = child?.pid
      if (pid !== undefined) {
        signalProcess(pid, 'SIGTERM')
        if (!(await goneWithin(pid, 5000))) {
          signalProcess(pid, 'SIGKILL')
          await goneWithin(pid, 2000)
        }
      }
      await rm(paths.pidFile, { force: true })
      for (const file of [paths.socket, `${paths.socket}.ttrpc`]) await rm(file, { force: true })
    },
  }
}

async function answers(socket: string, timeoutMs: number): Promise<boolean> {
  const cri = new RawCri(socket)
  try {
    await cri.call('/runtime.v1.RuntimeService/Version', new Uint8Array(), timeoutMs)
    return true
  } catch {
    return false
  } finally {
    cri.close()
  }
}

async function untilAnswers(paths: RuntimePaths, supervised: Supervised, options: ContainerdOptions): Promise<void> {
  const end = Date.now() + (options.startTimeoutMs ?? 30_000)
  const cri = new RawCri(paths.socket)
  let deaths = 0
  try {
    for (;;) {
      options.signal?.throwIfAborted()
      if (await stat(paths.socket).catch(() => undefined)) {
        const done = await cri.call('/runtime.v1.RuntimeService/Version', new Uint8Array(), 1000).then(
          () => true,
          () => false,
        )
        if (done) return
      }
      const exit = supervised.lastExit()
      if (exit !== undefined) deaths += 1
      if (deaths > 40 || Date.now() > end) {
        const why = exit === undefined ? 'does not answer' : `ended at once (${exit})`
        throw new Error(`containerd ${why}; its log is ${paths.logFile}${await lastError(paths.logFile)}`)
      }
      await sleep(20)
    }
  } finally {
    cri.close()
  }
}

async function lastError(logFile: string): Promise<string> {
  const text = await readFile(logFile, 'utf8').catch(() => '')
  const line = text
    .trimEnd()
    .split('\n')
    .findLast((each) => /level=(error|fatal)|^containerd:|panic/.test(each))
  return line === undefined ? '' : `, its last error: ${/msg="?(.*?)"?$/.exec(line)?.[1] ?? line}`.slice(0, 400)
}

/** Keeps the log of the run before as one ".old" file, when it has grown. */
async function rotateLog(logFile: string, maxBytes = maxLogBytes): Promise<void> {
  const size = (await stat(logFile).catch(() => undefined))?.size ?? 0
  if (size > maxBytes) await rename(logFile, `${logFile}.old`)
}

/** Stops all pods in order, a few at a time; what does not go in time is swept away by force afterwards. */
async function removeSandboxes(socket: string, log: Logger): Promise<void> {
  const cri = new RawCri(socket)
  try {
    const ids = await criSandboxIds(cri)
    const queue = [...ids]
    const worker = async () => {
      for (let id = queue.pop(); id !== undefined; id = queue.pop()) await criRemoveSandbox(cri, id, 15_000)
    }
    await Promise.all(Array.from({ length: 8 }, worker))
  } catch (error) {
    log.warn('not every pod stopped in order; ending the rest by force', { error: String(error) })
  } finally {
    cri.close()
  }
}
