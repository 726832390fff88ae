import { createMetrics } from '@kapell/controllers/machinery/metrics'
import type { V1PersistentVolume } from '@kapell/openapi/types'
import { measureVolumes } from './measures.ts'

it('counts volumes by plug-in, mode, class and whether they are bound; what is gone is told of no more', () => {
  const metrics = createMetrics()
  const volume = (spec: object, phase: string) => ({ spec, status: { phase } }) as V1PersistentVolume
  let volumes = [
    volume({ hostPath: { path: '/x' }, storageClassName: 'a' }, 'Bound'),
    volume({ csi: { driver: 'd.example', volumeHandle: 'h' }, volumeMode: 'Block' }, 'Available'),
  ]
  const claims = [{ metadata: { namespace: 'n' }, spec: { storageClassName: 'a' }, status: { phase: 'Pending' } }]
  measureVolumes(
    metrics,
    () => volumes,
    () => claims,
  )
  const text = metrics.render()
  for (const line of [
    'pv_collector_total_pv_count{plugin_name="kubernetes.io/host-path",volume_mode="Filesystem"} 1',
    'pv_collector_total_pv_count{plugin_name="kubernetes.io/csi:d.example",volume_mode="Block"} 1',
    'pv_collector_bound_pv_count{storage_class="a"} 1',
    'pv_collector_unbound_pv_count{storage_class=""} 1',
    'pv_collector_unbound_pvc_count{namespace="n",storage_class="a",volume_attributes_class=""} 1',
  ])
    expect(text).toContain(`${line}\n`)
  volumes = []
  expect(metrics.render()).not.toContain('pv_count{')
})
