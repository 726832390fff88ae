import {
  defineController,
  type ControllerContext,
  type ReconcileResult,
} from '@kapell/controllers/machinery/controller'
import { keyOf, splitKey, type Lister } from '@kapell/controllers/machinery/store'
import { endpoints as endpointsRef, endpointSlices, services } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1Endpoints, V1EndpointSlice, V1Service } from '@kapell/openapi/types'
import { createSliceTracker, type SliceTracker } from '../shared/slice-tracker.ts'
import {
  isMirrored,
  managedBy,
  managedByLabel,
  maxPerSubset,
  mirrorSlices,
  planMirror,
  serviceLabel,
} from './desired.ts'

/** Looked at again after this long when the cache is behind and no event came. */
const staleMs = 1000

interface Dependencies {
  context: ControllerContext
  endpoints: Lister<V1Endpoints>
  services: Lister<V1Service>
  slices: Lister<V1EndpointSlice>
  tracker: SliceTracker
}

function mirrorOf({ metadata }: V1EndpointSlice): string | undefined {
  const name = metadata?.labels?.[serviceLabel]
  return metadata?.labels?.[managedByLabel] === managedBy && name !== undefined
    ? `${metadata.namespace}/${name}`
    : undefined
}

/** Shows Endpoints that are kept by hand as EndpointSlices too. */
export const endpointSliceMirroringController = defineController<Dependencies, V1Endpoints>({
  name: 'endpointslicemirroring-controller',
  component: 'endpoint-slice-mirroring-controller',
  queue: 'endpoint_slice_mirroring',
  primary: endpointsRef,
  workers: 5,
  setup: (context) => {
    const { informer, lister, queue, clock } = context
    const slices = informer(endpointSlices, { indexers: { mirror: (slice) => [mirrorOf(slice) ?? ''] } })
    const wake = (slice: V1EndpointSlice): void => {
      const key = mirrorOf(slice)
      if (key !== undefined) queue.add(key)
    }
    slices.onChange({ add: wake, update: (_, slice) => wake(slice), delete: wake })
    const wakeService = (service: V1Service): void => queue.add(keyOf(service))
    informer(services).onChange({ add: wakeService, update: (_, next) => wakeService(next), delete: wakeService })
    return {
      context,
      endpoints: lister(endpointsRef),
      services: lister(services),
      slices: slices.lister,
      tracker: createSliceTracker(slices.lister, clock),
    }
  },
  reconcile,
})

async function reconcile(key: string, d: Dependencies): Promise<ReconcileResult | undefined> {
  const { namespace } = splitKey(key)
  const { client, events } = d.context
  if (d.tracker.isStale(key, namespace)) return { afterMs: staleMs }
  const endpoints = d.endpoints.get(key)
  const existing = d.slices.byIndex('mirror', key).filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
  const wanted = isMirrored(endpoints, d.services.get(key)) ? mirrorSlices(endpoints!) : { slices: [], left: 0 }
  if (wanted.left > 0 && endpoints !== undefined)
    events.event(
      endpoints,
      'Warning',
      'TooManyAddressesToMirror',
      `A max of ${maxPerSubset} addresses can be mirrored to EndpointSlices per Endpoints subset. ${wanted.left} addresses were skipped`,
    )
  const plan = planMirror(existing, wanted.slices)
  const resource = client.resource(endpointSlices, namespace)
  for (const slice of plan.create) d.tracker.written(key, await resource.create(slice))
  for (const slice of plan.update) d.tracker.written(key, await resource.update(slice))
  for (const { metadata } of plan.delete) {
    const { name = '', uid } = metadata ?? {}
    try {
      await resource.delete(name, uid === undefined ? {} : { preconditions: { uid } })
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
    d.tracker.deleted(key, name)
  }
  return undefined
}
