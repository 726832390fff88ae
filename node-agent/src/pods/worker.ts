import { errorText } from '@kapell/controllers/machinery/log'
import type { V1Pod, V1PodStatus } from '@kapell/openapi/types'
import { computePodStatus, isResizing, rejectedStatus } from '../status/compute.ts'
import type { Waiting } from '../status/container-status.ts'
import type { ResizePending } from './allocation.ts'
import type { PodDeps } from './deps.ts'
import { podTitle, withRemembered, type PodIdentity, type PodRecord } from './record.ts'
import type { ResizeError } from './resize.ts'
import { syncPod } from './sync.ts'
import { removeFromNode, removeFromRuntime, terminatePod } from './terminate.ts'

/** The serial worker of one pod. Level-triggered: told that something changed, it looks at everything anew. */
export interface PodWorker {
  readonly identity: PodIdentity
  /** The pod as the API has it now; undefined: it is no longer there. */
  update(pod: V1Pod | undefined): void
  /** Something may have changed in the runtime, a probe or a volume. */
  poke(): void
  /** What a container waited for may be there: it is tried again at once. */
  retry(): void
  /** Ends the pod for good: it has failed, for this reason. */
  fail(why: PodFailure): void
  /** Ends what runs now and does nothing more. Resolves when idle. */
  stop(): Promise<void>
  /** Resolves when there is nothing to do at the moment. */
  idle(): Promise<void>
}

/** Why the node ends a pod that nobody deleted. */
export interface PodFailure {
  reason: string
  message: string
  graceSeconds: number
  /** Whether it was ended for others: the pod then says that it was the target of a disruption. */
  disruption: boolean
}

export interface PodWorkerOptions {
  deps: PodDeps
  identity: PodIdentity
  /** The pod is gone from the API and from the node. */
  done: () => void
}

const firstRetryMs = 500
const longestRetryMs = 30_000
/** The grace of pods that only the runtime knows. */
const orphanGraceSeconds = 2
/** Mounted ConfigMaps and Secrets, tokens and back-offs are looked at this often even if nothing tells of a change. */
const resyncMs = 60_000

