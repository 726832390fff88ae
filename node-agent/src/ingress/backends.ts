import type { V1EndpointSlice, V1Service } from '@kapell/openapi/types'
import { chooseEndpoints, type Chooser } from '../proxy/endpoints.ts'
import type { BackendRef } from './routes.ts'

/** How the pods want to be spoken to. */
export type BackendProtocol = 'http' | 'h2c' | 'https'

export interface Backend {
  /** Pods, each "10.1.2.3:8080" or "[fd00::1]:8080". */
  servers: readonly string[]
  protocol: BackendProtocol
  /** Clients stay with their pod. */
  sticky: boolean
  /** The name, outside the cluster or in it, that its one server has instead of an address: the proxy asks for it. */
  name?: string
  /** Why nobody can ever serve, in words for an event. */
  problem?: string
}

/** Source: the API's ServicePort.appProtocol; others than these are HTTP/1.1. */
const protocols: Readonly<Record<string, BackendProtocol>> = {
  'kubernetes.io/h2c': 'h2c',
  grpc: 'h2c',
  https: 'https',
  'kubernetes.io/wss': 'https',
}

/** The pods behind a Service's port: the ready ones, or where none is, those that still serve while they end. */
export function backendOf(
  ref: BackendRef,
  world: { service: V1Service | undefined; slices: readonly V1EndpointSlice[]; chooser: Chooser },
): Backend {
  const { service, slices, chooser } = world
  const none = (problem: string): Backend => ({ servers: [], protocol: 'http', sticky: false, problem })
  if (service === undefined) return none(`Service "${ref.service}" does not exist`)
  if (service.spec?.type === 'ExternalName') return byName(ref, service) ?? none(unnamed(ref))
  const port = service.spec?.ports?.find((each) => each.name === ref.port || each.port === ref.port)
  if (port === undefined) return none(`Service "${ref.service}" has no port ${ref.port}`)
  const of = (family: 'IPv4' | 'IPv6'): string[] =>
    chooseEndpoints(slices, port, { ...chooser, family }).cluster.map(({ address, port: to }) =>
      family === 'IPv6' ? `[${address}]:${to}` : `${address}:${to}`,
    )
  const servers = of('IPv4')
  return {
    servers: servers.length > 0 ? servers : of('IPv6'),
    protocol: protocols[port.appProtocol?.toLowerCase() ?? ''] ?? 'http',
    sticky: service.spec?.sessionAffinity === 'ClientIP',
  }
}

const unnamed = ({ service, port }: BackendRef): string =>
  `Service "${service}" is an external name without a port ${port}`

/** A Service that is only a name needs no ports of its own: then the number that the Ingress says is the port. */
function byName(ref: BackendRef, { spec }: V1Service): Backend | undefined {
  const name = (spec?.externalName ?? '').toLowerCase().replace(/\.$/, '')
  const port = spec?.ports?.find((each) => each.name === ref.port || each.port === ref.port)
  const number = port?.port ?? (typeof ref.port === 'number' ? ref.port : undefined)
  if (number === undefined || !/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name)) return undefined
  return {
    servers: [`${name}:${number}`],
    protocol: protocols[port?.appProtocol?.toLowerCase() ?? ''] ?? 'http',
    sticky: false,
    name,
  }
}
