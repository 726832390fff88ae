import { isIPv6 } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import type { V1Endpoints, V1EndpointSlice } from '@kapell/openapi/types'
import { isReason } from '@kapell/openapi/meta/status'
import type { ObjectAccess } from '../registry/services.ts'
import type { ServerLogger } from '../server/log.ts'
import { ensureExists } from './ensure.ts'
import type { Advertise } from './kubernetes-service.ts'
import type { ServerLeases } from './server-leases.ts'

/** Twice in the life of a lease, nearly. Source: upstream's endpoint reconciler. */
const everyMs = 10_000
/** A store that is gone keeps no server from stopping. */
const leaveMs = 2000

const at = { namespace: 'default', name: 'kubernetes' }

export interface KubernetesEndpointsOptions {
  leases: ServerLeases
  objects: ObjectAccess
  advertise: Advertise
  log: ServerLogger
  everyMs?: number
}

/** The endpoints of the Service "kubernetes": all API servers of this state that are alive. */
export interface KubernetesEndpoints {
  /** Takes part, and makes the endpoints what they should be; again and again until it leaves. */
  join(): Promise<void>
  /** One look. */
  reconcile(): Promise<void>
  /** Takes this server away. The last one leaves the endpoints as they are. */
  leave(): Promise<void>
}

export function createKubernetesEndpoints(options: KubernetesEndpointsOptions): KubernetesEndpoints {
  const { leases, objects, advertise, log } = options
  // A loopback address means nothing to a pod: such a server (a test's) is reached by its clients only.
  const takesPart = !advertise.address.startsWith('127.') && advertise.address !== '::1'
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()

  const publish = async (): Promise<void> => {
    const addresses = await leases.addresses()
    if (addresses.length === 0) return
    await Promise.all([
      publishEndpoints(objects, addresses, advertise.port),
      publishSlice(objects, addresses, advertise),
    ])
  }
  const reconcile = async (): Promise<void> => {
    await leases.renew(advertise.address)
    await publish()
  }
  const tick = (): void => {
    running = reconcile()
      .catch((error: unknown) => log.warn('the endpoints of the API cannot be kept', { error: String(error) }))
      .then(() => {
        if (timer !== undefined) arm()
      })
  }
  const arm = (): void => {
    timer = setTimeout(tick, options.everyMs ?? everyMs)
    timer.unref()
  }
  return {
    reconcile,
    join: async () => {
      if (!takesPart) return
      await reconcile()
      arm()
    },
    leave: async () => {
      if (timer === undefined) return
      clearTimeout(timer)
      timer = undefined
      const left = (async () => {
        await running
        await leases.release(advertise.address)
        await publish()
      })()
      left.catch((error: unknown) =>
        log.warn('the endpoints of the API still show this server', { error: String(error) }),
      )
      await Promise.race([
        left.catch(() => {}),
        new Promise((resolve) => {
          setTimeout(resolve, leaveMs).unref()
        }),
      ])
    },
  }
}

const portOf = (port: number) => ({ name: 'https', port, protocol: 'TCP' })

async function publishEndpoints(objects: ObjectAccess, addresses: readonly string[], port: number): Promise<void> {
  const resource = { group: '', plural: 'endpoints' }
  const subsets = [{ addresses: addresses.map((ip) => ({ ip })), ports: [portOf(port)] }]
  const endpoints: V1Endpoints = {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { ...at, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets,
  }
  if (await ensureExists(objects, resource, endpoints)) return
  if (isDeepStrictEqual(objects.get<V1Endpoints>(resource, at)?.subsets, subsets)) return
  await objects.update<V1Endpoints>(resource, at, (stored) => {
    stored.subsets = subsets
  })
}

/** A slice has addresses of one family: that of this server. */
async function publishSlice(objects: ObjectAccess, all: readonly string[], advertise: Advertise): Promise<void> {
  const resource = { group: 'discovery.k8s.io', plural: 'endpointslices' }
  const isV6 = isIPv6(advertise.address)
  const slice: V1EndpointSlice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...at, labels: { 'kubernetes.io/service-name': at.name } },
    addressType: isV6 ? 'IPv6' : 'IPv4',
    endpoints: all
      .filter((address) => isIPv6(address) === isV6)
      .map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [portOf(advertise.port)],
  }
  if (await ensureExists(objects, resource, slice)) return
  const stored = objects.get<V1EndpointSlice>(resource, at)
  if (isDeepStrictEqual([stored?.endpoints, stored?.ports], [slice.endpoints, slice.ports])) return
  try {
    await objects.update<V1EndpointSlice>(resource, at, (next) => {
      next.endpoints = slice.endpoints
      next.ports = slice.ports ?? []
    })
  } catch (error) {
    // Its address type never changes: a server that moved to the other family makes a new slice.
    if (!isReason(error, 'Invalid')) throw error
    await objects.delete(resource, at)
    await ensureExists(objects, resource, slice)
  }
}
