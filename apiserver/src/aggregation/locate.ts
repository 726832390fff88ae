import type { V1EndpointSlice, V1Service } from '@kapell/openapi/types'
import type { ObjectAccess } from '../registry/services.ts'
import type { RemoteService } from './remote-service.ts'

export interface Place {
  host: string
  port: number
}

/** Where a remote server listens, or why it cannot be reached; reasons and texts as the original's conditions have them. */
export type Located = { places: readonly Place[] } | { reason: string; message: string }

export interface Backing {
  service: V1Service | undefined
  /** Those of this Service. */
  slices: readonly V1EndpointSlice[]
}

/**
 * Endpoints are asked directly, as this server need not stand where cluster IPs lead anywhere. An ExternalName leads to
 * that name.
 */
export function locate({ service: wanted }: RemoteService, { service, slices }: Backing): Located {
  const { namespace, name, port } = wanted
  const quoted = JSON.stringify(namespace)
  if (service === undefined) {
    return { reason: 'ServiceNotFound', message: `service/${name} in ${quoted} is not present` }
  }
  const { type, externalName = '', ports = [] } = service.spec ?? {}
  if (type === 'ExternalName') return { places: [{ host: externalName, port }] }
  const found = ports.find((one) => one.port === port)
  if (found === undefined) {
    return { reason: 'ServicePortError', message: `service/${name} in ${quoted} is not listening on port ${port}` }
  }
  if (slices.length === 0) {
    return { reason: 'EndpointsNotFound', message: `cannot find endpointslices for service/${name} in ${quoted}` }
  }
  const portName = found.name ?? ''
  const places = slices.flatMap((slice) => {
    const target = (slice.ports ?? []).find((one) => (one.name ?? '') === portName)?.port
    if (target === undefined) return []
    return (slice.endpoints ?? [])
      .filter((endpoint) => endpoint.conditions?.ready !== false)
      .flatMap((endpoint) => endpoint.addresses.slice(0, 1).map((host) => ({ host, port: target })))
  })
  if (places.length === 0) {
    return {
      reason: 'MissingEndpoints',
      message: `endpointslices for service/${name} in ${quoted} have no addresses with port name ${JSON.stringify(portName)}`,
    }
  }
  return { places }
}

export const services = { group: '', plural: 'services' }
export const endpointSlices = { group: 'discovery.k8s.io', plural: 'endpointslices' }
export const serviceLabel = 'kubernetes.io/service-name'

export function backingOf(objects: ObjectAccess, { service }: RemoteService): Backing {
  const { namespace, name } = service
  return {
    service: objects.get<V1Service>(services, { namespace, name }),
    slices: objects
      .list<V1EndpointSlice>(endpointSlices, { namespace })
      .filter((slice) => slice.metadata?.labels?.[serviceLabel] === name),
  }
}
