import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Clock } from '@kapell/controllers/machinery/clock'
import type { EventRecorder } from '@kapell/controllers/machinery/event-recorder'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import { nodes } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1Node, V1NodeStatus, V1Taint } from '@kapell/openapi/types'
import type { Cri } from '../cri/client.ts'
import { equal } from '../status/patch.ts'
import { nodeConditions, type NodeHealth } from './conditions.ts'
import { availableMemoryBytes, diskUsage, pidUsage, type Machine } from './machine.ts'
import {
  nodeLabels,
  nodeObject,
  nodeStatus,
  podRanges,
  withExtendedResources,
  type Kept,
  type NodeInput,
} from './registration.ts'

export interface NodeStatusOptions {
  client: ApiClient
  cri: Cri
  recorder: EventRecorder
  clock: Clock
  log: Logger
  signal: AbortSignal
  nodeName: string
  nodeIp: string
  hostname: string
  podCidr: string | undefined
  /** Of the second family, where there is one. */
  podCidr6?: string
  nodeIp6?: string
  labels: Record<string, string>
  annotations: Record<string, string>
  taints: V1Taint[]
  machine: Machine
  maxPods: number
  kept?: Kept
  kubeletVersion: string
  runtimeVersion: string
  /** What the runtime says that it can do. */
  runtimeFeatures?: Pick<V1NodeStatus, 'runtimeHandlers' | 'features'>
  port: number
  dataDir: string
  /** What the node is short of, as its conditions name it; default: looked at here, by upstream's hard thresholds. */
  pressures?(): readonly string[]
  /** Attached volumes that pods work with. */
  volumesInUse?(): readonly string[]
  /** What else keeps the node from running pods, or ''. */
  problem(): string
  /** Somebody deleted the node. Default: it registers anew. */
  deleted?(): void
}

export interface NodeStatus {
  /** Registers the node, retrying until it is there. */
  register(): Promise<void>
  /** Keeps the status true from now on. */
  start(): void
  /** Looks now; used when something may have changed. */
  refresh(): Promise<void>
  uid(): string
}

const checkMs = 10_000
/** A node that is not ready is waited for: a runtime's network comes up moments after the runtime. */
const unreadyCheckMs = 500
/** An unchanged status is written this often all the same. */
const reportMs = 5 * 60_000
const maxImages = 50
/** Upstream's default thresholds of hard eviction. */
const pressure = { memoryBytes: 100 * 1024 * 1024, diskShare: 0.1, inodeShare: 0.05 }

