import { mkdir, realpath } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { AddressRange } from '@kapell/controllers/machinery/address-range'
import { realClock, type Clock } from '@kapell/controllers/machinery/clock'
import { createClient } from '@kapell/controllers/machinery/create-client'
import { createEventRecorder } from '@kapell/controllers/machinery/event-recorder'
import { createInformerFactory } from '@kapell/controllers/machinery/informer-factory'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import type { V1Pod, V1Taint } from '@kapell/openapi/types'
import type { Transport } from '@kapell/openapi/wire/transport'
import { createPodAgent, type PodAgent } from './agent.ts'
import { connectCri } from './cri/client.ts'
import { createSimulatedRuntime } from './cri/simulated.ts'
import { hostPortTeller } from './host-ports.ts'
import { createImageCollector } from './images/collect.ts'
import { createEviction, type Eviction } from './eviction/manager.ts'
import { createMeasure } from './eviction/measure.ts'
import { defaultThresholds, type Observations, type Threshold } from './eviction/thresholds.ts'
import { ensurePauseImage, watchImages, type ImageWatch } from './images/import.ts'
import { keepLease } from './node/lease.ts'
import { defaultNodeIp, defaultNodeName, pidUsage, readMachine } from './node/machine.ts'
import { createNodeStatus } from './node/node-status.ts'
import { allocatable } from './node/registration.ts'
import { containerLogPath } from './pods/container-config.ts'
import { identityOf, withRemembered } from './pods/record.ts'
import { startServiceNetwork, type ServiceNetwork } from './proxy/network.ts'
import { listProcesses, shimsOf } from './runtime/cleanup.ts'
import { startContainerd, type ContainerdRuntime } from './runtime/containerd.ts'
import { runtimePaths } from './runtime/paths.ts'
import { podCgroup } from './pods/resources.ts'
import { createGuard, nodeAttributes } from './server/authorize.ts'
import { createMetrics } from './server/metrics.ts'
import { createLocalVolumes, directoryAnnotation } from './volumes/local-path.ts'
import { startAgentServer } from './server/server.ts'
import { createSampler } from './stats/sample.ts'
import { createStats } from './stats/stats.ts'

export interface NodeAgentOptions {
  /** Speaks to the API server as system:node:NAME. */
  transport: Transport
  /** Speaks as system:kube-proxy, for Services and DNS: a node's own identity may not read them. */
  proxyTransport?: Transport
  /** Default: the machine's host name. */
  nodeName?: string
  /** Default: the address of the link that has the default route. */
  nodeIp?: string
  dataDir: string
  /** This node's pods, IPv4: "10.244.0.0/24". */
  podCidr: string
  /** Pods of all nodes. Default: podCidr. */
  clusterCidr?: string
  serviceCidr?: string
  /** Addresses that the cluster gives to Services of type LoadBalancer: this machine takes those in use for its own. */
  loadBalancerRange?: AddressRange
  /** Name servers of pods with dnsPolicy ClusterFirst. Default: the node's own. */
  clusterDns?: readonly string[]
  /** Default "cluster.local". */
  clusterDomain?: string
  /** Of the agent's HTTPS server, PEM; without it there are no logs and no exec. */
  serving?: { cert: string; key: string; clientCa: string }
  /** Default 10250; 0 takes a free one. */
  port?: number
  /** Path of a containerd's socket; default: the agent starts its own. */
  runtimeSocket?: string
  /**
   * No containers at all: pods go through the same worker on a runtime in memory, for machines without containerd. The
   * Node says so. Never chosen silently; default false.
   */
  simulated?: boolean
  /** Default: the first `containerd` on PATH. */
  containerd?: string
  /** Directory with image archives; default DATADIR/images. */
  imagesDir?: string
  labels?: Record<string, string>
  taints?: V1Taint[]
  /** Default 110. */
  maxPods?: number
  /** When pods go for want of memory, disk or process ids. Default: upstream's hard thresholds. */
  eviction?: {
    thresholds?: readonly Threshold[]
    /** What the machine has left; default: what it tells. */
    observe?: () => Promise<Observations>
  }
  /** Default true: Services are programmed on this machine. */
  proxy?: boolean
  /** "v1.36.0+kapell.1": what the Node shows as its version. */
  version?: string
  log: Logger
  clock?: Clock
  /** Called as the start goes on, for people. */
  progress?: (message: string) => void
  /** Gives up while starting. */
  signal?: AbortSignal
}

export interface NodeAgent {
  readonly nodeName: string
  readonly nodeIp: string
  /** Of the agent's server; 0 when there is none. */
  readonly port: number
  readonly runtime: ContainerdRuntime | undefined
  readonly pods: PodAgent
  /** Where this node's name server for pods listens; see ensureKubeDns. */
  readonly dns: { address: string; port: number } | undefined
  /** Resolves when the image archives that were there at the start are imported. */
  imagesImported(): Promise<void>
  /**
   * Ends the agent. With `removePods` (default false) every container, mount, interface and rule of ours goes too; the
   * API's objects stay, so that the next start brings the pods back. Without, pods run on and are adopted again.
   */
  close(options?: { removePods?: boolean }): Promise<void>
}

