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

/** Of a version of old, and stored no more. Tells whether there was any. */
function dropTopology(slice: V1EndpointSlice): boolean {
  let isGone = false
  for (const endpoint of slice.endpoints ?? []) {
    if (endpoint.deprecatedTopology === undefined) continue
    isGone = true
    delete endpoint.deprecatedTopology
  }
  return isGone
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
    for (const endpoint of o.endpoints ?? []) endpoint.conditions ??= {}
  },
  prepareForCreate: (o) => void dropTopology(o),
  prepareForUpdate: (next, previous) => {
    // Labels count as well: they say which Service the slice serves. And so does what is then not kept.
    const dropped = dropTopology(next)
    const changed = dropped || !sameJson(next.metadata?.labels ?? {}, previous.metadata?.labels ?? {})
    if (changed && next.metadata !== undefined) next.metadata.generation = (previous.metadata?.generation ?? 0) + 1
  },
  validateCreate: (o, at) => validateSlice(o, at),
  warnings: (o, previous) =>
    o.addressType === 'FQDN' && previous === undefined ? ['spec.addressType: FQDN endpoints are deprecated'] : [],
  validateUpdate: (next, previous, at) => {
    const moved = unchanged(at.child('addressType'), next.addressType, previous.addressType)
    return [...moved, ...validateSlice(next, at, previous)]
  },
  columns: [
    nameColumn,
    column('AddressType', 'string', (o) => o.addressType),
    column('Ports', 'string', portsCell),
    column('Endpoints', 'string', endpointsCell),
    ageColumn,
  ],
})
