import type { ControllerContext } from '@kapell/controllers/machinery/controller'
import { controllerOf } from '@kapell/controllers/machinery/owner-refs'
import { keyOf } from '@kapell/controllers/machinery/store'
import type { Selector } from '@kapell/openapi/meta/labels'
import type { KubeObject } from '@kapell/openapi/meta/object'
import { pods } from '@kapell/openapi/meta/refs'
import type { ResourceRef } from '@kapell/openapi/meta/resource-ref'
import type { V1Pod } from '@kapell/openapi/types'
import { podsByController } from './pod-index.ts'

/** Enqueues the owners that a pod without one would fit. */
export function wakeOwnersOfOrphans<T extends KubeObject>(
  context: ControllerContext,
  ref: ResourceRef<T>,
  selectorOf: (owner: T) => Selector,
): void {
  const owners = context.lister(ref)
  const look = (pod: V1Pod): void => {
    if (controllerOf(pod) !== undefined || pod.metadata?.deletionTimestamp !== undefined) return
    for (const owner of owners.inNamespace(pod.metadata?.namespace ?? ''))
      if (selectorOf(owner).matches(pod.metadata?.labels)) context.queue.add(keyOf(owner))
  }
  context.informer(pods, { indexers: podsByController }).onChange({ add: look, update: (_, pod) => look(pod) })
}
