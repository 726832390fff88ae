import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Clock } from '@kapell/controllers/machinery/clock'
import type { SeriesRecorder } from '@kapell/controllers/machinery/series-recorder'
import type { Lister } from '@kapell/controllers/machinery/store'
import { pods as podsRef } from '@kapell/openapi/meta/refs'
import { rfc3339 } from '@kapell/openapi/meta/time'
import type { V1Binding, V1Pod } from '@kapell/openapi/types'
import type { PodInfo } from './framework/pod-info.ts'
import type { Actions } from './scheduler.ts'

/** The scheduler's requests to the API server. */
export function apiActions(parts: {
  client: ApiClient
  /** Events of a pod come from the scheduler that it names. */
  recorderOf: (schedulerName: string) => SeriesRecorder
  clock: Clock
  pods: Lister<V1Pod>
}): Actions & { evict: (victim: PodInfo, pod: PodInfo, nodeName: string) => Promise<void> } {
  const { client, recorderOf, clock, pods } = parts
  const schedulerOf = ({ spec }: V1Pod): string => spec?.schedulerName ?? 'default-scheduler'
  return {
    bind: async ({ pod }, nodeName) => {
      const { namespace = '', name = '', uid } = pod.metadata ?? {}
      const binding: V1Binding = {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name, namespace, ...(uid === undefined ? {} : { uid }) },
        target: { kind: 'Node', name: nodeName },
      }
      await client.resource(podsRef, namespace).createSubresource(name, 'binding', binding)
    },
    current: ({ key }) => pods.get(key),
    setUnschedulable: async (pod, { reason, message, nominatedNodeName }) => {
      const now = rfc3339(clock.now())
      const known = pod.status?.conditions?.find((c) => c.type === 'PodScheduled')
      const same = known?.status === 'False' && known.reason === reason && known.message === message
      if (same && (nominatedNodeName === undefined || pod.status?.nominatedNodeName === nominatedNodeName)) return
      const { namespace = '', name = '', uid, generation } = pod.metadata ?? {}
      const condition = {
        type: 'PodScheduled',
        status: 'False',
        reason,
        message,
        lastProbeTime: null,
        lastTransitionTime: known?.status === 'False' ? known.lastTransitionTime : now,
        ...(generation === undefined ? {} : { observedGeneration: generation }),
      }
      const status = { conditions: [condition], ...(nominatedNodeName === undefined ? {} : { nominatedNodeName }) }
      await client
        .resource(podsRef, namespace)
        .patch(name, 'strategic', { metadata: { uid }, status }, { subresource: 'status' })
    },
    nominate: async ({ metadata, status }, nodeName) => {
      if (status?.nominatedNodeName === nodeName) return
      const { namespace = '', name = '', uid } = metadata ?? {}
      await client
        .resource(podsRef, namespace)
        .patch(
          name,
          'strategic',
          { metadata: { uid }, status: { nominatedNodeName: nodeName } },
          { subresource: 'status' },
        )
    },
    evict: async (victim, preemptor, nodeName) => {
      const { namespace = '', name = '', uid } = victim.pod.metadata ?? {}
      const condition = {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'PreemptionByScheduler',
        message: `${schedulerOf(preemptor.pod)}: preempting to accommodate a higher priority pod`,
        lastProbeTime: null,
        lastTransitionTime: rfc3339(clock.now()),
      }
      const resource = client.resource(podsRef, namespace)
      const patch = { metadata: { uid }, status: { conditions: [condition] } }
      await resource.patch(name, 'strategic', patch, { subresource: 'status' })
      await resource.delete(name, uid === undefined ? {} : { preconditions: { uid } })
      recorderOf(schedulerOf(preemptor.pod)).event(victim.pod, {
        type: 'Normal',
        reason: 'Preempted',
        action: 'Preempting',
        note: `Preempted by pod ${preemptor.uid} on node ${nodeName}`,
        related: preemptor.pod,
      })
    },
    event: (pod, type, reason, note) =>
      recorderOf(schedulerOf(pod)).event(pod, {
        type,
        reason,
        action: reason === 'Scheduled' ? 'Binding' : 'Scheduling',
        note,
      }),
  }
}
