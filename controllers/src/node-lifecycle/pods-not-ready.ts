import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Clock } from '@kapell/controllers/machinery/clock'
import type { EventRecorder } from '@kapell/controllers/machinery/event-recorder'
import { pods as podsRef } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import { rfc3339 } from '@kapell/openapi/meta/time'
import type { V1Pod } from '@kapell/openapi/types'

/** Nobody vouches for the pods of a silent node: they leave their Services. */
export async function markPodsNotReady(parts: {
  pods: readonly V1Pod[]
  client: ApiClient
  clock: Clock
  events: EventRecorder
}): Promise<void> {
  const { pods, client, clock, events } = parts
  for (const pod of pods) {
    const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready')
    if (ready?.status !== 'True') continue
    const { namespace = '', name = '', uid } = pod.metadata ?? {}
    const condition = { type: 'Ready', status: 'False', lastTransitionTime: rfc3339(clock.now()) }
    try {
      const patch = { metadata: { uid }, status: { conditions: [condition] } }
      await client.resource(podsRef, namespace).patch(name, 'strategic', patch, { subresource: 'status' })
      events.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready')
    } catch (error) {
      if (!isReason(error, 'NotFound', 'Conflict')) throw error
    }
  }
}
