import type { V1Service, V1ServicePort } from '@kapell/openapi/types'
import { column, type Column } from '../../../registry/definition.ts'
import { ageColumn, formatLabels, nameColumn } from '../../common/columns.ts'

function externalIpCell(service: V1Service): string {
  const external = service.spec?.externalIPs ?? []
  switch (service.spec?.type) {
    case 'LoadBalancer': {
      const ingress = (service.status?.loadBalancer?.ingress ?? []).flatMap((i) => i.ip ?? i.hostname ?? [])
      const all = [...ingress, ...external]
      return all.length === 0 ? '<pending>' : all.join(',')
    }
    case 'ExternalName':
      return service.spec.externalName ?? ''
    default:
      return external.length === 0 ? '<none>' : external.join(',')
  }
}

function portText(port: V1ServicePort): string {
  const node = (port.nodePort ?? 0) > 0 ? `:${port.nodePort}` : ''
  return `${port.port}${node}/${port.protocol ?? 'TCP'}`
}

export const serviceColumns: Column<V1Service>[] = [
  nameColumn,
  column('Type', 'string', (o) => o.spec?.type ?? ''),
  column('Cluster-IP', 'string', (o) => o.spec?.clusterIPs?.[0] ?? '<none>'),
  column('External-IP', 'string', externalIpCell),
  column('Port(s)', 'string', (o) => (o.spec?.ports ?? []).map(portText).join(',') || '<none>'),
  ageColumn,
  column('Selector', 'string', (o) => formatLabels(o.spec?.selector), { priority: 1 }),
]
