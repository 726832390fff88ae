import type { V1Container, V1Pod } from '@kapell/openapi/types'
import { allContainers } from '../pods/actions.ts'
import { identityOf, type ContainerRecord, type PodRecord } from '../pods/record.ts'
import { HttpError } from './http-error.ts'

export interface PodSource {
  /** The pod of this name that is assigned to this node. */
  pod(namespace: string, name: string): V1Pod | undefined
  record(pod: V1Pod): Promise<PodRecord>
}

export interface FoundContainer {
  pod: V1Pod
  record: PodRecord
  container: V1Container
  /** All instances of it, newest first. */
  instances: ContainerRecord[]
}

/** Throws 404 when this node has no such pod or container. */
export async function findContainer(
  source: PodSource,
  at: { namespace: string; name: string; container: string },
): Promise<FoundContainer> {
  const pod = findPod(source, at)
  const container = allContainers(pod).find(({ name }) => name === at.container)
  if (container === undefined) {
    throw new HttpError(404, `container ${JSON.stringify(at.container)} not found in pod ${JSON.stringify(at.name)}`)
  }
  const record = await source.record(pod)
  return { pod, record, container, instances: record.containers.filter(({ name }) => name === at.container) }
}

export function findPod(source: PodSource, at: { namespace: string; name: string }): V1Pod {
  const pod = source.pod(at.namespace, at.name)
  if (pod === undefined) throw new HttpError(404, `pod "${at.name}" does not exist`)
  return pod
}

/** The running instance. Throws 404 with upstream's text when there is none. */
export function runningInstance(found: FoundContainer): ContainerRecord {
  const running = found.instances.find(({ state }) => state === 'running')
  if (running === undefined) {
    const { name, namespace } = identityOf(found.pod)
    throw new HttpError(
      404,
      `container not found (${JSON.stringify(found.container.name)}) in pod ${namespace}/${name}`,
    )
  }
  return running
}

/** The instance whose log is meant. Throws 400 with upstream's texts. */
export function loggedInstance(found: FoundContainer, previous: boolean): ContainerRecord {
  const { container, pod, instances } = found
  const where = `container ${JSON.stringify(container.name)} in pod ${JSON.stringify(pod.metadata?.name ?? '')}`
  if (previous) {
    const ended = instances.filter(({ state }) => state === 'exited')
    const last = instances[0]?.state === 'exited' ? (waits(found) ? ended[0] : ended[1]) : ended[0]
    if (last === undefined) {
      throw new HttpError(400, `previous terminated ${where} not found`)
    }
    return last
  }
  const started = instances.find(({ state }) => state === 'running' || state === 'exited')
  if (started !== undefined) return started
  const status = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])].find(
    ({ name }) => name === container.name,
  )
  const reason = status?.state?.waiting?.reason
  if (reason === 'ErrImagePull' || reason === 'ImagePullBackOff') {
    throw new HttpError(400, `${where} is waiting to start: trying and failing to pull image`)
  }
  if (status?.state?.terminated !== undefined) {
    throw new HttpError(400, `unable to retrieve container logs for ${status.containerID ?? ''}`)
  }
  throw new HttpError(400, `${where} is waiting to start: ${reason ?? 'ContainerCreating'}`)
}

/** Whether the newest instance has ended and another is to come. */
function waits({ pod, container }: FoundContainer): boolean {
  const all = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])]
  return all.find(({ name }) => name === container.name)?.state?.waiting !== undefined
}