export function createPodWorker({ deps, identity, done }: PodWorkerOptions): PodWorker {
  const { clock, log } = deps
  const waiting = new Map<string, Waiting>()
  const notBefore = new Map<string, number>()
  const resized = new Map<string, string>()
  const restarts = new Map<string, number>()
  const resizeError: ResizeError = {}
  const failures = { count: 0 }
  let pod: V1Pod | undefined
  /** The last pod the API had, after it is gone. */
  let lastPod: V1Pod | undefined
  let phase: 'sync' | 'terminating' | 'terminated' | 'gone' = 'sync'
  let admitted = false
  /** Why the pod has not the resources it asks for now. */
  let pending: ResizePending | undefined
  let failure: { reason: string; message: string; disruption?: boolean } | undefined
  let finalStatus: V1PodStatus | undefined
  let graceSeconds: number | undefined
  let dirty = false
  let stopped = false
  let running: Promise<void> | undefined
  let current: AbortController | undefined
  let cancelTimer: (() => void) | undefined
  let retryMs = firstRetryMs
  let workedOnce = false
  /** When the pod was first seen, until all of it runs. */
  let seenAtMs: number | undefined

  const observe = async (): Promise<PodRecord> => {
    const record = await deps.observer.pod(identity)
    const at = pod ?? lastPod
    return at === undefined ? record : withRemembered(record, at, undefined, restarts)
  }

  const publish = (record: PodRecord, ended: boolean, removed = false): V1PodStatus | undefined => {
    if (pod === undefined) return undefined
    const carried = deps.allocations.of(pod)
    const status = computePodStatus({
      pod: carried,
      record,
      pending,
      resizeError: resizeError.message,
      waiting,
      anew: { restarts, removed },
      probes: deps.probes,
      hostIp: deps.node.ip,
      ...(deps.node.ip6 === undefined ? {} : { hostIp6: deps.node.ip6 }),
      now: clock.now(),
      runtimeName: deps.node.runtimeName,
      recursiveReadOnly: deps.node.recursiveReadOnly === true,
      terminating: phase !== 'sync',
      ended,
      failure,
    })
    deps.status.set(pod, status)
    if (seenAtMs !== undefined && status.phase === 'Running') {
      deps.metrics?.podStarted((clock.now().getTime() - seenAtMs) / 1000, status.containerStatuses?.length ?? 0)
      seenAtMs = undefined
    }
    return status
  }

  const schedule = (ms: number): void => {
    cancelTimer?.()
    cancelTimer = clock.after(ms, wake)
  }

  /** Why a pod must end now, if it must. */
  const mustEnd = (): boolean => {
    if (pod === undefined || pod.metadata?.deletionTimestamp !== undefined) return true
    if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return true
    if (failure !== undefined) return true
    const deadline = pod.spec?.activeDeadlineSeconds
    const started = pod.status?.startTime
    if (deadline === undefined || started === undefined) return false
    const leftMs = new Date(started).getTime() + deadline * 1000 - clock.now().getTime()
    if (leftMs > 0) {
      schedule(leftMs)
      return false
    }
    failure = { reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline' }
    deps.events(pod, 'Normal', 'DeadlineExceeded', failure.message)
    return true
  }

  /** Asked before anything of the pod is made. A pod that the node does not take has failed and stays as it is. */
  const admit = async (): Promise<void> => {
    const at = pod!
    const rejection = await deps.admission.admit(at)
    admitted = true
    // One that an agent before this one had begun with is none of ours to time.
    if (rejection === undefined) {
      if (at.status?.startTime === undefined) seenAtMs = clock.now().getTime()
      return
    }
    deps.metrics?.rejected(rejection.reason)
    const { reason, message } = rejection
    deps.events(at, 'Warning', reason, message)
    finalStatus = rejectedStatus(at, { reason, message: `Pod was rejected: ${message}` }, clock.now())
    deps.status.set(at, finalStatus)
    phase = 'terminated'
  }

  const sync = async (signal: AbortSignal): Promise<void> => {
    const record = await observe()
    const allocation = deps.allocations.decide(pod!)
    pending = allocation.pending
    deps.probes.update(pod!, record)
    deps.hostPorts(pod!, record.sandboxes.find(({ ready }) => ready)?.ips ?? [])
    publish(record, false)
    if (!isResizing(allocation.pod, record)) deps.allocations.arrived(pod!)
    const kept = { waiting, notBefore, restarts, resized, resizeError, failures }
    const result = await syncPod(deps, { pod: allocation.pod, record, ...kept, signal })
    if (result.completed) {
      phase = 'terminating'
      return
    }
    if (result.removed === true) publish(await observe(), false, true)
    if (result.changed) dirty = true
    else if (result.retryAfterMs !== undefined) publish(await observe(), false)
    if (result.retryAfterMs !== undefined) schedule(result.retryAfterMs)
    else if (!dirty && cancelTimer === undefined) schedule(resyncMs)
  }

  const terminate = async (signal: AbortSignal): Promise<void> => {
    const record = await observe()
    const at = pod ?? lastPod
    if (at !== undefined) deps.probes.update(at, record)
    if (record.containers.some(({ state }) => state === 'running')) publish(record, false)
    await terminatePod(deps, { identity, pod: at, record, graceSeconds: currentGrace(), signal })
    await deps.devices.release(identity.uid)
    const after = await observe()
    deps.probes.stop(identity.uid)
    if (at !== undefined) deps.hostPorts(at, [])
    finalStatus = publish(after, true)
    phase = 'terminated'
  }

  /** What changes while a pod ends, its readiness above all, is told then: whoever sends it traffic must know. */
  const tellOfEnding = async (): Promise<void> => {
    const ends = (): boolean => phase === 'terminating' && current !== undefined
    if (!ends()) return
    const record = await observe()
    if (ends() && record.containers.some(({ state }) => state === 'running')) publish(record, false)
  }

  const currentGrace = (): number => {
    if (graceSeconds !== undefined) return graceSeconds
    const at = pod ?? lastPod
    return at === undefined
      ? orphanGraceSeconds
      : (at.metadata?.deletionGracePeriodSeconds ?? at.spec?.terminationGracePeriodSeconds ?? 30)
  }

  const finish = async (): Promise<void> => {
    const deleted = pod === undefined || pod.metadata?.deletionTimestamp !== undefined
    if (!deleted) {
      // Logs and exit codes stay until the pod is deleted; what it mounted does not.
      await deps.volumes.unmount(identity.uid)
      deps.objects.release(identity.uid)
      deps.allocations.forget(identity.uid)
      return
    }
    const record = await deps.observer.pod(identity)
    await removeFromRuntime(deps, record)
    await removeFromNode(deps, identity)
    deps.objects.release(identity.uid)
    deps.images.forget(identity.uid)
    deps.users.release(identity.uid)
    deps.allocations.forget(identity.uid)
    deps.crashBackoff.forget(identity.uid)
    if (pod !== undefined) {
      const status = finalStatus ?? pod.status
      if (status !== undefined) deps.status.finish(pod, status)
      return
    }
    phase = 'gone'
    deps.status.forget(identity.uid)
    done()
  }

  const step = async (signal: AbortSignal): Promise<void> => {
    if (phase === 'sync' && mustEnd()) phase = 'terminating'
    if (phase === 'sync' && !admitted) await admit()
    if (phase === 'sync') await sync(signal)
    if (phase === 'terminating') await terminate(signal)
    if (phase === 'terminated') await finish()
  }

  const loop = async (): Promise<void> => {
    while (dirty && !stopped && phase !== 'gone') {
      dirty = false
      cancelTimer?.()
      cancelTimer = undefined
      current = new AbortController()
      const began = performance.now()
      const operation = workedOnce ? phase : 'create'
      workedOnce = true
      try {
        await step(current.signal)
        retryMs = firstRetryMs
      } catch (error) {
        if (current.signal.aborted) continue
        log.warn(`pod ${podTitle(identity)}: ${errorText(error)}`)
        schedule(retryMs)
        retryMs = Math.min(retryMs * 2, longestRetryMs)
      } finally {
        current = undefined
        deps.metrics?.podWorked(operation, (performance.now() - began) / 1000)
      }
    }
  }

  const wake = (): void => {
    dirty = true
    if (stopped || phase === 'gone') return
    running ??= loop().finally(() => {
      running = undefined
      if (dirty) wake()
    })
  }

  return {
    identity,
    update: (next) => {
      const before = pod
      pod = next
      if (next !== undefined) lastPod = next
      const ending = next === undefined || next.metadata?.deletionTimestamp !== undefined
      const began = ending && (before === undefined || before.metadata?.deletionTimestamp === undefined)
      const newGrace = ending ? (lastPod?.metadata?.deletionGracePeriodSeconds ?? undefined) : undefined
      const shorter = newGrace !== undefined && graceSeconds !== undefined && newGrace < graceSeconds
      if (newGrace !== undefined)
        graceSeconds = graceSeconds === undefined ? newGrace : Math.min(graceSeconds, newGrace)
      // What runs now is no longer wanted (a long pull, a hook), or shall not wait so long.
      if ((began && phase === 'sync') || (shorter && phase === 'terminating')) {
        current?.abort(new Error('the pod is being deleted'))
      }
      wake()
    },
    fail: ({ graceSeconds: newGrace, ...why }) => {
      if (phase !== 'sync' || failure !== undefined) return
      failure = why
      graceSeconds = Math.min(graceSeconds ?? newGrace, newGrace)
      current?.abort(new Error(why.message))
      wake()
    },
    poke: () => {
      void tellOfEnding().catch((error: unknown) => log.debug(`pod ${podTitle(identity)}: ${errorText(error)}`))
      wake()
    },
    retry: () => {
      notBefore.clear()
      wake()
    },
    stop: async () => {
      stopped = true
      cancelTimer?.()
      current?.abort(new Error('the agent is stopping'))
      await running?.catch(() => {})
    },
    idle: async () => {
      while (running !== undefined) await running
    },
  }
}
