import type { Metrics } from '@kapell/controllers/machinery/metrics'
import type { V1PersistentVolume, V1PersistentVolumeClaim } from '@kapell/openapi/types'

/** Plug-ins by the source that a volume's spec has. */
const plugins: Record<string, string> = {
  hostPath: 'kubernetes.io/host-path',
  local: 'kubernetes.io/local-volume',
  nfs: 'kubernetes.io/nfs',
  iscsi: 'kubernetes.io/iscsi',
  fc: 'kubernetes.io/fc',
}

/** Numbers of volumes and claims. Source of names and labels: "Kubernetes Metrics Reference", pv_collector_*. */
export function measureVolumes(
  metrics: Metrics,
  volumes: () => readonly V1PersistentVolume[],
  claims: () => readonly V1PersistentVolumeClaim[],
): void {
  for (const what of ['total', 'errors_total'])
    metrics.counter(`retroactive_storageclass_${what}`, '[ALPHA] Claims that got the default class later.', {})
  let told: { name: string; labels: Record<string, string> }[] = []
  metrics.beforeRender(() => {
    for (const { name, labels } of told) metrics.forget(name, labels)
    const counts = new Map<string, { name: string; labels: Record<string, string>; count: number }>()
    const count = (name: string, labels: Record<string, string>): void => {
      const id = JSON.stringify([name, labels])
      const known = counts.get(id)
      if (known === undefined) counts.set(id, { name: `pv_collector_${name}`, labels, count: 1 })
      else known.count++
    }
    for (const { spec, status } of volumes()) {
      const source = Object.keys(plugins).find((key) => key in (spec ?? {}))
      const plugin = spec?.csi === undefined ? plugins[source ?? ''] : `kubernetes.io/csi:${spec.csi.driver}`
      count('total_pv_count', { plugin_name: plugin ?? 'N/A', volume_mode: spec?.volumeMode ?? 'Filesystem' })
      const bound = status?.phase === 'Bound' ? 'bound' : 'unbound'
      count(`${bound}_pv_count`, { storage_class: spec?.storageClassName ?? '' })
    }
    for (const { metadata, spec, status } of claims())
      count(`${status?.phase === 'Bound' ? 'bound' : 'unbound'}_pvc_count`, {
        namespace: metadata?.namespace ?? '',
        storage_class: spec?.storageClassName ?? '',
        volume_attributes_class: spec?.volumeAttributesClassName ?? '',
      })
    told = [...counts.values()]
    for (const { name, labels, count: value } of counts.values())
      metrics.gauge(name, '[ALPHA] Volumes or claims, as the name says.', labels).set(value)
  })
}
