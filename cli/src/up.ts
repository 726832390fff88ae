import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@kapell/controllers/machinery/create-client'
import type { Logger } from '@kapell/controllers/machinery/log'
import { nodes } from '@kapell/openapi/meta/refs'
import type { V1Node } from '@kapell/openapi/types'
import type { SchedulerConfiguration } from '@kapell/scheduler/config/configuration'
import type { ApiServer } from '@kapell/apiserver/main'
import { UsageStore } from '@kapell/apiserver/metrics-api/usage'
import { gitVersion } from '@kapell/apiserver/version'
import {
  signingPair,
  startApi,
  startLoops,
  writePrivateFile,
  type ApiOptions,
  type Doors,
  type Running,
  type StoreChoice,
} from './cluster.ts'
import { startComponentServer } from './component-server.ts'
import { openDataDir } from './data-dir.ts'
import { UserError } from './errors.ts'
import * as identities from './identities.ts'
import { bothFamilies } from './ip-families.ts'
import { giveMemoryBackWhenIdle } from './idle-memory.ts'
import { installMissing } from './install/packages.ts'
import { createLogger } from './log.ts'
import { numberedNames } from './node-names.ts'
import type { MachineNetwork } from './nodes/machine-network.ts'
import { parseUpOptions, type UpOptions } from './options.ts'
import { readPem } from './pem-files.ts'
import { duration, runSteps, type Step } from './progress.ts'
import { stopSignal } from './stop-signal.ts'
import { ensurePlacementRole, type PlacementSource } from './why/resource.ts'

/** `kapell up`: brings the cluster up, says how to reach it, and takes it down when told to stop. Resolves with the exit code. */
export async function up(argv: readonly string[]): Promise<number> {
  const startedAt = performance.now()
  const options = parseUpOptions(argv)
  const dataDir = openDataDir(options.dataDir)
  const log = createLogger({ dataDir: options.dataDir, level: options.logLevel })
  const stop = stopSignal('kapell up')
  process.stdout.write(`kapell ${gitVersion}, data in ${options.dataDir}\n`)
  const running: Running[] = []
  try {
    await runSteps(await plan(options, log, running, stop.signal), stop.signal)
    giveMemoryBackWhenIdle()
    if (!stop.signal.aborted) {
      process.stdout.write(farewell(options, performance.now() - startedAt))
      if (options.advertiseAddress !== undefined && options.components.includes('apiserver')) {
        const { joinCommandOf } = await import('./token/join-command.ts')
        const command = await joinCommandOf(options.dataDir)
        process.stdout.write(`\nTo make another machine a node of it, within a day:\n\n  ${command}\n\n`)
      }
      await stop.asked
    }
  } finally {
    stop.stopping()
    for (const part of running.reverse()) await part.close()
    await log.close()
    dataDir.release()
  }
  process.stdout.write(options.keepPods ? 'Stopped; the pods run on.\n' : 'Stopped.\n')
  return 0
}

/**
 * The steps, in order; what each starts is added to `running`, to be stopped in the opposite order. The code of
 * components is loaded when they start: what is not chosen costs no memory.
 */
