import type { V1EndpointSlice } from '@kapell/openapi/types'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, listSome, nameColumn } from '../common/columns.ts'
import { sameJson, unchanged } from '../common/validation.ts'
import { validateSlice } from './endpointslice-rules.ts'

function portsCell(slice: V1EndpointSlice): string {
  const ports = slice.ports ?? []
  return ports.length === 0 ? '<unset>' : listSome(ports.map((p) => (p.port === undefined ? '*' : String(p.port))))
}

function endpointsCell(slice: V1EndpointSlice): string {
  const endpoints = slice.endpoints ?? []
  return endpoints.length === 0 ? '<unset>' : listSome(endpoints.flatMap((e) => e.addresses))
}

export const endpointSlices = defineResource<V1EndpointSlice>({
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  namespaced: true,
  storagePrefix: 'endpointslices',
  hasGeneration: true,
  default: (o) => {
    o.endpoints ??= []
    for (const port of o.ports ?? []) {
      port.name ??= ''
      if ((port.protocol ?? '') === '') port.protocol = 'TCP'
    }
    for (const endpoint of o.endpoints) endpoint.conditions ??= {}
  },
  prepareForUpdate: (next, previous) => {
    // Labels count as well: they say which Service the slice serves.
    const changed = !sameJson(next.metadata?.labels ?? {}, previous.metadata?.labels ?? {})
    if (changed && next.metadata !== undefined) next.metadata.generation = (previous.metadata?.generation ?? 0) + 1
  },
  validate: validateSlice,
  validateUpdate: (next, previous, at) => unchanged(at.child('addressType'), next.addressType, previous.addressType),
  columns: [
    nameColumn,
    column('AddressType', 'string', (o) => o.addressType),
    column('Ports', 'string', portsCell),
    column('Endpoints', 'string', endpointsCell),
    ageColumn,
  ],
})
