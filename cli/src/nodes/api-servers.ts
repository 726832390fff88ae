import type { InformerFactory } from '@kapell/controllers/machinery/informer-factory'
import { endpointSlices } from '@kapell/openapi/meta/refs'
import type { V1EndpointSlice } from '@kapell/openapi/types'
import { isIPv6 } from 'node:net'

const name = 'kubernetes'

/** Where the API servers of a cluster are reached, as its own Service tells. */
export function serversIn(slices: readonly V1EndpointSlice[]): string[] {
  return slices.flatMap(({ endpoints, ports }) => {
    const port = ports?.find((each) => each.name === 'https')?.port
    if (port === undefined) return []
    return (endpoints ?? [])
      .flatMap(({ addresses }) => addresses)
      .map((address) => `https://${isIPv6(address) ? `[${address}]` : address}:${port}`)
  })
}

/** Tells of the API servers there are, now and whenever they change. */
export function followApiServers(informers: InformerFactory, tell: (servers: string[]) => void): void {
  const informer = informers.informer(endpointSlices, {
    namespace: 'default',
    labelSelector: `kubernetes.io/service-name=${name}`,
  })
  const look = (): void => {
    const servers = serversIn(informer.lister.list())
    if (servers.length > 0) tell(servers)
  }
  informer.onChange({ add: look, update: look, delete: look })
}
