import type { Clock } from '@kapell/controllers/machinery/clock'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import type { Cri } from '../cri/client.ts'
import { containerEvents } from '../cri/container-events.ts'
import { ContainerState, PodSandboxState } from '../cri/gen/runtime_pb.ts'
import type { AgentMetrics } from '../metrics/agent-metrics.ts'
import { podUidLabel } from './labels.ts'
import type { Observer, Snapshot } from './observe.ts'

/** Notices what happens in the runtime: by its events at once, and by listing all of it now and then. */
export interface LifecycleWatch {
  /** Whether the runtime answered the last listing, and when. */
  health(): { ok: boolean; message: string }
  /** Lists now. */
  relist(): Promise<void>
}

export interface LifecycleOptions {
  cri: Cri
  observer: Observer
  /** Default: nothing is counted. */
  metrics?: Pick<AgentMetrics, 'relisted'>
  clock: Clock
  log: Logger
  signal: AbortSignal
  /** A container or sandbox of this pod changed its state. */
  changed(uid: string): void
  /** All there is. */
  listed(snapshot: Snapshot): void
}

const relistMs = 10_000
/** The runtime tells of an exit a moment before its own CRI state says so: ask again after these pauses. */
const settleMs = [5, 20, 50, 100, 200, 400, 800]

export function watchLifecycle(options: LifecycleOptions): LifecycleWatch {
  const { cri, observer, clock, log, signal, changed, listed } = options
  let before: Snapshot | undefined
  let state = { ok: false, message: 'the container runtime was not asked yet' }

  const relist = async (): Promise<void> => {
    try {
      const began = performance.now()
      const now = await observer.snapshot()
      options.metrics?.relisted((performance.now() - began) / 1000, clock.now().getTime())
      state = { ok: true, message: '' }
      if (before !== undefined) for (const uid of differences(before, now)) changed(uid)
      before = now
      listed(now)
    } catch (error) {
      state = { ok: false, message: errorText(error) }
      throw error
    }
  }

  /** The pod of a container or sandbox, once CRI itself knows that it has ended. */
  const ended = async (id: string): Promise<string | undefined> => {
    for (const pauseMs of [0, ...settleMs]) {
      if (pauseMs > 0) await clock.sleep(pauseMs, signal)
      if (signal.aborted) return undefined
      const [containers, sandboxes] = await Promise.all([
        cri.runtime.listContainers({ filter: { id } }),
        cri.runtime.listPodSandbox({ filter: { id } }),
      ])
      const container = containers.containers[0]
      const sandbox = sandboxes.items[0]
      if (container !== undefined && container.state !== ContainerState.CONTAINER_RUNNING)
        return container.labels[podUidLabel]
      if (sandbox !== undefined && sandbox.state !== PodSandboxState.SANDBOX_READY) return sandbox.labels[podUidLabel]
      if (container === undefined && sandbox === undefined) return undefined
    }
    return undefined
  }

  const follow = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        for await (const event of containerEvents(cri, signal)) {
          if (event.type !== 'exited') continue
          ended(event.containerId)
            .then((uid) => {
              if (uid !== undefined) changed(uid)
            })
            .catch((error: unknown) => log.debug(`container ${event.containerId}: ${errorText(error)}`))
        }
      } catch (error) {
        if (!signal.aborted) log.warn(`the container runtime's events: ${errorText(error)}`)
      }
      await clock.sleep(500, signal)
      // What happened in between was not told.
      if (!signal.aborted) await relist().catch(() => {})
    }
  }
  void follow()
  clock.every(relistMs, relist, signal, (error) => log.warn(`cannot list containers: ${errorText(error)}`))
  return { health: () => state, relist }
}

/** Pods of which anything came, went or changed. */
export function differences(before: Snapshot, now: Snapshot): string[] {
  const uids = new Set([...before.keys(), ...now.keys()])
  return [...uids].filter((uid) => {
    const [old, next] = [
      before.get(uid)?.states ?? new Map<string, string>(),
      now.get(uid)?.states ?? new Map<string, string>(),
    ]
    return old.size !== next.size || [...next].some(([id, state]) => old.get(id) !== state)
  })
}
