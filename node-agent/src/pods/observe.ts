import type { Cri } from '../cri/client.ts'
import { isNotFound } from '../cri/grpc-client.ts'
import { ContainerState, PodSandboxState, type ContainerStatus } from '../cri/gen/runtime_pb.ts'
import { readTail } from './read-tail.ts'
import {
  containerNameLabel,
  hashAnnotation,
  podNameLabel,
  podNamespaceLabel,
  podUidLabel,
  terminationFileAnnotation,
  terminationPolicyAnnotation,
} from './labels.ts'
import type { ContainerRecord, PodIdentity, PodRecord, SandboxRecord } from './record.ts'

/** Reads the runtime. What cannot change any more (addresses, ended containers) is asked for once. */
export interface Observer {
  pod(identity: PodIdentity): Promise<PodRecord>
  /** One line a container and sandbox: cheap, to notice that something changed. */
  snapshot(): Promise<Snapshot>
  /** This container is no longer as it was read: it was resized. */
  forget(containerId: string): void
}

/** Pods by uid, each with the states of what belongs to it. */
export type Snapshot = Map<string, { identity: PodIdentity; states: Map<string, string> }>

export function createObserver(cri: Cri): Observer {
  const addresses = new Map<string, string[]>()
  const statuses = new Map<string, ContainerRecord>()

  const sandboxIps = async (id: string): Promise<string[]> => {
    const known = addresses.get(id)
    if (known !== undefined) return known
    const { status } = await cri.runtime.podSandboxStatus({ podSandboxId: id })
    const ips = [status?.network?.ip ?? '', ...(status?.network?.additionalIps.map(({ ip }) => ip) ?? [])]
    const found = ips.filter((ip) => ip !== '')
    if (found.length > 0) addresses.set(id, found)
    return found
  }

  const container = async (
    id: string,
    sandboxId: string,
    state: ContainerState,
  ): Promise<ContainerRecord | undefined> => {
    const known = statuses.get(id)
    if (known !== undefined && known.state === stateNames[state]) return known
    const { status } = await cri.runtime.containerStatus({ containerId: id })
    if (status === undefined) return undefined
    const record = await recordOf(status, sandboxId)
    if (record.state === 'running' || record.state === 'exited') statuses.set(id, record)
    return record
  }

  return {
    pod: async (identity) => {
      const labelSelector = { [podUidLabel]: identity.uid }
      const [sandboxes, containers] = await Promise.all([
        cri.runtime.listPodSandbox({ filter: { labelSelector } }),
        cri.runtime.listContainers({ filter: { labelSelector } }),
      ])
      const records = await Promise.all([
        Promise.all(
          sandboxes.items.map(async (item): Promise<SandboxRecord> => {
            const ready = item.state === PodSandboxState.SANDBOX_READY
            return {
              id: item.id,
              attempt: item.metadata?.attempt ?? 0,
              ready,
              createdAt: fromNanos(item.createdAt),
              // One that vanishes between the two calls is simply no longer ready.
              ips: ready ? await sandboxIps(item.id).catch(emptyWhenGone) : [],
            }
          }),
        ),
        Promise.all(
          containers.containers.map((item) =>
            container(item.id, item.podSandboxId, item.state).catch((error: unknown) => {
              if (isNotFound(error)) return undefined
              throw error
            }),
          ),
        ),
      ])
      const byAge = (a: { createdAt: Date; attempt: number }, b: { createdAt: Date; attempt: number }): number =>
        b.createdAt.getTime() - a.createdAt.getTime() || b.attempt - a.attempt
      return {
        ...identity,
        sandboxes: records[0].sort(byAge),
        containers: records[1].filter((item) => item !== undefined).sort(byAge),
      }
    },

    forget: (containerId) => {
      statuses.delete(containerId)
    },

    snapshot: async () => {
      const [sandboxes, containers] = await Promise.all([
        cri.runtime.listPodSandbox({}),
        cri.runtime.listContainers({}),
      ])
      const pods: Snapshot = new Map()
      const note = (labels: Record<string, string>, id: string, state: string): void => {
        const uid = labels[podUidLabel]
        if (uid === undefined) return
        let pod = pods.get(uid)
        if (pod === undefined) {
          const identity = { uid, name: labels[podNameLabel] ?? '', namespace: labels[podNamespaceLabel] ?? '' }
          pods.set(uid, (pod = { identity, states: new Map() }))
        }
        pod.states.set(id, state)
      }
      for (const item of sandboxes.items) note(item.labels, item.id, `sandbox ${item.state}`)
      for (const item of containers.containers) note(item.labels, item.id, `container ${item.state}`)
      const present = new Set([...sandboxes.items, ...containers.containers].map(({ id }) => id))
      for (const cache of [addresses, statuses]) for (const id of cache.keys()) if (!present.has(id)) cache.delete(id)
      return pods
    },
  }
}

