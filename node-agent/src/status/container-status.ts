import type {
  V1Container,
  V1ContainerState,
  V1ContainerStatus,
  V1Pod,
  V1VolumeMount,
  V1VolumeMountStatus,
} from '@kapell/openapi/types'
import { rfc3339 } from '@kapell/openapi/meta/time'
import { shouldRun } from '../pods/actions.ts'
import { restartingAll, type ContainerRecord, type PodRecord, type Restarts } from '../pods/record.ts'
import { resizeNeeded } from '../pods/resources.ts'

/** Why a container does not run yet (or again). */
export interface Waiting {
  reason: string
  message?: string
}

/** What became of containers that were removed so that all of the pod start anew. */
export interface StartsAnew {
  restarts: Restarts
  /** It was only now. */
  removed: boolean
}

/** What probes say of a running container, by its id. */
export interface ProbeStates {
  started(containerId: string): boolean
  ready(containerId: string): boolean
}

export interface ContainerStatusInput {
  pod: V1Pod
  container: V1Container
  record: PodRecord
  waiting: ReadonlyMap<string, Waiting>
  anew?: StartsAnew
  probes: ProbeStates
  /** The pod is ending: what has ended stays so. */
  terminating: boolean
  /** Shown while nothing else is known: "ContainerCreating" or "PodInitializing". */
  defaultWaiting: string
  runtimeName: string
  /** Whether the runtime makes mounts read-only all the way down. */
  recursiveReadOnly?: boolean
  previous: V1ContainerStatus | undefined
}

const time = (date: Date | undefined): string | undefined => (date === undefined ? undefined : rfc3339(date))

function terminated(container: ContainerRecord, runtimeName: string): V1ContainerState {
  return {
    terminated: {
      exitCode: container.exitCode,
      ...(container.reason === '' ? {} : { reason: container.reason }),
      ...(container.message === '' ? {} : { message: container.message }),
      startedAt: time(container.startedAt ?? container.createdAt) ?? '',
      finishedAt: time(container.finishedAt) ?? time(container.createdAt) ?? '',
      ...(container.id === '' ? {} : { containerID: `${runtimeName}://${container.id}` }),
    },
  }
}

const removedMessage = 'The container is removed because RestartAllContainers in place'
/** Of a container that was removed to start anew. */
const removedState: V1ContainerState = {
  terminated: { exitCode: 137, reason: restartingAll, message: removedMessage },
}

/** One entry of status.containerStatuses. Source: API reference, ContainerStatus. */
export function containerStatus(input: ContainerStatusInput): V1ContainerStatus {
  const { pod, container, record, waiting, probes, terminating, runtimeName, previous } = input
  const [current, before] = record.containers.filter(({ name }) => name === container.name)
  const reason = waiting.get(container.name)
  const base = {
    name: container.name,
    image: container.image ?? '',
    imageID: '',
    restartCount: current?.attempt ?? previous?.restartCount ?? 0,
    ready: false,
    started: false,
    state: {} as V1ContainerState,
    lastState: {} as V1ContainerState,
    ...volumeMounts(container, input.recursiveReadOnly === true),
  }
  const wait = (found: Waiting): V1ContainerState => ({
    waiting: {
      reason: found.reason,
      ...(found.message === undefined || found.message === '' ? {} : { message: found.message }),
    },
  })
  const count = input.anew?.restarts.get(container.name)
  if (current === undefined && count !== undefined) {
    const why = input.anew?.removed === true ? { reason: restartingAll, message: removedMessage } : undefined
    return {
      ...base,
      restartCount: count,
      state: wait(reason ?? why ?? { reason: input.defaultWaiting }),
      lastState: removedState,
    }
  }
  if (current === undefined) {
    return { ...base, state: wait(reason ?? { reason: input.defaultWaiting }), lastState: previous?.lastState ?? {} }
  }
  const identity = {
    ...(current.id === '' ? {} : { containerID: `${runtimeName}://${current.id}` }),
    image: current.imageRef === '' ? base.image : current.image.startsWith('sha256:') ? base.image : current.image,
    imageID: current.imageRef,
  }
  const last =
    before === undefined && current.attempt === count
      ? removedState
      : before === undefined || before.state !== 'exited'
        ? ((previous?.containerID === identity.containerID
            ? previous?.lastState
            : previous?.state?.terminated && { terminated: previous.state.terminated }) ?? {})
        : terminated(before, runtimeName)
  const user = current.user === undefined ? previous?.user : { linux: current.user }
  const given = { ...resourcesOf(pod, container, current, previous), ...(user === undefined ? {} : { user }) }
  if (current.state === 'running') {
    return {
      ...base,
      ...identity,
      started: probes.started(current.id),
      ready: probes.started(current.id) && probes.ready(current.id),
      state: { running: { startedAt: time(current.startedAt) ?? '' } },
      lastState: last,
      ...given,
    }
  }
  if (current.state === 'exited') {
    const again = !terminating && reason !== undefined && shouldRun(pod, container, current)
    const isInit = pod.spec?.initContainers?.some(({ name }) => name === container.name) === true
    return {
      ...base,
      ...identity,
      ...given,
      // An init container that did its work is what "ready" means for it.
      ready: isInit && container.restartPolicy !== 'Always' && current.exitCode === 0,
      state: again ? wait(reason) : terminated(current, runtimeName),
      lastState: again ? terminated(current, runtimeName) : last,
    }
  }
  return { ...base, ...identity, state: wait(reason ?? { reason: 'ContainerCreating' }), lastState: last }
}

/** What a running container has: until a resize is done, what it had. */
function resourcesOf(
  pod: V1Pod,
  container: V1Container,
  record: ContainerRecord,
  previous: V1ContainerStatus | undefined,
): Pick<V1ContainerStatus, 'resources' | 'allocatedResources'> {
  const { requests, limits } = container.resources ?? {}
  if (
    record.state === 'running' &&
    resizeNeeded(pod, container, record) !== 'none' &&
    previous?.resources !== undefined
  ) {
    return { resources: previous.resources, ...(requests === undefined ? {} : { allocatedResources: requests }) }
  }
  const resources = {
    ...(limits === undefined ? {} : { limits }),
    ...(requests === undefined ? {} : { requests }),
  }
  return {
    ...(Object.keys(resources).length === 0 ? { resources: {} } : { resources }),
    ...(requests === undefined ? {} : { allocatedResources: requests }),
  }
}

const recursive = ({ recursiveReadOnly = 'Disabled' }: V1VolumeMount, can: boolean): string =>
  recursiveReadOnly === 'Enabled' || (recursiveReadOnly === 'IfPossible' && can) ? 'Enabled' : 'Disabled'

function volumeMounts(container: V1Container, can: boolean): { volumeMounts?: V1VolumeMountStatus[] } {
  const mounts = (container.volumeMounts ?? []).map((mount) => ({
    name: mount.name,
    mountPath: mount.mountPath,
    ...(mount.readOnly === true ? { readOnly: true, recursiveReadOnly: recursive(mount, can) } : {}),
  }))
  return mounts.length === 0 ? {} : { volumeMounts: mounts }
}
