import type { KubeObject } from '@kapell/openapi/meta/object'
import type { ServiceResolver } from '../server/webhook-client.ts'
import type { ObjectAccess } from './services.ts'

interface ServiceLike extends KubeObject {
  spec?: { ports?: { name?: string; port: number }[]; type?: string; externalName?: string }
}

interface SliceLike extends KubeObject {
  endpoints?: { addresses: string[]; conditions?: { ready?: boolean } }[]
  ports?: { name?: string; port?: number }[]
}

/** Finds a ready endpoint of a Service: the server need not stand where cluster IPs lead anywhere. */
export function createServiceResolver(objects: ObjectAccess): ServiceResolver {
  return async ({ namespace, name, port }) => {
    const service = await objects.getLatest<ServiceLike>({ group: '', plural: 'services' }, { namespace, name })
    if (service === undefined) throw new Error(`service ${JSON.stringify(name)} not found`)
    const { spec = {} } = service
    const wanted = spec.ports?.find((one) => one.port === port)
    if (wanted === undefined) throw new Error(`service ${JSON.stringify(name)} has no port ${port}`)
    if (spec.type === 'ExternalName') return { host: spec.externalName ?? '', port }
    const places = objects
      .list<SliceLike>({ group: 'discovery.k8s.io', plural: 'endpointslices' }, { namespace })
      .filter((slice) => slice.metadata?.labels?.['kubernetes.io/service-name'] === name)
      .flatMap(({ endpoints, ports }) => {
        const number = ports?.find((one) => (one.name ?? '') === (wanted.name ?? ''))?.port
        if (number === undefined) return []
        // Clients in Go write null where there are none.
        return (endpoints ?? [])
          .filter((endpoint) => endpoint.conditions?.ready !== false)
          .map((endpoint) => ({ host: endpoint.addresses[0] ?? '', port: number }))
      })
    const chosen = places[Math.floor(Math.random() * places.length)]
    if (chosen === undefined) throw new Error(`no endpoints available for service ${JSON.stringify(name)}`)
    return chosen
  }
}
