import { errorText } from '@kapell/controllers/machinery/log'
import type { V1Pod } from '@kapell/openapi/types'
import { podLimits } from '../cgroups/pod-limits.ts'
import { allContainers, type PodActions } from './actions.ts'
import { describeResources } from './allocation.ts'
import type { PodDeps } from './deps.ts'
import { identityOf } from './record.ts'
import { containerResources, podCgroup, wantedLimits } from './resources.ts'

export interface ResizeRequest {
  pod: V1Pod
  /** The limits last given to each container, by its id, and to the pod: a runtime that reports others is not asked again and again. */
  resized: Map<string, string>
  /** Why the running containers cannot have what the spec says now; kept between calls, changed here. */
  resizeError: ResizeError
  signal: AbortSignal
}

export interface ResizeError {
  message?: string
  /** What was asked for, and until when it is not tried again. */
  wanted?: string
  untilMs?: number
}

/** How long a limit rests that is below what is in use. */
const resizeRetryMs = 20_000

/**
 * Gives running containers the limits their spec has now. The pod's own limits widen before those of its containers and
 * narrow after them. Answers whether any was changed, and when to try again if not. Source: enhancement 1287.
 */
export async function resizeContainers(
  deps: PodDeps,
  { pod, resized, resizeError, signal }: ResizeRequest,
  actions: PodActions,
): Promise<{ changed: boolean; retryAfterMs?: number }> {
  const wantedPod = JSON.stringify([pod.spec?.resources, ...allContainers(pod).map(({ resources }) => resources)])
  const { uid } = identityOf(pod)
  const podChanged = actions.sandbox !== undefined && (resized.get(uid) ?? wantedPod) !== wantedPod
  const fail = (message: string): void => {
    resizeError.message = message
    deps.events(pod, 'Warning', 'ResizeError', `Pod resize error: ${describeResources(pod, message)}`)
  }
  if (actions.resize.length === 0) delete resizeError.message
  else {
    const nowMs = deps.clock.now().getTime()
    const leftMs = resizeError.wanted === wantedPod ? (resizeError.untilMs ?? 0) - nowMs : 0
    if (leftMs > 0) return { changed: false, retryAfterMs: leftMs }
    const tight = await belowUsage(deps, pod, actions)
    if (tight !== undefined) {
      fail(tight)
      Object.assign(resizeError, { wanted: wantedPod, untilMs: nowMs + resizeRetryMs })
      return { changed: false, retryAfterMs: resizeRetryMs }
    }
  }
  if (actions.sandbox !== undefined) resized.set(uid, wantedPod)
  let changed = false
  // A limit below what is in use is refused by the kernel: then it is set once the containers have shrunk.
  if (podChanged) await deps.cgroups.apply(pod).catch(() => {})
  for (const { container, record } of actions.resize) {
    const {
      oomScoreAdj: _,
      hugepageLimits: __,
      ...linux
    } = containerResources(pod, container, deps.node.memoryCapacityBytes)
    const wanted = Object.values(linux).join()
    if (resized.get(record.id) === wanted) continue
    resized.set(record.id, wanted)
    try {
      await deps.cri.runtime.updateContainerResources({ containerId: record.id, linux }, { signal })
      deps.observer.forget(record.id)
      delete resizeError.message
      changed = true
    } catch (error) {
      if (signal.aborted) throw error
      fail(errorText(error))
    }
  }
  if (podChanged && actions.resize.length > 0)
    await deps.cgroups.apply(pod).catch((error: unknown) => deps.log.warn(`limits of pod ${uid}: ${errorText(error)}`))
  return { changed }
}

/** Limits of memory that are to shrink below what is in use now: the kernel would kill for them. */
async function belowUsage(deps: PodDeps, pod: V1Pod, { resize }: PodActions): Promise<string | undefined> {
  const group = podCgroup(deps.node.cgroupRoot, pod)
  const found: string[] = []
  const shrinking = resize.filter(({ container, record }) => {
    const { memoryBytes } = wantedLimits(pod, container)
    const has = record.limits?.memoryBytes ?? 0
    return memoryBytes > 0 && (has === 0 || memoryBytes < has)
  })
  if (shrinking.length === 0) return undefined
  const look = async (what: string, path: string, limit: number): Promise<void> => {
    const usage = limit > 0 ? await deps.cgroups.memoryInUse(path) : undefined
    if (usage !== undefined && usage > limit)
      found.push(`attempting to set ${what} memory limit (${limit}) below current usage (${usage})`)
  }
  await look('pod', group, podLimits(pod, { podPids: 0, hugePages: {} }).memoryBytes ?? 0)
  for (const { container, record } of shrinking) {
    const what = `container ${JSON.stringify(container.name)}`
    await look(what, `${group}/${record.id}`, wantedLimits(pod, container).memoryBytes)
  }
  if (found.length === 0) return undefined
  return `cannot decrease memory limits: ${found.length === 1 ? found[0]! : `[${found.join(', ')}]`}`
}
