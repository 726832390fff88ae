import type { V1ContainerStatus, V1Pod, V1PodCondition } from '@kapell/openapi/types'

/** Questions about a pod that several controllers ask. `now` is in ms. Source: concepts page "Pod Lifecycle". */
export const timeMs = (text: string | undefined): number => (text === undefined ? 0 : Date.parse(text))

export function podCondition(pod: V1Pod, type: string): V1PodCondition | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type)
}

export const isFinished = (pod: V1Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
export const isDeleting = (object: { metadata?: { deletionTimestamp?: string } }): boolean =>
  object.metadata?.deletionTimestamp !== undefined
/** Counts towards replicas: neither finished nor being deleted. */
export const isActive = (pod: V1Pod): boolean => !isFinished(pod) && !isDeleting(pod)
/** On its way out, its containers maybe still running. */
export const isTerminating = (pod: V1Pod): boolean => !isFinished(pod) && isDeleting(pod)
export const isReady = (pod: V1Pod): boolean => podCondition(pod, 'Ready')?.status === 'True'

/** Ready for at least `minReadySeconds`. */
export function isAvailable(pod: V1Pod, minReadySeconds: number, nowMs: number): boolean {
  return availableInMs(pod, minReadySeconds, nowMs) === 0
}

/** How long until a ready pod counts as available; 0 when it does, undefined when it is not ready. */
export function availableInMs(pod: V1Pod, minReadySeconds: number, nowMs: number): number | undefined {
  const ready = podCondition(pod, 'Ready')
  if (ready?.status !== 'True') return undefined
  if (minReadySeconds === 0) return 0
  const since = timeMs(ready.lastTransitionTime)
  if (since === 0) return undefined
  return Math.max(since + minReadySeconds * 1000 - nowMs, 0)
}

/** The most restarts of any container. */
export function mostRestarts(pod: V1Pod): number {
  const all: V1ContainerStatus[] = [
    ...(pod.status?.containerStatuses ?? []),
    ...(pod.status?.initContainerStatuses ?? []),
  ]
  return all.reduce((most, { restartCount = 0 }) => Math.max(most, restartCount), 0)
}
