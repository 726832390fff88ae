import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Clock } from '@kapell/controllers/machinery/clock'
import type { Logger } from '@kapell/controllers/machinery/log'
import type { ChangeHandlers, SharedInformer } from '@kapell/controllers/machinery/shared-informer'
import { keyOf } from '@kapell/controllers/machinery/store'
import { pods } from '@kapell/openapi/meta/refs'
import type { V1Pod } from '@kapell/openapi/types'
import type { PodStatuses } from '../pods/deps.ts'
import { identityOf } from '../pods/record.ts'
import type { StatusManager } from '../status/manager.ts'
import { isMirror, isStatic } from './annotations.ts'
import { keepMirrors, mirrors } from './mirrors.ts'
import { createStaticPods } from './source.ts'

export interface NodePodsOptions {
  /** Files with pods. */
  dir: string
  nodeName: string
  /** Empty until the node is registered. */
  nodeUid(): string
  client: ApiClient
  informer: SharedInformer<V1Pod>
  clock: Clock
  log: Logger
  signal: AbortSignal
  /** A static pod came or changed. */
  changed(pod: V1Pod): void
  removed(pod: V1Pod): void
}

/** All pods of this node: those the API assigns to it and those of files, each once. */
export interface NodePods {
  /** Starts the static pods; the API need not answer. */
  start(): Promise<void>
  list(): V1Pod[]
  /** By "namespace/name"; for a mirror, the static pod that it shows. */
  get(key: string): V1Pod | undefined
  /** The API's part, without the mirrors of static pods. */
  readonly assigned: Pick<SharedInformer<V1Pod>, 'synced' | 'onChange'>
  /** Nothing of this pod is left on the node. */
  ended(uid: string): void
  /** Sends statuses; those of static pods go to their mirrors, and stay here when there is none. */
  statuses(sender: StatusManager): PodStatuses
}

export function createNodePods(options: NodePodsOptions): NodePods {
  const { informer, client, nodeName } = options
  const statics = createStaticPods({
    ...options,
    changed: (pod) => {
      options.changed(pod)
      keeper.look(keyOf(pod))
    },
    gone: (key) => keeper.look(key),
  })
  const keeper = keepMirrors({
    ...options,
    pod: (key) => statics.get(key),
    found: (key) => informer.lister.get(key),
    node: () => ({ name: nodeName, uid: options.nodeUid() }),
    create: (pod) => client.resource(pods, identityOf(pod).namespace).create(pod, { signal: options.signal }),
    remove: (pod) => {
      const { namespace, name, uid } = identityOf(pod)
      const how = { gracePeriodSeconds: 0, preconditions: { uid }, signal: options.signal }
      return client.resource(pods, namespace).delete(name, how)
    },
  })
  const lookAt = (pod: V1Pod): void => {
    if (isMirror(pod)) keeper.look(keyOf(pod))
  }
  const mirrorOf = (pod: V1Pod): V1Pod | undefined => {
    const found = informer.lister.get(keyOf(pod))
    return found !== undefined && isMirror(found) && mirrors(found, pod) ? found : undefined
  }

  return {
    start: () => statics.start(),
    list: () => [...statics.list(), ...informer.lister.list().filter((pod) => !isMirror(pod))],
    get: (key) => {
      const found = informer.lister.get(key)
      return found === undefined || isMirror(found) ? (statics.get(key) ?? found) : found
    },
    ended: (uid) => statics.ended(uid),
    assigned: {
      synced: () => informer.synced(),
      onChange: (handlers) => informer.onChange(withoutMirrors(handlers)),
    },
    statuses: (sender) => {
      informer.onChange({
        add: (mirror) => {
          lookAt(mirror)
          const pod = statics.get(keyOf(mirror))
          if (pod?.status !== undefined && isMirror(mirror) && mirrors(mirror, pod)) sender.set(mirror, pod.status)
        },
        update: (_, mirror) => lookAt(mirror),
        delete: (mirror) => {
          if (isMirror(mirror)) sender.forget(identityOf(mirror).uid)
          lookAt(mirror)
        },
      })
      return {
        set: (pod, status) => {
          if (!isStatic(pod)) {
            sender.set(pod, status)
            return
          }
          statics.setStatus(identityOf(pod).uid, status)
          const mirror = mirrorOf(pod)
          if (mirror !== undefined) sender.set(mirror, status)
        },
        finish: (pod, status) => sender.finish(pod, status),
        forget: (uid) => sender.forget(uid),
      }
    },
  }
}

function withoutMirrors(handlers: ChangeHandlers<V1Pod>): ChangeHandlers<V1Pod> {
  const { add, update, delete: gone } = handlers
  return {
    ...(add === undefined ? {} : { add: (pod: V1Pod) => (isMirror(pod) ? undefined : add(pod)) }),
    ...(update === undefined
      ? {}
      : { update: (before: V1Pod, pod: V1Pod) => (isMirror(pod) ? undefined : update(before, pod)) }),
    ...(gone === undefined ? {} : { delete: (pod: V1Pod) => (isMirror(pod) ? undefined : gone(pod)) }),
  }
}