function emptyWhenGone(error: unknown): string[] {
  if (isNotFound(error)) return []
  throw error
}

const stateNames: Record<ContainerState, ContainerRecord['state']> = {
  [ContainerState.CONTAINER_CREATED]: 'created',
  [ContainerState.CONTAINER_RUNNING]: 'running',
  [ContainerState.CONTAINER_EXITED]: 'exited',
  [ContainerState.CONTAINER_UNKNOWN]: 'unknown',
}

/** Nanoseconds since 1970; the API keeps seconds, so milliseconds are enough. */
const fromNanos = (nanos: bigint): Date => new Date(Number(nanos / 1_000_000n))

async function recordOf(status: ContainerStatus, sandboxId: string): Promise<ContainerRecord> {
  const state = stateNames[status.state] ?? 'unknown'
  const linux = status.user?.linux
  const given = status.resources?.linux
  return {
    id: status.id,
    name: status.labels[containerNameLabel] ?? status.metadata?.name ?? '',
    sandboxId,
    attempt: status.metadata?.attempt ?? 0,
    state,
    createdAt: fromNanos(status.createdAt),
    startedAt: status.startedAt > 0n ? fromNanos(status.startedAt) : undefined,
    finishedAt: status.finishedAt > 0n ? fromNanos(status.finishedAt) : undefined,
    exitCode: status.exitCode,
    reason: status.reason,
    message: state === 'exited' ? await terminationMessage(status) : status.message,
    image: status.image?.image ?? '',
    imageRef: status.imageRef,
    hash: status.annotations[hashAnnotation] ?? '',
    logPath: status.logPath,
    ...(given === undefined
      ? {}
      : {
          limits: {
            cpuShares: Number(given.cpuShares),
            cpuQuota: Number(given.cpuQuota),
            memoryBytes: Number(given.memoryLimitInBytes),
          },
        }),
    user:
      linux === undefined
        ? undefined
        : {
            uid: Number(linux.uid),
            gid: Number(linux.gid),
            supplementalGroups: linux.supplementalGroups.map(Number),
          },
  }
}

/** What was written, of a line of the log: "TIME STREAM F text" is a whole line, P a part of one. */
function lineOf(line: string): string {
  const text = line.replace(/^\S+ \S+ \S+ /, '')
  return / P$/.test(line.slice(0, line.length - text.length - 1)) ? text : `${text}\n`
}

/** Upstream's limits: 4096 bytes of the file; else, on failure and when asked, 80 lines or 2048 bytes of the log. */
async function terminationMessage(status: ContainerStatus): Promise<string> {
  const file = status.annotations[terminationFileAnnotation]
  const written = file === undefined ? '' : await readTail({ path: file, maxBytes: 4096 })
  if (written !== '') return written
  const fallback = status.annotations[terminationPolicyAnnotation] === 'FallbackToLogsOnError'
  if (fallback && status.exitCode !== 0) {
    const log = await readTail({ path: status.logPath, maxBytes: 16_384 })
    return log
      .split('\n')
      .filter((line) => line !== '')
      .slice(-80)
      .map((line) => lineOf(line))
      .join('')
      .slice(-2048)
  }
  return status.message
}
