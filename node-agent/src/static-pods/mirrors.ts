import type { Clock } from '@kapell/controllers/machinery/clock'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import type { V1Pod } from '@kapell/openapi/types'
import { isReason } from '@kapell/openapi/meta/status'
import { hashAnnotation, isMirror, mirrorAnnotation } from './annotations.ts'

/** What the API's pod of a name needs, so that it shows the static pod of that name; nothing when it does. */
export type MirrorAction = 'create' | 'delete' | undefined

/** `found` is the API's pod of the name. A pod of that name that is no mirror is somebody's: it stays. */
export function mirrorAction(pod: V1Pod | undefined, found: V1Pod | undefined): MirrorAction {
  if (found === undefined) return pod === undefined ? undefined : 'create'
  if (!isMirror(found)) return undefined
  return pod === undefined || found.metadata?.deletionTimestamp !== undefined || !mirrors(found, pod)
    ? 'delete'
    : undefined
}

export const mirrors = (mirror: V1Pod, pod: V1Pod): boolean =>
  mirror.metadata?.annotations?.[mirrorAnnotation] === pod.metadata?.annotations?.[hashAnnotation]

/** The pod that the API gets to see: owned by the node, so that it goes with the node. */
export function mirrorOf(pod: V1Pod, node: { name: string; uid: string }): V1Pod {
  const { name, namespace, labels, annotations } = pod.metadata ?? {}
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      annotations: { ...annotations, [mirrorAnnotation]: annotations?.[hashAnnotation] ?? '' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', ...node, controller: true }],
    },
    ...(pod.spec === undefined ? {} : { spec: pod.spec }),
  }
}

export interface MirrorsOptions {
  clock: Clock
  log: Logger
  signal: AbortSignal
  /** The static pod of a key; also while it ends, until nothing of it runs any more. */
  pod(key: string): V1Pod | undefined
  /** This node's pod of a key in the API, as its informer has it. */
  found(key: string): V1Pod | undefined
  /** Empty until the node is registered. */
  node(): { name: string; uid: string }
  create(pod: V1Pod): Promise<unknown>
  /** At once: no node has anything of it. */
  remove(pod: V1Pod): Promise<unknown>
}

export interface Mirrors {
  /** The static pod of this key, or its mirror, may have changed. */
  look(key: string): void
}

const firstRetryMs = 500
const longestRetryMs = 20_000

/** Keeps a pod in the API for every static pod of this node, as far as the API can be reached. */
export function keepMirrors(options: MirrorsOptions): Mirrors {
  const { clock, log, signal } = options
  const running = new Map<string, { again: boolean }>()

  /** Answers whether it is worth trying again later. */
  const once = async (key: string): Promise<boolean> => {
    const pod = options.pod(key)
    const found = options.found(key)
    const action = mirrorAction(pod, found)
    if (action === 'delete' && found !== undefined) await options.remove(found)
    if (action !== 'create' || pod === undefined) return false
    const node = options.node()
    if (node.uid === '') return true
    await options.create(mirrorOf(pod, node))
    return false
  }
  const run = async (key: string, state: { again: boolean }): Promise<void> => {
    let retryMs = firstRetryMs
    let told = false
    while (!signal.aborted) {
      state.again = false
      let later = false
      try {
        later = await once(key)
      } catch (error) {
        // The informer will tell of the one that is there, or is no longer there.
        later = !isReason(error, 'AlreadyExists') && !isReason(error, 'NotFound')
        if (later && !told) log.warn(`mirror of static pod ${key}: ${errorText(error)}`)
        told ||= later
      }
      if (state.again) continue
      if (!later) return
      await clock.sleep(retryMs, signal)
      retryMs = Math.min(retryMs * 2, longestRetryMs)
    }
  }
  return {
    look: (key) => {
      const state = running.get(key)
      if (state !== undefined) {
        state.again = true
        return
      }
      const fresh = { again: false }
      running.set(key, fresh)
      void run(key, fresh).finally(() => running.delete(key))
    },
  }
}
