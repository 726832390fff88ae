import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Clock } from '@kapell/controllers/machinery/clock'
import type { EventRecorder } from '@kapell/controllers/machinery/event-recorder'
import type { InformerFactory } from '@kapell/controllers/machinery/informer-factory'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import type { SharedInformer } from '@kapell/controllers/machinery/shared-informer'
import {
  csiDrivers,
  resourceClaims,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  runtimeClasses,
  secrets,
  services,
  volumeAttachments,
} from '@kapell/openapi/meta/refs'
import type { V1Pod } from '@kapell/openapi/types'
import type { Cgroups } from './cgroups/manager.ts'
import type { Cri } from './cri/client.ts'
import { createAllocations, type Allocations } from './pods/allocation.ts'
import { createPodAdmission, hasEnded, type Rejection } from './pods/admission.ts'
import { Backoff } from './pods/backoff.ts'
import type { NodeFacts, PodDeps } from './pods/deps.ts'
import { parseResolvConf } from './pods/dns.ts'
import { podEvents } from './pods/events.ts'
import { createImagePuller } from './pods/images.ts'
import { createContainerCollector } from './pods/collect.ts'
import { rotateLogs } from './pods/log-rotation.ts'
import { watchLifecycle, type LifecycleWatch } from './pods/lifecycle.ts'
import type { AgentMetrics } from './metrics/agent-metrics.ts'
import { createObserver } from './pods/observe.ts'
import { nodePaths } from './pods/paths.ts'
import { identityOf } from './pods/record.ts'
import { createNodePods, type NodePods } from './static-pods/node-pods.ts'
import { createUserNamespaces } from './pods/user-namespaces.ts'
import { createPodWorkers, type PodWorkers } from './pods/workers.ts'
import { createPluginRegistry } from './plugins/registry.ts'
import { createProber } from './probes/prober.ts'
import { createStatusManager } from './status/manager.ts'
import { createDrivers } from './volumes/csi/drivers.ts'
import { cdiDirectories, looksDevicesUp, readCdiSpecs } from './devices/cdi.ts'
import { createDeviceDrivers } from './devices/drivers.ts'
import { createPodDevices } from './devices/manager.ts'
import { openPreparedClaims } from './devices/prepared.ts'
import { createCsiVolumes } from './volumes/csi/mount.ts'
import { publishDrivers } from './volumes/csi/publish-node.ts'
import { createImageVolumes, type ImageVolumesOptions } from './volumes/image.ts'
import type { LocalVolumes } from './volumes/local-path.ts'
import { createVolumeManager } from './volumes/manager.ts'
import { createObjectSource } from './volumes/object-source.ts'
import { createTokens } from './volumes/tokens.ts'

export interface PodAgentOptions {
  cri: Cri
  client: ApiClient
  informers: InformerFactory
  recorder: EventRecorder
  clock: Clock
  log: Logger
  /** What of this is counted. */
  metrics: AgentMetrics
  /** Absolute and without links. */
  dataDir: string
  node: Omit<NodeFacts, 'hosts'>
  localVolumes: LocalVolumes
  clusterDns: readonly string[]
  clusterDomain: string
  /** The node's resolv.conf; default /etc/resolv.conf. */
  resolvConf?: string
  /** Of the Node object; empty until it is there. */
  nodeUid?(): string
  /** Makes the groups that pods live in. */
  cgroups(parts: { pods: () => V1Pod[] }): Cgroups
  /** Writes the Node's status now. */
  refreshNode?(): Promise<void>
  imageVolumes: ImageVolumesOptions
  /** Whether the runtime can give pods users of their own. */
  userNamespaces: boolean
  /** Why the node takes no pods at all, if so. */
  refuses?(): Rejection | undefined
  /** What the node is short of: it then refuses pods. */
  pressures?(): readonly string[]
  /** What a pod shows on the node's own addresses; undefined when it ends. */
  hostPorts?: PodDeps['hostPorts']
}

