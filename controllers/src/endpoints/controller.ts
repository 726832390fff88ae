import { defineController, type ControllerContext } from '@kapell/controllers/machinery/controller'
import { errorText } from '@kapell/controllers/machinery/log'
import { splitKey, type Lister } from '@kapell/controllers/machinery/store'
import { endpoints, pods, services } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1Endpoints, V1Pod, V1Service } from '@kapell/openapi/types'
import { sameMeaning } from '../shared/equal.ts'
import { isNamespaceTerminating } from '@kapell/controllers/machinery/namespace-terminating'
import { isDeleting } from '../shared/pods.ts'
import { selects, selectsPods } from '../shared/service-pods.ts'
import { wakeServicesOfPods } from '../shared/wake-services.ts'
import { capacityAnnotation, desiredEndpoints } from './reconcile.ts'

interface Dependencies {
  context: ControllerContext
  services: Lister<V1Service>
  pods: Lister<V1Pod>
  endpoints: Lister<V1Endpoints>
}

/** Keeps the older Endpoints API in step for those who read it. Source: concepts page "Service", "Endpoints". */
export const endpointsController = defineController<Dependencies, V1Service>({
  name: 'endpoint-controller',
  queue: 'endpoint',
  primary: services,
  workers: 5,
  setup: (context: ControllerContext) => {
    wakeServicesOfPods(context)
    const known = context.informer(endpoints)
    // Somebody deleted them: make them again. They bear their Service's name.
    known.onChange({ delete: ({ metadata }) => context.queue.add(`${metadata?.namespace}/${metadata?.name}`) })
    return { context, services: context.lister(services), pods: context.lister(pods), endpoints: known.lister }
  },
  reconcile,
})

async function reconcile(key: string, d: Dependencies): Promise<void> {
  const { namespace, name } = splitKey(key)
  const resource = d.context.client.resource(endpoints, namespace)
  const existing = d.endpoints.get(key)
  const service = d.services.get(key)
  if (service === undefined) {
    if (existing === undefined) return
    try {
      const { uid } = existing.metadata ?? {}
      await resource.delete(name, uid === undefined ? {} : { preconditions: { uid } })
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
    return
  }
  if (!selectsPods(service) || isDeleting(service)) return
  const selected = d.pods.inNamespace(namespace).filter((pod) => selects(service, pod.metadata?.labels))
  const desired = desiredEndpoints(service, selected, existing)
  if (existing !== undefined && isUnchanged(existing, desired)) return
  try {
    if (existing === undefined) await resource.create(desired)
    else await resource.update(desired)
  } catch (error) {
    if (isNamespaceTerminating(error) || isReason(error, 'NotFound')) return
    if (!isReason(error, 'Conflict', 'AlreadyExists'))
      d.context.events.event(
        existing ?? { ...desired, metadata: { name, namespace } },
        'Warning',
        existing === undefined ? 'FailedToCreateEndpoint' : 'FailedToUpdateEndpoint',
        `Failed to ${existing === undefined ? 'create' : 'update'} endpoint ${key}: ${errorText(error)}`,
      )
    throw error
  }
}

/** The time of the last change alone is no change. */
function isUnchanged(existing: V1Endpoints, desired: V1Endpoints): boolean {
  const capacity = (one: V1Endpoints): string | undefined => one.metadata?.annotations?.[capacityAnnotation]
  return (
    sameMeaning(existing.subsets, desired.subsets) &&
    sameMeaning(existing.metadata?.labels, desired.metadata?.labels) &&
    capacity(existing) === capacity(desired)
  )
}
