import type { InformerFactory } from '@kapell/controllers/machinery/informer-factory'
import type { Logger } from '@kapell/controllers/machinery/log'
import { endpointSlices, namespaces, services } from '@kapell/openapi/meta/refs'
import type { V1EndpointSlice } from '@kapell/openapi/types'
import { readFile } from 'node:fs/promises'
import { createForwarder } from './forward.ts'
import type { ZoneView } from './records.ts'
import { respond } from './respond.ts'
import { listenDns } from './server.ts'

export interface DnsOptions {
  informers: InformerFactory
  /** Where to listen: the gateway address of this node's pods. */
  address: string
  /** Default 53; when that is taken, any free port is used, see ClusterDns.port. 0: any free port. */
  port?: number
  /** Default "cluster.local". */
  clusterDomain?: string
  /** Name servers for other names. Default: those of /etc/resolv.conf. */
  upstreams?: readonly string[]
  log: Logger
}

export interface ClusterDns {
  address: string
  port: number
  /** Once it knows all Services; before, cluster names are SERVFAIL. */
  synced(): Promise<void>
  close(): Promise<void>
}

const byServiceKey = 'serviceKey'
const byAddress = 'address'

/** The name server of this node's pods. Errors: the address cannot be listened on. */
export async function startDns(options: DnsOptions): Promise<ClusterDns> {
  const { informers, address, log } = options
  const serviceInformer = informers.informer(services, {
    indexers: { [byAddress]: (service) => service.spec?.clusterIPs ?? [service.spec?.clusterIP ?? ''] },
  })
  const sliceInformer = informers.informer(endpointSlices, {
    indexers: {
      [byServiceKey]: (slice) => [serviceKeyOf(slice)],
      [byAddress]: (slice) => (slice.endpoints ?? []).flatMap((each) => each.addresses),
    },
  })
  const namespaceInformer = informers.informer(namespaces)
  // Until the caches are full, an honest failure: "no such name" would be remembered by clients.
  const whenKnown = () => {
    if (!serviceInformer.hasSynced || !sliceInformer.hasSynced) throw new Error('Services are not known yet')
    return serviceInformer.lister
  }
  const view: ZoneView = {
    zone: (options.clusterDomain ?? 'cluster.local').toLowerCase().replace(/\.$/, ''),
    service: (namespace, name) => whenKnown().get(`${namespace}/${name}`),
    slices: (namespace, name) => sliceInformer.lister.byIndex(byServiceKey, `${namespace}/${name}`),
    hasNamespace: (namespace) =>
      namespaceInformer.hasSynced
        ? namespaceInformer.lister.get(namespace) !== undefined
        : whenKnown().inNamespace(namespace).length > 0,
    serviceByIp: (ip) => serviceInformer.lister.byIndex(byAddress, ip)[0],
    slicesByIp: (ip) => sliceInformer.lister.byIndex(byAddress, ip),
  }
  const upstreams = options.upstreams ?? (await hostServers())
  const forwarder = createForwarder({ servers: upstreams.filter((each) => each !== address) })
  const synced = Promise.all([serviceInformer.synced(), sliceInformer.synced()]).then(() => undefined)
  synced.catch(() => undefined)
  const listen = (port: number) =>
    listenDns({
      address,
      port,
      log,
      respond: (message, transport) => respond(message, transport, { view, forwarder }),
    })
  const wanted = options.port ?? 53
  const sockets = await listen(wanted).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE' || wanted === 0) throw new Error(`cannot serve DNS on ${address}: ${error.message}`)
    log.info('the DNS port is taken; using another', { address, port: wanted })
    return listen(0)
  })
  return {
    address,
    port: sockets.port,
    synced: () => synced,
    close: async () => {
      forwarder.close()
      await sockets.close()
    },
  }
}

const serviceKeyOf = (slice: V1EndpointSlice): string =>
  `${slice.metadata?.namespace ?? ''}/${slice.metadata?.labels?.['kubernetes.io/service-name'] ?? ''}`

/** The machine's own name servers. Those on loopback work too: it is the agent that asks them, not the pods. */
export async function hostServers(file = '/etc/resolv.conf'): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '')
  return [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map((match) => match[1]!).slice(0, 3)
}
