import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '@kapell/controllers/machinery/clock'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import type { Cri } from '../cri/client.ts'
import { isNotFound } from '../cri/grpc-client.ts'
import { ContainerState, PodSandboxState } from '../cri/gen/runtime_pb.ts'
import { containerNameLabel, podUidLabel } from './labels.ts'
import type { NodePaths } from './paths.ts'

/** What the runtime has, as far as its removal is concerned. */
export interface RuntimeContent {
  containers: { id: string; podUid: string; name: string; sandboxId: string; attempt: number; alive: boolean }[]
  sandboxes: { id: string; podUid: string; attempt: number; ready: boolean }[]
}

export interface Garbage {
  containers: string[]
  sandboxes: string[]
}

/**
 * Of each container's ended instances all but the newest go (its log and exit code are still asked for), then ended
 * sandboxes without any container, unless it is the newest of its pod. Of pods that are gone (`known` says no) nothing
 * that has ended stays. Whatever runs is the workers' business. Source: upstream's container garbage collection.
 */
export function garbageOf(content: RuntimeContent, known: (podUid: string) => boolean): Garbage {
  const newestContainer = newestBy(content.containers, ({ podUid, name }) => `${podUid}/${name}`)
  const newestSandbox = newestBy(content.sandboxes, ({ podUid }) => podUid)
  const containers = content.containers.filter(
    (one) => !one.alive && (!known(one.podUid) || !newestContainer.has(one.id)),
  )
  const gone = new Set(containers.map(({ id }) => id))
  const occupied = new Set(content.containers.filter(({ id }) => !gone.has(id)).map(({ sandboxId }) => sandboxId))
  const sandboxes = content.sandboxes.filter(
    (one) => !one.ready && !occupied.has(one.id) && (!known(one.podUid) || !newestSandbox.has(one.id)),
  )
  return { containers: [...gone], sandboxes: sandboxes.map(({ id }) => id) }
}

function newestBy<T extends { id: string; attempt: number }>(
  all: readonly T[],
  groupOf: (one: T) => string,
): Set<string> {
  const newest = new Map<string, T>()
  for (const one of all) {
    const before = newest.get(groupOf(one))
    if (before === undefined || one.attempt > before.attempt) newest.set(groupOf(one), one)
  }
  return new Set([...newest.values()].map(({ id }) => id))
}

export interface ContainerCollectorOptions {
  cri: Pick<Cri, 'runtime'>
  paths: NodePaths
  clock: Clock
  log: Logger
  /** Whether the pod is still in the API (or in a file), or something of it still runs. */
  known(podUid: string): boolean
}

const everyMs = 60_000

/** Takes away what ended pods and containers leave in the runtime and among the logs, once a minute as upstream. */
export function createContainerCollector(options: ContainerCollectorOptions) {
  const { cri, paths, clock, log, known } = options
  const collect = async (): Promise<void> => {
    const { containers, sandboxes } = garbageOf(await readContent(cri), known)
    for (const containerId of containers) {
      await removed(log, `container ${containerId}`, cri.runtime.removeContainer({ containerId }))
    }
    for (const podSandboxId of sandboxes) {
      // Stopping gives back the network of one that died by itself.
      await removed(log, `sandbox ${podSandboxId}`, cri.runtime.stopPodSandbox({ podSandboxId }))
      await removed(log, `sandbox ${podSandboxId}`, cri.runtime.removePodSandbox({ podSandboxId }))
    }
    for (const name of await readdir(paths.logs).catch(() => [])) {
      if (!known(name.slice(name.lastIndexOf('_') + 1)))
        await rm(join(paths.logs, name), { recursive: true, force: true })
    }
  }
  return {
    collect,
    start: (signal: AbortSignal): void =>
      clock.every(everyMs, collect, signal, (error) => log.warn(`container garbage collection: ${errorText(error)}`)),
  }
}

async function removed(log: Logger, what: string, call: Promise<unknown>): Promise<void> {
  try {
    await call
  } catch (error) {
    if (!isNotFound(error)) log.warn(`cannot remove ${what}: ${errorText(error)}`)
  }
}

async function readContent(cri: Pick<Cri, 'runtime'>): Promise<RuntimeContent> {
  const [containers, sandboxes] = await Promise.all([cri.runtime.listContainers({}), cri.runtime.listPodSandbox({})])
  return {
    // What carries no label of ours belongs to somebody else.
    containers: containers.containers
      .filter(({ labels }) => labels[podUidLabel] !== undefined)
      .map(({ id, labels, podSandboxId, metadata, state }) => ({
        id,
        podUid: labels[podUidLabel] ?? '',
        name: labels[containerNameLabel] ?? '',
        sandboxId: podSandboxId,
        attempt: metadata?.attempt ?? 0,
        // One just made is about to run.
        alive: state !== ContainerState.CONTAINER_EXITED,
      })),
    sandboxes: sandboxes.items
      .filter(({ labels }) => labels[podUidLabel] !== undefined)
      .map(({ id, labels, metadata, state }) => ({
        id,
        podUid: labels[podUidLabel] ?? '',
        attempt: metadata?.attempt ?? 0,
        ready: state === PodSandboxState.SANDBOX_READY,
      })),
  }
}