async function plan(options: UpOptions, log: Logger, running: Running[], signal: AbortSignal): Promise<Step[]> {
  const has = (name: UpOptions['components'][number]): boolean => options.components.includes(name)
  const steps: Step[] = []
  const placements: PlacementSource = {}
  let api: ApiServer | undefined
  let door: Doors = () => {
    throw new Error('no API server yet')
  }
  if (options.installRuntime) steps.push({ title: 'Debian packages', run: installMissing })
  const several = has('node-agent') && options.runtime === 'containerd' && options.nodes > 1
  const nodeNames = several ? numberedNames(options.nodeName, options.nodes) : []
  let network: MachineNetwork | undefined
  const simulated = has('node-agent') && options.runtime === 'simulated'
  const usage = simulated ? new UsageStore() : undefined
  if (several || (has('node-agent') && existsSync(join(options.dataDir, 'nodes'))))
    steps.push({
      title: 'Network',
      run: async () => {
        const { prepareNodes } = await import('./nodes/steps.ts')
        network = await prepareNodes(options, nodeNames)
        const opened = network
        if (opened === undefined) return
        if (!options.keepPods) running.push({ close: () => opened.remove() })
        return `nodes in ${opened.subnet}`
      },
    })
  if (has('apiserver'))
    steps.push({
      title: 'API server',
      run: async () => {
        const started = await startApi({
          dataDir: options.dataDir,
          ...advertiseOf(options, network),
          port: options.port,
          bindAddress: options.bindAddress,
          ...(options.runtimeConfig === undefined ? {} : { runtimeConfig: options.runtimeConfig }),
          serviceClusterIpRange: bothFamilies(options.serviceClusterIpRange, options.ipv6?.serviceClusterIpRange),
          store: { type: options.store, etcdServers: options.etcdServers, ...etcdTlsOf(options) },
          metricsApi: true,
          ...(usage === undefined ? {} : { usage }),
          placements,
          ...frontProxiesOf(options),
          controllers: has('controllers'),
          log,
        })
        running.push(started)
        api = started
        door = (user) => started.transport(user)
        writePrivateFile(join(options.dataDir, 'kubeconfig'), started.adminKubeconfig())
        if (!has('node-agent') && options.runtime === 'containerd') {
          const { serveNodes } = await import('./nodes/steps.ts')
          running.push(await serveNodes({ options, api: started, log }))
        }
        return `answers on ${started.url}`
      },
    })
  else {
    const { transportFromKubeconfig } = await import('./kubeconfig.ts')
    const transport = transportFromKubeconfig(options.kubeconfig ?? '')
    running.push(transport)
    door = () => transport
  }
  if (has('controllers') || has('scheduler'))
    steps.push({
      title: ['controllers', 'scheduler'].filter((name) => has(name as 'scheduler')).join(' and '),
      run: async () => {
        const loops = await startLoops({
          door,
          controllers: has('controllers'),
          scheduler: has('scheduler'),
          rootCa: api?.caCertificate ?? '',
          shared: api === undefined || options.store === 'etcd',
          placements,
          ...(options.runtime === 'containerd'
            ? { clusterCidr: bothFamilies(options.clusterCidr, options.ipv6?.clusterCidr) }
            : {}),
          ...(options.loadBalancerRange === undefined ? {} : { loadBalancerRange: options.loadBalancerRange }),
          ...(await schedulerConfigurationOf(options)),
          ...(api === undefined ? {} : { signing: signingPair(options.dataDir) }),
          log,
        })
        running.push(loops)
        if (api !== undefined)
          for (const [component, metrics] of Object.entries(loops.metrics))
            running.push(
              await startComponentServer({ api, component, metrics, log, port: metricsPorts[component] ?? 0 }),
            )
        if (api !== undefined && has('scheduler')) await ensurePlacementRole(createClient(door(identities.admin)))
      },
    })
  if (simulated)
    steps.push({
      title: 'Simulated nodes',
      run: async () => {
        if (api === undefined) throw new UserError('the node-agent needs apiserver among the --components')
        const { startSimulatedNodes } = await import('./simulated-nodes.ts')
        const names = numberedNames(options.nodeName, options.nodes)
        running.push(await startSimulatedNodes({ api, names, log, ...(usage === undefined ? {} : { usage }) }))
        return `${names.length}, on which nothing really runs`
      },
    })
  else if (several)
    steps.push(
      {
        title: 'Nodes',
        run: async (report) => {
          if (api === undefined || network === undefined)
            throw new UserError('the node-agent needs apiserver among the --components')
          const [{ serveNodes }, { startNamespacedNode }] = await Promise.all([
            import('./nodes/steps.ts'),
            import('./nodes/start-nodes.ts'),
          ])
          running.push(await serveNodes({ options, api, network, log }))
          const parts = { options, api, network, log, report, signal }
          const all = await Promise.allSettled(
            nodeNames.map((name, index) => startNamespacedNode({ ...parts, name, index })),
          )
          const started = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
          running.push({ close: async () => void (await Promise.all(started.map((node) => node.close()))) })
          for (const one of all) if (one.status === 'rejected') throw one.reason
          return `${nodeNames.length}, ${started[0]?.summary ?? ''}`
        },
      },
      ...nodeNames.map((name) => ({
        title: `Node ${name}`,
        run: async () => {
          await untilReady(door, name, signal)
          return 'Ready'
        },
      })),
    )
  else if (has('node-agent'))
    steps.push(
      {
        title: 'Container runtime and node agent',
        run: async (report) => {
          if (api === undefined) throw new UserError('the node-agent needs apiserver among the --components')
          const { startNode } = await import('./node.ts')
          const node = await startNode({ options, api, log, report, signal })
          running.push(node)
          const { serveNodes } = await import('./nodes/steps.ts')
          running.push(await serveNodes({ options, api, nodeName: options.nodeName, log }))
          return node.summary
        },
      },
      {
        title: `Node ${options.nodeName}`,
        run: async () => {
          await untilReady(door, options.nodeName, signal)
          return 'Ready'
        },
      },
    )
  return steps
}

