import { createMetrics } from '@kapell/controllers/machinery/metrics'
import type { V1EndpointSlice, V1Service } from '@kapell/openapi/types'
import { sliceMeasures } from './measures.ts'

const slice = (name: string, ...addresses: string[]): V1EndpointSlice => ({
  addressType: 'IPv4',
  metadata: { name },
  endpoints: addresses.map((address) => ({ addresses: [address] })),
})

it("tells of slices and endpoints by upstream's names", () => {
  const metrics = createMetrics()
  const measures = sliceMeasures(metrics)
  const service: V1Service = { metadata: { namespace: 'a', name: 's' }, spec: { trafficDistribution: 'PreferClose' } }
  const plan = { create: [slice('new', '3')], update: [slice('old', '1')], delete: [] }
  measures.planned(service, [slice('old', '1', '2')], plan)
  measures.synced('success')
  const text = metrics.render()
  for (const line of [
    'endpoint_slice_controller_num_endpoint_slices 2',
    'endpoint_slice_controller_desired_endpoint_slices 1',
    'endpoint_slice_controller_endpoints_desired 2',
    'endpoint_slice_controller_endpoints_added_per_sync_sum 1',
    'endpoint_slice_controller_endpoints_removed_per_sync_sum 1',
    'endpoint_slice_controller_changes{operation="create"} 1',
    'endpoint_slice_controller_changes{operation="update"} 1',
    'endpoint_slice_controller_endpointslices_changed_per_sync_sum{topology="Disabled",traffic_distribution="PreferClose"} 2',
    'endpoint_slice_controller_services_count_by_traffic_distribution{traffic_distribution="PreferClose"} 1',
    'endpoint_slice_controller_syncs{result="success"} 1',
  ])
    expect(text).toContain(`${line}\n`)
  measures.gone('a/s')
  expect(metrics.render()).toContain('endpoint_slice_controller_num_endpoint_slices 0\n')
})