export function createNodeStatus(options: NodeStatusOptions): NodeStatus {
  const { client, cri, recorder, clock, log, signal, nodeName } = options
  const api = client.resource(nodes)
  let node: V1Node | undefined
  let reportedAtMs = 0

  const health = async (): Promise<NodeHealth> => {
    const [memory, disk, pids, runtime] = await Promise.all([
      availableMemoryBytes(),
      diskUsage(options.dataDir),
      pidUsage(),
      runtimeProblem(cri),
    ])
    const felt = options.pressures?.()
    const notReady = [runtime, options.problem()].filter((text) => text !== '').join(', ')
    if (felt !== undefined) {
      return {
        memoryPressure: felt.includes('MemoryPressure'),
        diskPressure: felt.includes('DiskPressure'),
        pidPressure: felt.includes('PIDPressure'),
        notReady,
      }
    }
    return {
      memoryPressure: memory < pressure.memoryBytes,
      diskPressure: disk.availableShare < pressure.diskShare || disk.inodesFreeShare < pressure.inodeShare,
      pidPressure: pids.used > pids.max * 0.95,
      notReady,
    }
  }

  const input = async (before: V1Node | undefined): Promise<NodeInput> => ({
    ...options,
    conditions: nodeConditions(await health(), before?.status?.conditions ?? [], clock.now()),
    images: await imagesOf(cri).catch(
      () => before?.status?.images?.map(({ names = [], sizeBytes = 0 }) => ({ names, sizeBytes })) ?? [],
    ),
  })

  const inUse = (): { volumesInUse?: string[] } => {
    const names = options.volumesInUse?.() ?? []
    return names.length === 0 ? {} : { volumesInUse: [...names] }
  }

  const tellChanges = (before: V1Node | undefined, after: V1Node): void => {
    const old = new Map((before?.status?.conditions ?? []).map(({ type, status }) => [type, status]))
    for (const { type, status, reason = '' } of after.status?.conditions ?? []) {
      if (old.get(type) === status) continue
      const name =
        type === 'Ready' ? (status === 'True' ? 'NodeReady' : 'NodeNotReady') : (nodeEvents[type]?.[status] ?? reason)
      if (before !== undefined || type !== 'Ready') tell('Normal', name, `Node ${nodeName} status is now: ${name}`)
    }
  }
  const tell = (type: 'Normal' | 'Warning', reason: string, message: string): void =>
    recorder.event(
      { reference: { apiVersion: 'v1', kind: 'Node', name: nodeName, uid: nodeName } },
      type,
      reason,
      message,
    )

  const refresh = async (): Promise<void> => {
    // As the API has it, not as we last wrote it: a node that was silent too long has been called Unknown since.
    const before = await api.get(nodeName, { resourceVersion: '0', signal }).catch((error: unknown) => {
      if (isReason(error, 'NotFound')) return undefined
      throw error
    })
    if (before === undefined) return gone()
    node = before
    const status = { ...withExtendedResources(nodeStatus(await input(before)), before), ...inUse() }
    const changed = !sameStatus(before.status, status)
    const now = clock.now().getTime()
    if (!changed && now - reportedAtMs < reportMs) return
    try {
      const conditions = status.conditions
      const addresses = [...(status.addresses ?? []), { $patch: 'replace' }]
      node = await api.patch(
        nodeName,
        'strategic',
        { status: { ...status, volumesInUse: status.volumesInUse ?? null, conditions, addresses } },
        { subresource: 'status', signal },
      )
      reportedAtMs = now
      tellChanges(before, node)
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
      await gone()
    }
  }

  /** Somebody deleted the node: it comes back, as a new one, or leaves. */
  const gone = async (): Promise<void> => {
    node = undefined
    if (options.deleted === undefined) return register()
    options.deleted()
  }

  const register = async (): Promise<void> => {
    for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, 7000)) {
      try {
        node = await registerOnce()
        reportedAtMs = clock.now().getTime()
        return
      } catch (error) {
        if (signal.aborted) throw error
        log.warn(`cannot register node ${nodeName}: ${errorText(error)}`)
        await clock.sleep(pauseMs, signal)
        if (signal.aborted) throw error
      }
    }
  }

  const registerOnce = async (): Promise<V1Node> => {
    const wanted = nodeObject(await input(undefined))
    try {
      const created = await api.create(wanted, { signal })
      tell('Normal', 'Starting', 'Starting kubelet.')
      tellChanges(undefined, created)
      if (created.status?.nodeInfo !== undefined && (created.status.conditions?.length ?? 0) > 0) return created
      // A server that takes no status with a new object gets it now.
      return await api.patch(nodeName, 'strategic', { status: wanted.status }, { subresource: 'status', signal })
    } catch (error) {
      if (!isReason(error, 'AlreadyExists')) throw error
    }
    const existing = await api.get(nodeName, { signal })
    const labels = { ...nodeLabels(options.hostname), ...options.labels }
    const { annotations } = options
    const stale =
      Object.entries(labels).some(([key, value]) => existing.metadata?.labels?.[key] !== value) ||
      Object.entries(annotations).some(([key, value]) => existing.metadata?.annotations?.[key] !== value)
    const cidr = existing.spec?.podCIDR === undefined && options.podCidr !== undefined
    if (stale || cidr) {
      const spec = cidr ? { spec: podRanges(options) } : {}
      await api.patch(nodeName, 'strategic', { metadata: { labels, annotations }, ...spec }, { signal })
    }
    const status = withExtendedResources(nodeStatus(await input(existing)), existing)
    const addresses = [...(status.addresses ?? []), { $patch: 'replace' }]
    const patched = await api.patch(
      nodeName,
      'strategic',
      { status: { ...status, addresses } },
      { subresource: 'status', signal },
    )
    tell('Normal', 'Starting', 'Starting kubelet.')
    tellChanges(existing, patched)
    return patched
  }

  const isReady = (): boolean =>
    node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false

  const keepLooking = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(isReady() ? checkMs : unreadyCheckMs, signal)
      if (signal.aborted) return
      await refresh().catch((error: unknown) => log.warn(`status of node ${nodeName}: ${errorText(error)}`))
    }
  }

  return {
    register,
    refresh,
    start: () => void keepLooking(),
    uid: () => node?.metadata?.uid ?? '',
  }
}

