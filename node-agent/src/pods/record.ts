import type { V1ContainerStatus, V1Pod } from '@kapell/openapi/types'

/** What the runtime knows of one container of a pod: the only memory the agent has of what it did. */
export interface ContainerRecord {
  id: string
  name: string
  sandboxId: string
  /** Also the restart count. */
  attempt: number
  state: 'created' | 'running' | 'exited' | 'unknown'
  createdAt: Date
  startedAt: Date | undefined
  finishedAt: Date | undefined
  exitCode: number
  /** "Completed", "Error", "OOMKilled"… */
  reason: string
  message: string
  /** The image as the pod asked for it. */
  image: string
  /** Digest or id of the image that runs. */
  imageRef: string
  /** Hash of what cannot change without a restart. */
  hash: string
  logPath: string
  user: { uid: number; gid: number; supplementalGroups: number[] } | undefined
  /** What its cgroup was given, where the runtime tells; changes when it is resized. */
  limits?: ContainerLimits
}

/** The part of a container's cgroup that can change while it runs. 0 is no limit. */
export interface ContainerLimits {
  cpuShares: number
  cpuQuota: number
  memoryBytes: number
}

export interface SandboxRecord {
  id: string
  attempt: number
  ready: boolean
  createdAt: Date
  ips: string[]
}

/** Everything of one pod in the runtime; newest first. */
export interface PodRecord {
  uid: string
  name: string
  namespace: string
  sandboxes: SandboxRecord[]
  containers: ContainerRecord[]
}

export const emptyRecord = (pod: { uid: string; name: string; namespace: string }): PodRecord => ({
  ...pod,
  sandboxes: [],
  containers: [],
})

export interface PodIdentity {
  uid: string
  name: string
  namespace: string
}

/** A stored pod always has all three. */
export function identityOf(pod: V1Pod): PodIdentity {
  const { uid = '', name = '', namespace = 'default' } = pod.metadata ?? {}
  return { uid, name, namespace }
}

/** "name_namespace(uid)": how events and messages name a pod. */
export const podTitle = (pod: PodIdentity): string => `${pod.name}_${pod.namespace}(${pod.uid})`

/** The newest container of this name. */
export function newest(record: PodRecord, name: string): ContainerRecord | undefined {
  return record.containers.find((container) => container.name === name)
}

/**
 * The record with what only the API still remembers: containers that were removed together with the runtime (a stopped
 * cluster, a wiped node). One that ran then counts as ended, so that it is restarted or not by the pod's policy, and
 * its restart count goes on. Source: upstream's status of containers it cannot find.
 */
export function withRemembered(
  record: PodRecord,
  pod: V1Pod,
  logPath: LogPathOf = () => '',
  anew?: Restarts,
): PodRecord {
  const remembered = [
    ...(pod.status?.initContainerStatuses ?? []),
    ...(pod.status?.containerStatuses ?? []),
    ...(pod.status?.ephemeralContainerStatuses ?? []),
  ]
    .filter((status) => newest(record, status.name) === undefined && !startsAnew(status, anew))
    .flatMap((status): ContainerRecord[] => {
      const ended =
        status.state?.terminated ?? (status.state?.running === undefined ? status.lastState?.terminated : undefined)
      const ran = status.state?.running
      if (ended === undefined && ran === undefined) return []
      const startedAt = ended?.startedAt ?? ran?.startedAt
      const started = startedAt === undefined ? new Date(0) : new Date(startedAt)
      return [
        {
          id: bareId(ended?.containerID ?? status.containerID),
          name: status.name,
          sandboxId: '',
          attempt: status.restartCount,
          state: 'exited',
          createdAt: started,
          startedAt: started,
          finishedAt: ended?.finishedAt === undefined ? started : new Date(ended.finishedAt),
          exitCode: ended?.exitCode ?? 137,
          reason: ended === undefined ? 'ContainerStatusUnknown' : (ended.reason ?? ''),
          message:
            ended === undefined
              ? 'The container could not be located when the pod was terminated'
              : (ended.message ?? ''),
          image: status.image,
          imageRef: status.imageID,
          hash: '',
          logPath: logPath(status.name, status.restartCount),
          user: undefined,
        },
      ]
    })
  return remembered.length === 0 ? record : { ...record, containers: [...record.containers, ...remembered] }
}

/** Of containers that were removed so that all of the pod start anew: how often each has been restarted, by name. */
export type Restarts = ReadonlyMap<string, number>

/** The reason that such a container's status gives. */
export const restartingAll = 'RestartingAllContainers'

/** Whether a container was removed to start anew, and has not been made since. */
const startsAnew = ({ name, restartCount, state, lastState }: V1ContainerStatus, anew: Restarts | undefined): boolean =>
  restartCount < (anew?.get(name) ?? 0) ||
  (state?.waiting !== undefined && lastState?.terminated?.reason === restartingAll)

/** Where the log of a container's n-th instance is. */
export type LogPathOf = (containerName: string, attempt: number) => string

/** "abc" of "containerd://abc". */
export function bareId(containerId: string | undefined): string {
  return containerId?.replace(/^[^:]*:\/\//, '') ?? ''
}
