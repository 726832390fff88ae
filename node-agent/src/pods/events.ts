import type { EventRecorder, EventType } from '@kapell/controllers/machinery/event-recorder'
import type { V1Pod } from '@kapell/openapi/types'
import { identityOf } from './record.ts'

/** Tells users about a pod, or about one of its containers when named. */
export type PodEvents = (pod: V1Pod, type: EventType, reason: string, message: string, containerName?: string) => void

export function podEvents(recorder: EventRecorder): PodEvents {
  return (pod, type, reason, message, containerName) => {
    const { uid, name, namespace } = identityOf(pod)
    const fieldPath = containerName === undefined ? undefined : fieldPathOf(pod, containerName)
    recorder.event(
      {
        reference: {
          apiVersion: 'v1',
          kind: 'Pod',
          namespace,
          name,
          uid,
          ...(pod.metadata?.resourceVersion === undefined ? {} : { resourceVersion: pod.metadata.resourceVersion }),
          ...(fieldPath === undefined ? {} : { fieldPath }),
        },
      },
      type,
      reason,
      message,
    )
  }
}

function fieldPathOf(pod: V1Pod, name: string): string {
  const init = pod.spec?.initContainers?.some((container) => container.name === name) === true
  const ephemeral = pod.spec?.ephemeralContainers?.some((container) => container.name === name) === true
  return `spec.${init ? 'initContainers' : ephemeral ? 'ephemeralContainers' : 'containers'}{${name}}`
}
