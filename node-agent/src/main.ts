import { mkdir, realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import { realClock, type Clock } from '@kapell/controllers/machinery/clock'
import { createClient } from '@kapell/controllers/machinery/create-client'
import { createEventRecorder, type EventType } from '@kapell/controllers/machinery/event-recorder'
import { createInformerFactory } from '@kapell/controllers/machinery/informer-factory'
import { measuredTransport } from '@kapell/controllers/machinery/measured-transport'
import { errorText } from '@kapell/controllers/machinery/log'
import type { V1Pod } from '@kapell/openapi/types'
import { createPodAgent } from './agent.ts'
import type { Eviction } from './eviction/manager.ts'
import { hostPortTeller } from './host-ports.ts'
import { createImageCollector } from './images/collect.ts'
import { keepLease } from './node/lease.ts'
import { defaultNodeIp, defaultNodeIp6, defaultNodeName, pidUsage, readMachine, hasAppArmor } from './node/machine.ts'
import { createAgentMetrics } from './metrics/agent-metrics.ts'
import { measuredCri } from './metrics/measured-cri.ts'
import { createNodeStatus } from './node/node-status.ts'
import { allocatable, keptFree } from './node/registration.ts'
import type { NodeAgent, NodeAgentOptions } from './options.ts'
import { podCgroup } from './pods/resources.ts'
import { listProcesses, shimsOf } from './runtime/cleanup.ts'
import { runtimePaths } from './runtime/paths.ts'
import { cgroupsOf } from './start/cgroups.ts'
import type { Shutdown } from './shutdown/manager.ts'
import type { Closer } from './start/closer.ts'
import { openEviction } from './start/eviction.ts'
import { openIngress } from './start/ingress.ts'
import { openNetwork } from './start/network.ts'
import { hasRecursiveReadOnly, hasUserNamespaces, openImages, openRuntime } from './start/runtime.ts'
import { openServer } from './start/server.ts'
import { openShutdown } from './start/shutdown.ts'
import { mountedImages } from './volumes/image.ts'
import { createLocalVolumes, directoryAnnotation } from './volumes/local-path.ts'

export type { NodeAgent, NodeAgentOptions } from './options.ts'

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
  const { ipv6 } = options
  const nodeIp6 = ipv6 === undefined ? undefined : (ipv6.nodeIp ?? (await defaultNodeIp6()))
  const maxPods = options.maxPods ?? 110
  const simulated = options.simulated === true
  const stop = new AbortController()
  const { signal } = stop
  options.signal?.addEventListener('abort', () => stop.abort(), { once: true, signal })

  const runtime = await openRuntime({ options, dataDir, nodeName, clock, closers })
  const { containerd } = runtime
  const metrics = createAgentMetrics()
  const cri = measuredCri(runtime.cri, metrics)
  closers.push(() => {
    stop.abort()
    return Promise.resolve()
  })
  const images = await openImages({ options, dataDir, closers }, containerd)

  const client = createClient(measuredTransport(options.transport, metrics.registry), { userAgent: 'kubelet' })
  const informers = createInformerFactory({ client, log, signal, clock })
  const recorder = createEventRecorder({ client, component: 'kubelet', host: nodeName, clock, log, signal })
  const machine = await readMachine(dataDir)
  const addresses = [nodeIp, ...(nodeIp6 === undefined ? [] : [nodeIp6])]
  const network = await openNetwork({ options, nodeName, addresses, containerd, clock, closers })
  await openIngress({ options, dataDir, nodeName, client, recorder, network, clock, closers })

  let nodeUid = (): string => ''
  let refreshNode = (): Promise<void> => Promise.resolve()
  let eviction: Eviction | undefined
  const tellOfNode = (type: EventType, reason: string, message: string): void =>
    recorder.event(
      { reference: { apiVersion: 'v1', kind: 'Node', name: nodeName, uid: nodeName } },
      type,
      reason,
      message,
    )
  const warnNode = (reason: string, message: string): void => tellOfNode('Warning', reason, message)
  const kept = keptFree(machine, options.reserved, options.eviction?.thresholds)
  let shutdown: Shutdown | undefined
  const localVolumes = createLocalVolumes(dataDir)
  const cgroupRoot = containerd?.cgroupParent ?? '/kapell'
  const pods = await createPodAgent({
    cri,
    metrics,
    client,
    informers,
    recorder,
    clock,
    log,
    dataDir,
    localVolumes,
    nodeUid: () => nodeUid(),
    pressures: () => eviction?.pressures() ?? [],
    refuses: () => shutdown?.refuses(),
    cgroups: cgroupsOf({ options, machine, root: cgroupRoot, clock }),
    refreshNode: () => refreshNode(),
    userNamespaces: hasUserNamespaces(runtime),
    imageVolumes: { containerdVersion: runtime.name === 'containerd' ? runtime.version : undefined, containerd },
    node: {
      name: nodeName,
      ip: nodeIp,
      ...(nodeIp6 === undefined ? {} : { ip6: nodeIp6 }),
      memoryCapacityBytes: machine.memoryBytes,
      allocatable: allocatable(machine, maxPods, kept),
      cgroupRoot,
      runtimeName: runtime.name,
      recursiveReadOnly: hasRecursiveReadOnly(runtime),
      appArmor: await hasAppArmor(),
      allowedUnsafeSysctls: options.allowedUnsafeSysctls ?? [],
    },
    clusterDns:
      options.clusterDns ?? (network?.dns !== undefined && containerd !== undefined ? [containerd.gateway] : []),
    clusterDomain: options.clusterDomain ?? 'cluster.local',
    ...(network === undefined ? {} : { hostPorts: hostPortTeller(network.proxy.setHostPorts) }),
  })
  closers.push((how) => pods.close(how))
  if (options.shutdown !== undefined) {
    const tell = (): Promise<void> => refreshNode()
    const event = (reason: string, message: string): void => tellOfNode('Normal', reason, message)
    const opened = openShutdown({ groups: options.shutdown, pods, tell, event, clock, log, signal })
    shutdown = opened
    closers.push(({ removePods }) => (removePods ? opened.run() : Promise.resolve()))
  }

  const sampled = {
    nodeName,
    cpus: machine.cpus,
    memoryBytes: machine.memoryBytes,
    dataDir,
    pods: () => pods.nodePods.list(),
    cgroupOf: (pod: V1Pod) => podCgroup(cgroupRoot, pod),
    pids: pidUsage,
    clock,
  }
  const imageCollector = createImageCollector({
    cri,
    clock,
    log,
    keep: () =>
      new Set([
        ...(images?.names() ?? []),
        ...(containerd === undefined ? [] : [containerd.pauseImage]),
        ...mountedImages(pods.nodePods.list()),
      ]),
    warn: warnNode,
  })

  let port = 0
  if (options.serving !== undefined) {
    const { serving } = options
    const server = await openServer({
      ...{ options, serving, nodeName, client, cri, pods, localVolumes, metrics, sampled, clock },
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
    ...(ipv6 === undefined ? {} : { podCidr6: ipv6.podCidr }),
    ...(nodeIp6 === undefined ? {} : { nodeIp6 }),
    labels: { ...(simulated ? { 'kapell.io/simulated-runtime': 'true' } : {}), ...options.labels },
    annotations: { [directoryAnnotation]: localVolumes.root },
    taints: options.taints ?? [],
    machine,
    maxPods,
    kept,
    kubeletVersion: options.version ?? 'v1.36.0+kapell',
    runtimeVersion: `${runtime.name}://${runtime.version}`,
    runtimeFeatures: runtime.features,
    port,
    dataDir,
    problem: () => shutdown?.problem() ?? '',
    volumesInUse: () => pods.volumesInUse(),
    ...(options.onNodeDeleted === undefined ? {} : { deleted: options.onNodeDeleted }),
    ...(simulated ? {} : { pressures: () => eviction?.pressures() ?? [] }),
  })
  if (!simulated) {
    const removeUnusedImages = (): Promise<unknown> => imageCollector.removeUnused()
    const parts = {
      options,
      pods,
      status,
      cri,
      metrics,
      sampled,
      nodeName,
      removeUnusedImages,
      warn: warnNode,
      clock,
      log,
    }
    eviction = await openEviction(parts)
  }
  nodeUid = () => status.uid()
  await pods.startStatic()
  await status.register()
  refreshNode = () => status.refresh()
  progress(`node ${nodeName} is registered`)
  const heard = network === undefined ? {} : { renewed: network.heard }
  keepLease({ client, nodeName, nodeUid: status.uid, clock, log, signal, ...heard })
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
    runtime: containerd,
    pods,
    dns: network?.dns,
    imagesImported: async () => {
      await images?.first
    },
  }
}