function advertiseOf(
  options: UpOptions,
  network: MachineNetwork | undefined,
): Pick<ApiOptions, 'advertiseAddress' | 'hosts'> {
  const address = options.advertiseAddress ?? network?.address
  return {
    ...(address === undefined ? {} : { advertiseAddress: address }),
    // By which the nodes inside this machine reach it.
    ...(network === undefined ? {} : { hosts: [network.address] }),
  }
}

/** @throws UserError when a file cannot be read or holds nothing of its kind. */
function etcdTlsOf({ etcdCaFile, etcdCertFile, etcdKeyFile, etcdServers }: UpOptions): Pick<StoreChoice, 'etcdTls'> {
  const isPlain = etcdServers.every((server) => !server.startsWith('https://'))
  if (isPlain) return {}
  return {
    etcdTls: {
      ...(etcdCaFile === undefined ? {} : { ca: readPem('--etcd-cafile', etcdCaFile, 'certificate') }),
      ...(etcdCertFile === undefined ? {} : { cert: readPem('--etcd-certfile', etcdCertFile, 'certificate') }),
      ...(etcdKeyFile === undefined ? {} : { key: readPem('--etcd-keyfile', etcdKeyFile, 'private key') }),
    },
  }
}

/** @throws UserError when the file cannot be read or holds no certificate. */
function frontProxiesOf(options: UpOptions): Pick<ApiOptions, 'frontProxies'> {
  const { requestHeaderClientCaFile: file, requestHeaderAllowedNames: allowedNames } = options
  if (file === undefined) return {}
  const clientCa = readPem('--requestheader-client-ca-file', file, 'certificate')
  return { frontProxies: { clientCa, allowedNames } }
}

/** Upstream's. */
const metricsPorts: Readonly<Record<string, number>> = { 'kube-controller-manager': 10257, 'kube-scheduler': 10259 }

async function schedulerConfigurationOf({
  schedulerConfig,
}: UpOptions): Promise<{ schedulerConfiguration?: SchedulerConfiguration }> {
  if (schedulerConfig === undefined) return {}
  const { readConfiguration } = await import('@kapell/scheduler/config/read')
  try {
    return { schedulerConfiguration: readConfiguration(readFileSync(schedulerConfig, 'utf8')) }
  } catch (error) {
    throw new UserError(`--scheduler-config ${schedulerConfig}: ${(error as Error).message}`, { cause: error })
  }
}

/** Resolves when the node says that it is Ready. */
async function untilReady(door: Doors, name: string, signal: AbortSignal): Promise<void> {
  const client = createClient(door(identities.admin)).resource(nodes)
  const options = { fieldSelector: `metadata.name=${name}`, sendInitialEvents: true, allowWatchBookmarks: true, signal }
  for await (const { object } of client.watch(options)) if (isReady(object)) return
  if (!signal.aborted) throw new UserError(`node ${name} did not become Ready; the log in the data directory says why`)
}

function isReady(node: V1Node): boolean {
  return node.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false
}

function farewell(options: UpOptions, tookMs: number): string {
  const kubeconfig = join(options.dataDir, 'kubeconfig')
  return `The cluster is ready (${duration(tookMs)}). Next:

  export KUBECONFIG=${options.components.includes('apiserver') ? kubeconfig : (options.kubeconfig ?? '')}
  kubectl get ${options.components.includes('node-agent') ? 'nodes' : 'namespaces'}

Ctrl-C stops it.
`
}
