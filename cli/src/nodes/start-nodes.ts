import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ApiServer } from '@kapell/apiserver/main'
import type { Logger } from '@kapell/controllers/machinery/log'
import { writePair } from '@kapell/node-agent/certificates/files'
import { endStaleContainerd, sweepRuntime } from '@kapell/node-agent/runtime/cleanup'
import { runtimePaths } from '@kapell/node-agent/runtime/paths'
import { writePrivateFile, type Running } from '../cluster.ts'
import { UserError } from '../errors.ts'
import * as identities from '../identities.ts'
import type { UpOptions } from '../options.ts'
import type { NodeMessage } from './command.ts'
import type { MachineNetwork } from './machine-network.ts'
import { nodePki, servingHosts } from './node-certificates.ts'
import type { NodeConfig } from './run-node.ts'

const main = fileURLToPath(new URL('../main.ts', import.meta.url))
/** How long a node may take to stop its pods before it is ended. */
const stopMs = 60_000
const restartMs = 1000

export const nodeDir = (dataDir: string, name: string): string => join(resolve(dataDir), 'nodes', name)

/** Ends what an earlier run left of nodes that are not among `names`: containers, mounts, directories under /run. */
export async function sweepOtherNodes(dataDir: string, names: readonly string[]): Promise<void> {
  let found: string[] = []
  try {
    found = readdirSync(join(dataDir, 'nodes'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
  } catch {
    return
  }
  for (const name of found.filter((each) => !names.includes(each))) {
    const paths = runtimePaths(nodeDir(dataDir, name))
    await endStaleContainerd(paths)
    await sweepRuntime(paths)
    rmSync(nodeDir(dataDir, name), { recursive: true, force: true })
  }
}

/** Of the process that has the authority: no request needs to be approved. They are renewed as those of any node. */
async function issueNodeCertificates(of: {
  api: ApiServer
  name: string
  address: string
  dataDir: string
}): Promise<void> {
  const { api, name, address, dataDir } = of
  const subject = { commonName: identities.nodeIdentity(name).username, organizations: ['system:nodes'] }
  const [client, serving] = await Promise.all([
    api.issueClientCertificate(subject),
    api.issueServingCertificate({ ...subject, hosts: servingHosts(name, address) }),
  ])
  const files = nodePki(dataDir)
  await writePair(files.client, { cert: client.certificate, key: client.key })
  await writePair(files.serving, { cert: serving.certificate, key: serving.key })
}

/** Starts one node in its namespace, in a process of its own, which is started again should it die. */
export async function startNamespacedNode(parts: {
  options: UpOptions
  api: ApiServer
  network: MachineNetwork
  name: string
  index: number
  log: Logger
  report: (line: string) => void
  signal: AbortSignal
}): Promise<Running & { summary: string }> {
  const { options, api, network, name, index, log, signal } = parts
  const namespace = await network.ensureNode(index)
  const dataDir = nodeDir(options.dataDir, name)
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  await issueNodeCertificates({ api, name, address: namespace.address, dataDir })
  const config: NodeConfig = {
    nodeName: name,
    nodeIp: namespace.address,
    dataDir,
    imagesDir: join(options.dataDir, 'images'),
    agentPort: options.agentPort,
    server: `https://${network.address}:${api.port}`,
    authority: api.caCertificate,
    logLevel: options.logLevel,
    nodeFlags: options.nodeFlags,
    ...(options.containerd === undefined ? {} : { containerd: options.containerd }),
  }
  const file = join(dataDir, 'node.json')
  writePrivateFile(file, JSON.stringify(config))

  let child: ChildProcess | undefined
  let closed = false
  let retry: NodeJS.Timeout | undefined
  const start = (report: (message: NodeMessage) => void): void => {
    // Not `ip netns exec`: that hides the machine's cgroups behind a /sys of its own. The node is a host by its own name.
    const named = 'echo "$1" > /proc/sys/kernel/hostname; shift; exec "$@"'
    const inside = ['unshare', '--uts', 'sh', '-c', named, 'sh', name, process.execPath, main, 'node', file]
    const own = spawn('nsenter', [`--net=${namespace.file}`, ...inside], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      detached: true,
    })
    child = own
    own.on('message', (message) => report(message as NodeMessage))
    own.on('error', (error) => report({ type: 'failed', message: error.message }))
    own.on('exit', (code, killedBy) => {
      report({ type: 'failed', message: `its process ended (${killedBy ?? `exit code ${code}`})` })
    })
  }
  const supervise = (message: NodeMessage): void => {
    if (message.type !== 'failed' || closed || retry !== undefined) return
    log.warn(`node ${name}: ${message.message}; starting it again`)
    retry = setTimeout(() => {
      retry = undefined
      if (!closed) start(supervise)
    }, restartMs)
  }
  const close = async (): Promise<void> => {
    closed = true
    clearTimeout(retry)
    const own = child
    if (own !== undefined && own.exitCode === null && own.signalCode === null) {
      const exited = once(own, 'exit')
      if (options.keepPods) own.kill('SIGTERM')
      else if (own.connected) own.send('stop', () => {})
      const timer = setTimeout(() => own.kill('SIGKILL'), stopMs)
      await exited
      clearTimeout(timer)
    }
    if (options.keepPods) return
    await endStaleContainerd(runtimePaths(dataDir))
    await sweepRuntime(runtimePaths(dataDir))
    await network.removeNode(index)
  }
  const abort = Promise.withResolvers<never>()
  abort.promise.catch(() => {})
  const onAbort = (): void => abort.reject(new Error('stopped'))
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    const first = Promise.withResolvers<string>()
    let settled = false
    start((message) => {
      if (settled) return supervise(message)
      if (message.type === 'progress') parts.report(`${name}: ${message.line}`)
      else settled = true
      if (message.type === 'ready') first.resolve(message.summary)
      if (message.type === 'failed') first.reject(new UserError(`node ${name}: ${message.message}`))
    })
    const summary = await Promise.race([first.promise, abort.promise])
    return { summary, close }
  } catch (error) {
    await close()
    throw error
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
