import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { EventRecorder } from '@kapell/controllers/machinery/event-recorder'
import { isNamespaceTerminating } from '@kapell/controllers/machinery/namespace-terminating'
import { errorText } from '@kapell/controllers/machinery/log'
import { adoptionPatch, releasePatch } from '@kapell/controllers/machinery/owner-refs'
import type { KubeObject, OwnerReference } from '@kapell/openapi/meta/object'
import { pods } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1Pod } from '@kapell/openapi/types'

/** The writes to pods that owners do, with the events that tell of them. */
export interface PodControl {
  /** Throws what the server answered, except that a vanishing namespace is told by `namespaceTerminating`. */
  create(pod: V1Pod, owner: KubeObject): Promise<V1Pod>
  /** A pod that is gone already is no error to the caller either: NotFound is thrown so that it can be counted. */
  delete(pod: V1Pod, owner: KubeObject): Promise<void>
  adopt(pod: V1Pod, reference: OwnerReference): Promise<V1Pod>
  release(pod: V1Pod, ownerUid: string): Promise<void>
}

export function createPodControl(client: ApiClient, events: EventRecorder): PodControl {
  return {
    create: async (pod, owner) => {
      try {
        const created = await client.resource(pods, pod.metadata?.namespace).create(pod)
        events.event(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${created.metadata?.name}`)
        return created
      } catch (error) {
        if (!isNamespaceTerminating(error))
          events.event(owner, 'Warning', 'FailedCreate', `Error creating: ${errorText(error)}`)
        throw error
      }
    },
    delete: async (pod, owner) => {
      const name = pod.metadata?.name ?? ''
      const { uid } = pod.metadata ?? {}
      try {
        await client
          .resource(pods, pod.metadata?.namespace)
          .delete(name, uid === undefined ? {} : { preconditions: { uid } })
        events.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`)
      } catch (error) {
        if (!isReason(error, 'NotFound'))
          events.event(owner, 'Warning', 'FailedDelete', `Error deleting: ${errorText(error)}`)
        throw error
      }
    },
    adopt: (pod, reference) =>
      client
        .resource(pods, pod.metadata?.namespace)
        .patch(pod.metadata?.name ?? '', 'strategic', adoptionPatch(pod, reference)),
    release: async (pod, ownerUid) => {
      await client
        .resource(pods, pod.metadata?.namespace)
        .patch(pod.metadata?.name ?? '', 'strategic', releasePatch(pod, ownerUid))
    },
  }
}