const nodeEvents: Record<string, Record<string, string>> = {
  MemoryPressure: { True: 'NodeHasInsufficientMemory', False: 'NodeHasSufficientMemory' },
  DiskPressure: { True: 'NodeHasDiskPressure', False: 'NodeHasNoDiskPressure' },
  PIDPressure: { True: 'NodeHasInsufficientPID', False: 'NodeHasSufficientPID' },
}

/** What the agent says of its node, and nobody else. */
const ownFields = [
  'addresses',
  'capacity',
  'allocatable',
  'conditions',
  'daemonEndpoints',
  'images',
  'nodeInfo',
  'volumesInUse',
  'features',
  'runtimeHandlers',
  'declaredFeatures',
] as const

/** Equal but for the times of the heartbeats. */
function sameStatus(before: V1Node['status'], after: V1Node['status']): boolean {
  const still = (status: V1Node['status']): unknown => ({
    ...status,
    conditions: Object.fromEntries(
      (status?.conditions ?? []).map(({ lastHeartbeatTime: _, lastTransitionTime: __, ...rest }) => [rest.type, rest]),
    ),
  })
  const own = (status: V1Node['status']): unknown =>
    still(Object.fromEntries(ownFields.map((field) => [field, status?.[field]])))
  return equal(ownConditions(own(before), after), own(after))
}

/** Conditions that others put on the node are none of our business. */
function ownConditions(status: unknown, after: V1Node['status']): unknown {
  const { conditions, ...rest } = status as { conditions: Record<string, unknown> }
  const own = new Set((after?.conditions ?? []).map(({ type }) => type))
  return { ...rest, conditions: Object.fromEntries(Object.entries(conditions).filter(([type]) => own.has(type))) }
}

/** Why the runtime cannot run pods; '' when it can. */
export async function runtimeProblem(cri: Pick<Cri, 'runtime'>): Promise<string> {
  try {
    const { status } = await cri.runtime.status({}, { deadlineMs: 5000 })
    const problems = (status?.conditions ?? [])
      // Others only inform: containerd 2 complains of deprecated settings this way.
      .filter(({ type, status: ok }) => !ok && (type === 'RuntimeReady' || type === 'NetworkReady'))
      .map(({ type, reason, message }) => `${type}=false reason:${reason} message:${message}`)
    const network = problems.filter((text) => text.startsWith('NetworkReady'))
    const runtime = problems.filter((text) => !text.startsWith('NetworkReady'))
    return [
      ...runtime.map((text) => `container runtime not ready: ${text}`),
      ...network.map((text) => `container runtime network not ready: ${text}`),
    ].join(', ')
  } catch (error) {
    return `container runtime is down: ${errorText(error)}`
  }
}

/** The biggest images, by all their names. */
async function imagesOf(cri: Cri): Promise<{ names: string[]; sizeBytes: number }[]> {
  const { images } = await cri.images.listImages({}, { deadlineMs: 5000 })
  return images
    .map(({ repoDigests, repoTags, size }) => ({
      names: [...repoDigests, ...repoTags].slice(0, 5),
      sizeBytes: Number(size),
    }))
    .filter(({ names }) => names.length > 0)
    .sort((a, b) => b.sizeBytes - a.sizeBytes)
    .slice(0, maxImages)
}