/** The part of a node that runs pods. */
export interface PodAgent {
  /** The API's pods of this node. */
  readonly pods: SharedInformer<V1Pod>
  /** These and the static ones. */
  readonly nodePods: Pick<NodePods, 'list' | 'get'>
  readonly workers: PodWorkers
  readonly lifecycle: LifecycleWatch
  readonly deps: PodDeps
  /** Attached volumes that pods here work with, as the Node names them. */
  volumesInUse(): string[]
  /** Removes what ended pods and containers leave behind. */
  collect(): Promise<void>
  /** Calls back whenever something of this pod changed in the runtime; the answer ends it. */
  onPodChange(uid: string, wake: () => void): () => void
  /** Starts the pods of DATADIR/static-pods, whether or not the API answers. */
  startStatic(): Promise<void>
  /** Adopts what runs, then follows the API. Resolves when every pod known at the start has its worker. */
  start(): Promise<void>
  close(options: { removePods: boolean }): Promise<void>
}

/** How long the last statuses may take to arrive when the agent ends. */
const flushMs = 2000

export async function createPodAgent(options: PodAgentOptions): Promise<PodAgent> {
  const { cri, client, informers, recorder, clock, log, dataDir, metrics } = options
  // Statuses and the runtime's events outlive the workers when the agent closes.
  const stop = new AbortController()
  const { signal } = stop
  const paths = nodePaths(dataDir)
  const readText = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '')
  const node: NodeFacts = { ...options.node, hosts: await readText('/etc/hosts') }
  const informer = informers.informer(pods, { fieldSelector: `spec.nodeName=${node.name}` })
  const serviceLister = informers.informer(services).lister
  const observer = createObserver(cri)
  const events = podEvents(recorder)
  const listeners = new Map<string, Set<() => void>>()
  const poke = (uid: string): void => {
    workers.poke(uid)
    for (const wake of listeners.get(uid) ?? []) wake()
  }
  const objects = createObjectSource({ client, clock, log, signal, changed: (uid) => workers.retry(uid) })
  const drivers = createDrivers({ signal, publish: (known) => publishDrivers(client, node.name, known) })
  const deviceDrivers = createDeviceDrivers({
    clock,
    signal,
    wipe: async (driver) => {
      const selector = encodeURIComponent(`spec.nodeName=${node.name},spec.driver=${driver}`)
      await client.raw('DELETE', `/apis/resource.k8s.io/v1/resourceslices?fieldSelector=${selector}`)
    },
  })
  const devices = createPodDevices({
    drivers: deviceDrivers,
    prepared: await openPreparedClaims(join(dataDir, 'node', 'prepared-claims.json')),
    claim: (namespace, name) => client.resource(resourceClaims, namespace).get(name, { signal }),
    ...((await looksDevicesUp(cri)) ? {} : { cdiSpecs: () => readCdiSpecs(cdiDirectories) }),
  })
  const plugins = createPluginRegistry({
    dir: join(dataDir, 'node', 'plugins_registry'),
    clock,
    log,
    signal,
    handlers: { CSIPlugin: drivers.plugins, DRAPlugin: deviceDrivers.plugins },
  })
  const csi = createCsiVolumes({
    drivers,
    paths,
    stagingDir: join(dataDir, 'node', 'plugins', 'kubernetes.io', 'csi'),
    nodeName: node.name,
    csiDriver: (name) => client.resource(csiDrivers).get(name, { signal }),
    attachment: (name) => client.resource(volumeAttachments).get(name, { signal }),
    secret: (namespace, name) => client.resource(secrets, namespace).get(name, { signal }),
    tellInUse: () => options.refreshNode?.() ?? Promise.resolve(),
  })
  const volumes = createVolumeManager({
    paths,
    memoryDir: join(dataDir, 'node', 'memory'),
    node,
    objects,
    tokens: createTokens({ client, clock }),
    claims: {
      claim: (namespace, name) => client.resource(persistentVolumeClaims, namespace).get(name, { signal }),
      volume: (name) => client.resource(persistentVolumes).get(name, { signal }),
    },
    localVolumes: options.localVolumes,
    csi,
    images: createImageVolumes(options.imageVolumes),
    events,
    patchClaim: (namespace, name, claimStatus) =>
      client
        .resource(persistentVolumeClaims, namespace)
        .patch(name, 'merge', { status: claimStatus }, { subresource: 'status', signal }),
    metrics,
    log,
  })
  const nodePods = createNodePods({
    dir: join(dataDir, 'static-pods'),
    nodeName: node.name,
    nodeUid: options.nodeUid ?? (() => ''),
    client,
    informer,
    clock,
    log,
    signal,
    changed: (pod) => workers.take(pod),
    removed: (pod) => workers.drop(pod),
  })
  const stored = (pod: V1Pod): V1Pod | undefined => {
    const { uid, name, namespace } = identityOf(pod)
    const found = informer.lister.get(`${namespace}/${name}`)
    return found?.metadata?.uid === uid ? found : undefined
  }
  const status = createStatusManager({ client, stored, metrics, clock, log, signal })
  const cgroups = options.cgroups({
    pods: () => nodePods.list().flatMap((pod) => (hasEnded(pod) ? [] : [allocations.of(pod)])),
  })
  const admission = createPodAdmission({
    pods: () => nodePods.list(),
    allocatable: node.allocatable,
    given: (pod) => allocations.of(pod),
    machine: node,
    ...(options.pressures === undefined ? {} : { pressures: options.pressures }),
    ...(options.refuses === undefined ? {} : { refuses: options.refuses }),
    node: () => client.resource(nodes).get(node.name, { signal }),
  })
  const allocations: Allocations = createAllocations({
    allocatable: node.allocatable,
    shortage: (pod) => admission.shortage(pod),
    retry: (uid) => workers.poke(uid),
    events,
    clock,
  })
  const deps: PodDeps = {
    cri,
    observer,
    images: createImagePuller({ cri, events, clock }),
    volumes,
    devices,
    objects,
    probes: createProber({ cri, clock, events, nodeIp: node.ip, metrics, changed: poke }),
    status: nodePods.statuses(status),
    admission,
    allocations,
    users: createUserNamespaces({ paths, supported: options.userNamespaces }),
    cgroups,
    events,
    crashBackoff: new Backoff({ initialMs: 10_000, maxMs: 300_000 }),
    metrics,
    clock,
    log,
    paths,
    node,
    dns: {
      host: parseResolvConf(await readText(options.resolvConf ?? '/etc/resolv.conf')),
      clusterDns: options.clusterDns,
      clusterDomain: options.clusterDomain,
    },
    services: (namespace) => serviceLister.inNamespace(namespace),
    runtimeHandler: async (className) => (await client.resource(runtimeClasses).get(className, { signal })).handler,
    hostPorts: options.hostPorts ?? (() => {}),
  }
  const workers: PodWorkers = createPodWorkers({
    deps,
    informer: nodePods.assigned,
    list: () => nodePods.list(),
    ended: (uid) => nodePods.ended(uid),
  })
  await volumes.open()
  await cgroups.open().catch((error: unknown) => log.warn(`control groups of pods: ${errorText(error)}`))
  const lifecycle = watchLifecycle({
    cri,
    observer,
    metrics,
    clock,
    log,
    signal,
    changed: poke,
    listed: (snapshot) => workers.reconcile(snapshot),
  })
  rotateLogs({ cri, clock, log, signal })
  const garbage = createContainerCollector({ cri, paths, clock, log, known: (uid) => workers.has(uid) })

  return {
    pods: informer,
    nodePods,
    startStatic: () => nodePods.start(),
    workers,
    lifecycle,
    deps,
    volumesInUse: () => csi.inUse.names(),
    collect: () => garbage.collect(),
    onPodChange: (uid, wake) => {
      const set = listeners.get(uid) ?? new Set()
      listeners.set(uid, set.add(wake))
      return () => {
        set.delete(wake)
        if (set.size === 0) listeners.delete(uid)
      }
    },
    start: async () => {
      // A pod's environment names the Services there are: they must be known first.
      await informers.informer(services).synced()
      await plugins.start().catch((error: unknown) => log.warn(`plug-ins: ${errorText(error)}`))
      await workers.start()
      await lifecycle.relist()
      garbage.start(signal)
      cgroups.start(signal)
    },
    close: async ({ removePods }) => {
      await workers.close({ removePods })
      const arrived = new AbortController()
      await Promise.race([Promise.all([status.flushed(), recorder.flushed()]), clock.sleep(flushMs, arrived.signal)])
      arrived.abort()
      stop.abort()
      if (removePods) {
        await volumes.close().catch((error: unknown) => log.warn(`volumes of pods: ${errorText(error)}`))
      }
    },
  }
}
