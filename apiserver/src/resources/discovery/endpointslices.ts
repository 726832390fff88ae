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
    // Without any there is none, not an empty list.
    if ((o.endpoints ?? []).length === 0) (o as { endpoints: unknown }).endpoints = null
    for (const port of o.ports ?? []) {
      port.name ??= ''
      port.protocol ??= 'TCP'
    }
    for (const endpoint of o.endpoints ?? []) {
      endpoint.conditions ??= {}
      // Of a version of old, and stored no more.
      delete endpoint.deprecatedTopology
    }
  },
  prepareForUpdate: (next, previous) => {
    // Labels count as well: they say which Service the slice serves.
    const changed = !sameJson(next.metadata?.labels ?? {}, previous.metadata?.labels ?? {})
    if (changed && next.metadata !== undefined) next.metadata.generation = (previous.metadata?.generation ?? 0) + 1
  },
  validateCreate: validateSlice,
  warnings: (o, previous) =>
    o.addressType === 'FQDN' && previous === undefined ? ['spec.addressType: FQDN endpoints are deprecated'] : [],
  validateUpdate: (next, previous, at) => {
    const moved = unchanged(at.child('addressType'), next.addressType, previous.addressType)
    // What else is wrong with addresses of another type is not told.
    return moved.length === 0 || (next.addressType ?? '') === '' ? [...moved, ...validateSlice(next, at)] : moved
  },
  columns: [
    nameColumn,
    column('AddressType', 'string', (o) => o.addressType),
    column('Ports', 'string', portsCell),
    column('Endpoints', 'string', endpointsCell),
    ageColumn,
  ],
})