/** What was started, to be ended in reverse. */
type Closer = (options: { removePods: boolean }) => Promise<void>

/** Starts a node on this machine. Errors (one line, for people): no root, no containerd, a data directory not writable. */
export async function startNodeAgent(options: NodeAgentOptions): Promise<NodeAgent> {
  const { log, clock = realClock } = options
  const closers: Closer[] = []
  const close: Closer = async (how) => {
    for (const closer of closers.splice(0).reverse()) {
      await closer(how).catch((error: unknown) => log.warn(`while stopping the node: ${errorText(error)}`))
    }
  }
  try {
    const agent = await start(options, clock, closers)
    let closing: Promise<void> | undefined
    return { ...agent, close: (how = {}) => (closing ??= close({ removePods: how.removePods ?? false })) }
  } catch (error) {
    await close({
      removePods:
        options.runtimeSocket === undefined && options.simulated !== true && !(await podsRun(options.dataDir)),
    })
    throw error
  }
}

/** Whether pods of an earlier run still go on: a start that fails must leave them alone. */
async function podsRun(dataDir: string): Promise<boolean> {
  const { socket } = runtimePaths(await realpath(dataDir).catch(() => dataDir))
  return shimsOf(await listProcesses(), socket).length > 0
}

async function start(options: NodeAgentOptions, clock: Clock, closers: Closer[]): Promise<Omit<NodeAgent, 'close'>> {
  const { log, podCidr, progress = () => {} } = options
  await mkdir(resolve(options.dataDir), { recursive: true }).catch((error: unknown) => {
    throw new Error(`the data directory cannot be written: ${errorText(error)}`)
  })
  const dataDir = await realpath(resolve(options.dataDir))
  const nodeName = options.nodeName ?? defaultNodeName()
  const nodeIp = options.nodeIp ?? (await defaultNodeIp())
  const maxPods = options.maxPods ?? 110
  const stop = new AbortController()
  const { signal } = stop
  options.signal?.addEventListener('abort', () => stop.abort(), { once: true, signal })
  const stopAll: Closer = () => {
    stop.abort()
    return Promise.resolve()
  }

  const simulated = options.simulated === true
  const runtime =
    options.runtimeSocket === undefined && !simulated
      ? await startContainerd({
          dataDir,
          podCidr,
          log,
          ...(options.containerd === undefined ? {} : { binary: options.containerd }),
          ...(options.signal === undefined ? {} : { signal: options.signal }),
        })
      : undefined
  if (runtime !== undefined) closers.push(({ removePods }) => runtime.close({ keepContainers: !removePods }))
  const socket = runtime?.socket ?? options.runtimeSocket ?? ''
  const cri = simulated ? createSimulatedRuntime({ clock, podCidr }) : connectCri(socket)
  if (simulated) log.warn(`node ${nodeName} SIMULATES its containers: pods look as if they ran, and nothing runs`)
  closers.push(() => Promise.resolve(cri.close()))
  const version = await cri.runtime.version({}, { deadlineMs: 10_000 })
  progress(`container runtime ${version.runtimeName} ${version.runtimeVersion} answers`)
  closers.push(stopAll)

  let images: ImageWatch | undefined
  if (runtime !== undefined) {
    await ensurePauseImage(runtime)
    const watch = watchImages({ runtime, dir: options.imagesDir ?? `${dataDir}/images`, log })
    watch.first.catch((error: unknown) => log.error(`image archives: ${errorText(error)}`))
    images = watch
    closers.push(() => watch.close())
  }

  const client = createClient(options.transport, { userAgent: 'kubelet' })
  const informers = createInformerFactory({ client, log, signal, clock })
  const recorder = createEventRecorder({ client, component: 'kubelet', host: nodeName, clock, log, signal })
  const machine = await readMachine(dataDir)

  let network: ServiceNetwork | undefined
  if (options.proxy !== false && !simulated) {
    const started = await startServiceNetwork({
      transport: options.proxyTransport ?? options.transport,
      nodeName,
      podCidr,
      log,
      clock,
      ...(options.clusterCidr === undefined ? {} : { clusterCidr: options.clusterCidr }),
      ...(options.serviceCidr === undefined ? {} : { serviceCidr: options.serviceCidr }),
      ...(options.loadBalancerRange === undefined ? {} : { loadBalancerRange: options.loadBalancerRange }),
      ...(options.clusterDomain === undefined ? {} : { clusterDomain: options.clusterDomain }),
      ...(runtime === undefined ? {} : { linkName: runtime.paths.linkName, gateway: runtime.gateway }),
    })
    network = started
    closers.push(({ removePods }) => started.close({ keepRules: !removePods }))
  }

  let nodeUid = (): string => ''
  let eviction: Eviction | undefined
  const warnNode = (reason: string, message: string): void =>
    recorder.event(
      { reference: { apiVersion: 'v1', kind: 'Node', name: nodeName, uid: nodeName } },
      'Warning',
      reason,
      message,
    )
  const localVolumes = createLocalVolumes(dataDir)
  const pods = await createPodAgent({
    cri,
    client,
    informers,
    recorder,
    clock,
    log,
    dataDir,
    localVolumes,
    nodeUid: () => nodeUid(),
    pressures: () => eviction?.pressures() ?? [],
    node: {
      name: nodeName,
      ip: nodeIp,
      memoryCapacityBytes: machine.memoryBytes,
      allocatable: allocatable(machine, maxPods),
      cgroupRoot: runtime?.cgroupParent ?? '/kapell',
      runtimeName: version.runtimeName,
    },
    clusterDns: options.clusterDns ?? (network?.dns !== undefined && runtime !== undefined ? [runtime.gateway] : []),
    clusterDomain: options.clusterDomain ?? 'cluster.local',
    ...(network === undefined ? {} : { hostPorts: hostPortTeller(network.proxy.setHostPorts) }),
  })
  closers.push((how) => pods.close(how))

  const sampled = {
    nodeName,
    cpus: machine.cpus,
    memoryBytes: machine.memoryBytes,
    dataDir,
    pods: () => pods.nodePods.list(),
    cgroupOf: (pod: V1Pod) => podCgroup(runtime?.cgroupParent ?? '/kapell', pod),
    pids: pidUsage,
    clock,
  }
  const imageCollector = createImageCollector({
    cri,
    clock,
    log,
    keep: () => new Set([...(images?.names() ?? []), ...(runtime === undefined ? [] : [runtime.pauseImage])]),
    warn: warnNode,
  })

  let port = 0
  if (options.serving !== undefined) {
    const server = await startAgentServer({
      ...options.serving,
      port: options.port ?? 10_250,
      cri,
      source: {
        pod: (namespace, name) => pods.nodePods.get(`${namespace}/${name}`),
        record: async (pod) => {
          const logs = pods.deps.paths.podLogs(identityOf(pod))
          const record = await pods.deps.observer.pod(identityOf(pod))
          return withRemembered(record, pod, (name, attempt) => join(logs, containerLogPath(name, attempt)))
        },
      },
      guard: createGuard({ client, clock, attributesOf: nodeAttributes(nodeName) }),
      pods: () => pods.nodePods.list(),
      onPodChange: (uid, wake) => pods.onPodChange(uid, wake),
      problem: () => pods.lifecycle.health().message,
      removeLocalVolume: (name) => localVolumes.remove(name),
      metrics: createMetrics({
        nodeName,
        pods: () => pods.nodePods.list(),
        snapshot: () => pods.deps.observer.snapshot(),
      }),
      stats: createStats(sampled),
      log,
    })
    port = server.port
    closers.push(() => server.close())
  }
  const status = createNodeStatus({
    client,
    cri,
    recorder,
    clock,
    log,
    signal,
    nodeName,
    nodeIp,
    hostname: nodeName,
    podCidr,
    labels: { ...(simulated ? { 'kapell.io/simulated-runtime': 'true' } : {}), ...options.labels },
    annotations: { [directoryAnnotation]: localVolumes.root },
    taints: options.taints ?? [],
    machine,
    maxPods,
    kubeletVersion: options.version ?? 'v1.36.0+kapell',
    runtimeVersion: `${version.runtimeName}://${version.runtimeVersion}`,
    port,
    dataDir,
    problem: () => '',
    ...(simulated ? {} : { pressures: () => eviction?.pressures() ?? [] }),
  })
  if (!simulated) {
    const measure = createMeasure({ ...sampled, cri, paths: pods.deps.paths, sample: createSampler(sampled) })
    eviction = createEviction({
      thresholds: options.eviction?.thresholds ?? defaultThresholds,
      measure: { ...measure, observe: options.eviction?.observe ?? measure.observe },
      pods: () => pods.nodePods.list(),
      evict: (pod, { message, graceSeconds }) => {
        pods.deps.events(pod, 'Warning', 'Evicted', message)
        pods.workers.fail(identityOf(pod).uid, { reason: 'Evicted', message, graceSeconds, disruption: true })
      },
      reclaimDisk: async () => {
        await pods.collect()
        await imageCollector.removeUnused()
      },
      warn: warnNode,
      changed: () => {
        // One that is not registered yet will tell when it is.
        if (status.uid() === '') return
        status.refresh().catch((error: unknown) => log.warn(`status of node ${nodeName}: ${errorText(error)}`))
      },
      clock,
      log,
    })
    // Before the node tells of itself: it must not look well for a moment.
    await eviction.look().catch((error: unknown) => log.warn(`eviction: ${errorText(error)}`))
  }
  nodeUid = () => status.uid()
  await pods.startStatic()
  await status.register()
  progress(`node ${nodeName} is registered`)
  keepLease({ client, nodeName, nodeUid: status.uid, clock, log, signal })
  status.start()
  await pods.start()
  if (!simulated) {
    eviction?.start(signal)
    imageCollector.start(signal)
  }
  return {
    nodeName,
    nodeIp,
    port,
    runtime,
    pods,
    dns: network?.dns,
    imagesImported: async () => {
      await images?.first
    },
  }
}
