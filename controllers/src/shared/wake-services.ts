import type { ControllerContext } from '@kapell/controllers/machinery/controller'
import { keyOf } from '@kapell/controllers/machinery/store'
import { pods, services } from '@kapell/openapi/meta/refs'
import type { V1Pod } from '@kapell/openapi/types'
import { sameForServices, selects } from './service-pods.ts'

/** Enqueues the Services that a change of a pod concerns, by its labels before and after. */
export function wakeServicesOfPods({ informer, lister, queue }: ControllerContext): void {
  const known = lister(services)
  const enqueue = (...states: V1Pod[]): void => {
    for (const service of known.inNamespace(states[0]?.metadata?.namespace ?? ''))
      if (states.some((pod) => selects(service, pod.metadata?.labels))) queue.add(keyOf(service))
  }
  informer(pods).onChange({
    add: (pod) => enqueue(pod),
    update: (old, pod) => {
      if (!sameForServices(old, pod)) enqueue(pod, old)
    },
    delete: (pod) => enqueue(pod),
  })
}
