import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Clock } from '@kapell/controllers/machinery/clock'
import { defineController } from '@kapell/controllers/machinery/controller'
import type { EventRecorder } from '@kapell/controllers/machinery/event-recorder'
import { keyOf, type Lister } from '@kapell/controllers/machinery/store'
import { pods, resourceClaims, resourceSlices } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import { rfc3339 } from '@kapell/openapi/meta/time'
import type { ResourceV1ResourceClaim, V1DeviceTaint, V1Pod, V1ResourceSlice } from '@kapell/openapi/types'
import { evictionMetrics } from '../shared/eviction-metrics.ts'
import { isDeleting, isFinished } from '../shared/pods.ts'
import { evictAtMs } from './decide.ts'

interface Dependencies {
  evicted: (seconds: number) => void
  client: ApiClient
  clock: Clock
  events: EventRecorder
  pods: Lister<V1Pod>
  claims: Lister<ResourceV1ResourceClaim>
  slices: Lister<V1ResourceSlice>
}

const byPool = 'pool'

/** Deletes pods that use devices with NoExecute taints which their claims do not tolerate, or no longer. */
export const deviceTaintEvictionController = defineController<Dependencies, ResourceV1ResourceClaim>({
  name: 'device-taint-eviction-controller',
  queue: 'device-taint-eviction-controller',
  primary: resourceClaims,
  workers: 4,
  setup: ({ client, clock, events, informer, queue, metrics }) => {
    const evicted = evictionMetrics(metrics, 'device_taint_eviction_controller')
    const claims = informer(resourceClaims, { indexers: { [byPool]: poolsOf } })
    const slices = informer(resourceSlices, {
      indexers: { [byPool]: ({ spec }) => [`${spec.driver}/${spec.pool.name}`] },
    })
    const wake = ({ spec }: V1ResourceSlice): void => {
      for (const claim of claims.lister.byIndex(byPool, `${spec.driver}/${spec.pool.name}`)) queue.add(keyOf(claim))
    }
    slices.onChange({
      add: wake,
      update: (before, slice) => {
        if (JSON.stringify(taintsIn(before)) !== JSON.stringify(taintsIn(slice))) wake(slice)
      },
    })
    return { evicted, client, clock, events, pods: informer(pods).lister, claims: claims.lister, slices: slices.lister }
  },
  reconcile: async (key, deps) => {
    const claim = deps.claims.get(key)
    if ((claim?.status?.reservedFor ?? []).length === 0 || claim === undefined) return
    const nowMs = deps.clock.now().getTime()
    const at = evictAtMs(claim, (device) => taintsOf(device, deps.slices), nowMs)
    if (at === undefined) return
    if (at > nowMs) return { afterMs: at - nowMs }
    for (const { name, uid } of claim.status?.reservedFor ?? []) {
      const pod = deps.pods.get(`${claim.metadata?.namespace ?? ''}/${name}`)
      if (pod?.metadata?.uid !== uid || isDeleting(pod) || isFinished(pod)) continue
      await evict(pod, deps)
      deps.evicted((nowMs - at) / 1000)
    }
  },
})

function poolsOf(claim: ResourceV1ResourceClaim): string[] {
  const results = claim.status?.allocation?.devices?.results ?? []
  return [...new Set(results.map(({ driver, pool }) => `${driver}/${pool}`))]
}

function taintsIn({ spec }: V1ResourceSlice): unknown {
  return (spec.devices ?? []).flatMap(({ name, taints = [] }) => (taints.length === 0 ? [] : [[name, taints]]))
}

/** As the newest slice with the device says. */
function taintsOf(device: string, slices: Lister<V1ResourceSlice>): readonly V1DeviceTaint[] {
  const cut = device.lastIndexOf('/')
  const found = slices
    .byIndex(byPool, device.slice(0, cut))
    .filter(({ spec }) => spec.devices?.some(({ name }) => name === device.slice(cut + 1)) === true)
    .sort((a, b) => b.spec.pool.generation - a.spec.pool.generation)[0]
  return found?.spec.devices?.find(({ name }) => name === device.slice(cut + 1))?.taints ?? []
}

async function evict(pod: V1Pod, { client, clock, events }: Dependencies): Promise<void> {
  const { namespace = '', name = '', uid, generation } = pod.metadata ?? {}
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'DeletionByDeviceTaintManager',
    message: 'Device Taint manager: deleting due to NoExecute taint',
    lastTransitionTime: rfc3339(clock.now()),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  }
  const resource = client.resource(pods, namespace)
  const patch = { metadata: { uid }, status: { conditions: [condition] } }
  try {
    await resource.patch(name, 'strategic', patch, { subresource: 'status' })
    await resource.delete(name, uid === undefined ? {} : { preconditions: { uid } })
  } catch (error) {
    if (!isReason(error, 'NotFound', 'Conflict')) throw error
    return
  }
  events.event(pod, 'Normal', 'DeviceTaintManagerEviction', 'Marking for deletion')
}
