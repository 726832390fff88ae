import type { V1Endpoints } from '@kapell/openapi/types'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, listSome, nameColumn } from '../common/columns.ts'
import { validateEndpoints } from './endpoints-rules.ts'

function endpointsCell(endpoints: V1Endpoints): string {
  if ((endpoints.subsets ?? []).length === 0) return '<none>'
  const entries = (endpoints.subsets ?? []).flatMap((subset) => {
    const ips = (subset.addresses ?? []).map((a) => a.ip)
    const ports = subset.ports ?? []
    return ports.length === 0
      ? ips
      : ports.flatMap((p) => ips.map((ip) => `${ip.includes(':') ? `[${ip}]` : ip}:${p.port}`))
  })
  return listSome(entries)
}

export const endpoints = defineResource<V1Endpoints>({
  group: '',
  version: 'v1',
  kind: 'Endpoints',
  plural: 'endpoints',
  singular: 'endpoints',
  listKind: 'EndpointsList',
  shortNames: ['ep'],
  namespaced: true,
  storagePrefix: 'services/endpoints',
  hasGeneration: false,
  allowCreateOnUpdate: true,
  default: (o) => {
    for (const port of (o.subsets ?? []).flatMap((s) => s.ports ?? []))
      if ((port.protocol ?? '') === '') port.protocol = 'TCP'
  },
  validate: validateEndpoints,
  deprecationWarning: 'v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  columns: [nameColumn, column('Endpoints', 'string', endpointsCell), ageColumn],
})
