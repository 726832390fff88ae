import { errorText } from '@kapell/controllers/machinery/log'
import type { SharedInformer } from '@kapell/controllers/machinery/shared-informer'
import type { V1Pod } from '@kapell/openapi/types'
import type { PodDeps } from './deps.ts'
import { podsOnDisk, removeLeftovers } from './leftovers.ts'
import type { Snapshot } from './observe.ts'
import { identityOf, type PodIdentity } from './record.ts'
import { removeFromRuntime, terminatePod } from './terminate.ts'
import { createPodWorker, type PodFailure, type PodWorker } from './worker.ts'

/** All pods of this node: those the API assigns to it, and those the runtime still has. */
export interface PodWorkers {
  /** A pod that no API told of came or changed. May be called before start. */
  take(pod: V1Pod): void
  /** Its source no longer has it: it ends. */
  drop(pod: V1Pod): void
  /** Follows the informer; call once it and the runtime answer. Pods found only in the runtime are ended. */
  start(): Promise<void>
  /** Ends this pod for good, for this reason. Resolves when nothing of it runs, or it cannot be ended now. */
  fail(uid: string, why: PodFailure): Promise<void>
  /** Whether anything of this pod may be on the node. */
  has(uid: string): boolean
  /** Something happened to this pod in the runtime. */
  poke(uid: string): void
  /** A ConfigMap or Secret this pod refers to has changed. */
  retry(uid: string): void
  /** What the runtime has now: ends what belongs to nobody. */
  reconcile(snapshot: Snapshot): void
  /** Stops all workers. With `removePods`, also ends and removes every pod of the runtime, quickly. */
  close(options: { removePods: boolean }): Promise<void>
  /** Once no worker has anything to do at the moment. */
  idle(): Promise<void>
}

/** When the whole node stops, pods get no more time than this. */
const closingGraceSeconds = 2

export interface PodWorkersOptions {
  deps: PodDeps
  /** What the API assigns to this node. */
  informer: Pick<SharedInformer<V1Pod>, 'synced' | 'onChange'>
  /** All pods of this node, wherever they come from. */
  list(): V1Pod[]
  /** Nothing of this pod is left on the node. */
  ended?(uid: string): void
}

export function createPodWorkers({ deps, informer, list, ended }: PodWorkersOptions): PodWorkers {
  const workers = new Map<string, PodWorker>()
  let started = false
  let closed = false
  let unsubscribe: (() => void) | undefined

  const workerOf = (identity: PodIdentity): PodWorker => {
    let worker = workers.get(identity.uid)
    if (worker === undefined) {
      const done = (): void => {
        workers.delete(identity.uid)
        ended?.(identity.uid)
      }
      worker = createPodWorker({ deps, identity, done })
      workers.set(identity.uid, worker)
    }
    return worker
  }
  const changed = (pod: V1Pod): void => {
    if (closed) return
    const identity = identityOf(pod)
    // A namesake may have come while the watch was interrupted: the one before it is gone.
    for (const [uid, worker] of workers) {
      const other = worker.identity
      if (uid !== identity.uid && other.name === identity.name && other.namespace === identity.namespace)
        worker.update(undefined)
    }
    workerOf(identity).update(pod)
  }
  const removed = (pod: V1Pod): void => {
    if (!closed) workers.get(identityOf(pod).uid)?.update(undefined)
  }

  return {
    take: changed,
    drop: removed,
    start: async () => {
      await informer.synced()
      unsubscribe = informer.onChange({ add: changed, update: (_, pod) => changed(pod), delete: removed })
      started = true
      const running = await deps.observer.snapshot()
      const wanted = new Set(list().map((pod) => identityOf(pod).uid))
      await removeLeftovers(deps, (uid) => running.has(uid) || wanted.has(uid) || workers.has(uid))
    },
    fail: async (uid, why) => {
      const worker = workers.get(uid)
      worker?.fail(why)
      await worker?.idle()
    },
    has: (uid) => workers.has(uid) || list().some((pod) => identityOf(pod).uid === uid),
    poke: (uid) => workers.get(uid)?.poke(),
    retry: (uid) => workers.get(uid)?.retry(),
    reconcile: (snapshot) => {
      if (!started || closed) return
      // The informer may know of a pod a moment before its worker does.
      const wanted = new Set(list().map((pod) => identityOf(pod).uid))
      for (const { identity } of snapshot.values()) {
        if (!workers.has(identity.uid) && !wanted.has(identity.uid)) workerOf(identity).update(undefined)
      }
    },
    idle: async () => {
      await Promise.all([...workers.values()].map((worker) => worker.idle()))
    },
    close: async ({ removePods }) => {
      closed = true
      unsubscribe?.()
      await Promise.all([...workers.values()].map((worker) => worker.stop()))
      // Probes would go on for ever, and keep this process alive.
      for (const uid of workers.keys()) deps.probes.stop(uid)
      if (!removePods) return
      const snapshot = await deps.observer.snapshot()
      await Promise.all(
        [...snapshot.values()].map(async ({ identity }) => {
          try {
            await removePod(deps, identity)
          } catch (error) {
            deps.log.warn(`pod ${identity.namespace}/${identity.name} could not be removed: ${errorText(error)}`)
          }
        }),
      )
      // Also those that never came as far as having a sandbox.
      for (const uid of await podsOnDisk(deps)) await deps.volumes.release(uid)
    },
  }
}

/** Ends one pod quickly, without hooks or events. Its files and logs stay: it comes back. */
async function removePod(deps: PodDeps, identity: PodIdentity): Promise<void> {
  const record = await deps.observer.pod(identity)
  const signal = AbortSignal.timeout(30_000)
  await terminatePod(deps, { identity, pod: undefined, record, graceSeconds: closingGraceSeconds, signal })
  await removeFromRuntime(deps, await deps.observer.pod(identity))
  await deps.volumes.release(identity.uid)
  await deps.cgroups.remove(identity.uid)
}
