import type { Clock } from '@kapell/controllers/machinery/clock'
import type { ApiClient } from '@kapell/controllers/machinery/client'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import { pods } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1Pod, V1PodStatus } from '@kapell/openapi/types'
import { identityOf } from '../pods/record.ts'
import type { AgentMetrics } from '../metrics/agent-metrics.ts'
import { statusPatch } from './patch.ts'

/** Brings the statuses of this node's pods to the API: the latest one always arrives, in between some may be skipped. */
export interface StatusManager {
  /** Notes what the status of a pod is now. */
  set(pod: V1Pod, status: V1PodStatus): void
  /** The pod is deleted and nothing of it is left: sends its last status, then removes it. */
  finish(pod: V1Pod, status: V1PodStatus): void
  /** Forgets a pod that is no longer in the API. */
  forget(uid: string): void
  /** What was last noted. */
  get(uid: string): V1PodStatus | undefined
  /** Once everything noted so far has arrived, or the signal says to wait no longer. */
  flushed(): Promise<void>
}

export interface StatusManagerOptions {
  client: ApiClient
  /** The pod as this node's informer has it: what the API has stored, perhaps a moment old. */
  stored(pod: V1Pod): V1Pod | undefined
  /** Default: nothing is counted. */
  metrics?: Pick<AgentMetrics, 'statusSynced'>
  clock: Clock
  log: Logger
  signal: AbortSignal
}

interface Entry {
  pod: V1Pod
  status: V1PodStatus
  remove: boolean
  /** The status as the API answered our last write: newer than the informer's for a moment. */
  written: V1Pod | undefined
  dirty: boolean
  /** Since when it has been so, on the process' clock. */
  sinceMs: number
  running: Promise<void> | undefined
}

const firstRetryMs = 200
const longestRetryMs = 10_000

export function createStatusManager(options: StatusManagerOptions): StatusManager {
  const { client, clock, log, signal } = options
  const entries = new Map<string, Entry>()

  /** Answers false when the pod is no longer there. */
  const send = async (entry: Entry): Promise<boolean> => {
    const { uid, name, namespace } = identityOf(entry.pod)
    const api = client.resource(pods, namespace)
    const { status, remove } = entry
    const patch = statusPatch(newer(options.stored(entry.pod), entry.written) ?? entry.pod, status)
    try {
      const { sinceMs } = entry
      if (patch !== undefined) {
        entry.written = await api.patch(name, 'strategic', patch, { subresource: 'status', signal })
        options.metrics?.statusSynced((performance.now() - sinceMs) / 1000)
      }
      if (remove) {
        await api.delete(name, { gracePeriodSeconds: 0, preconditions: { uid }, signal })
        return false
      }
      return true
    } catch (error) {
      if (isReason(error, 'NotFound')) return false
      // A namesake has taken its place: nobody is left to tell.
      if (isReason(error, 'Conflict') && (await api.get(name, { signal })).metadata?.uid !== uid) return false
      throw error
    }
  }

  const run = async (uid: string, entry: Entry): Promise<void> => {
    let retryMs = firstRetryMs
    while (entry.dirty && !signal.aborted) {
      entry.dirty = false
      try {
        if (!(await send(entry))) {
          if (entries.get(uid) === entry) entries.delete(uid)
          return
        }
        retryMs = firstRetryMs
      } catch (error) {
        if (signal.aborted) return
        entry.dirty = true
        log.warn(`status of pod ${identityOf(entry.pod).namespace}/${identityOf(entry.pod).name}: ${errorText(error)}`)
        await clock.sleep(retryMs, signal)
        retryMs = Math.min(retryMs * 2, longestRetryMs)
      }
    }
  }

  const note = (pod: V1Pod, status: V1PodStatus, remove: boolean): void => {
    const { uid } = identityOf(pod)
    let entry = entries.get(uid)
    if (entry === undefined) {
      entry = { pod, status, remove, written: undefined, dirty: true, sinceMs: performance.now(), running: undefined }
      entries.set(uid, entry)
    } else {
      entry.pod = pod
      entry.status = status
      entry.remove ||= remove
      if (!entry.dirty) entry.sinceMs = performance.now()
      entry.dirty = true
    }
    const target = entry
    target.running ??= run(uid, target).finally(() => {
      target.running = undefined
    })
  }

  return {
    set: (pod, status) => note(pod, status, false),
    finish: (pod, status) => note(pod, status, true),
    forget: (uid) => {
      entries.delete(uid)
    },
    get: (uid) => entries.get(uid)?.status,
    flushed: async () => {
      await Promise.all([...entries.values()].map((entry) => entry.running ?? Promise.resolve()))
    },
  }
}

/** Of two states of one pod the later one; resource versions of one resource compare as numbers. */
function newer(a: V1Pod | undefined, b: V1Pod | undefined): V1Pod | undefined {
  if (a === undefined || b === undefined) return a ?? b
  const version = (pod: V1Pod): number => Number(pod.metadata?.resourceVersion ?? 0)
  return version(b) > version(a) ? b : a
}
