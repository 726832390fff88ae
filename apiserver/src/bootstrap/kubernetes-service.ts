import type { V1Endpoints, V1EndpointSlice, V1Service, V1ServiceCIDR } from '@kapell/openapi/types'
import { isReason } from '@kapell/openapi/meta/status'
import { parseCidr } from '../resources/common/ip.ts'
import type { ObjectAccess, ServerConfig } from '../registry/services.ts'
import { ensureExists } from './ensure.ts'

/** The Service by which pods reach the API, and the range it takes its address from. */

const name = 'kubernetes'
const namespace = 'default'
const serviceCidrs = { group: 'networking.k8s.io', plural: 'servicecidrs' }
const at = { namespace, name }

/** Where this server is reached from elsewhere. */
export interface Advertise {
  /** An IP address. */
  address: string
  port: number
}

export async function ensureServiceRange(objects: ObjectAccess, config: ServerConfig, now: Date): Promise<void> {
  const cidr: V1ServiceCIDR = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name },
    spec: { cidrs: [...config.serviceClusterIpRanges] },
  }
  await ensureExists(objects, serviceCidrs, cidr)
  if (objects.get<V1ServiceCIDR>(serviceCidrs, { name })?.status?.conditions?.some((c) => c.type === 'Ready')) return
  await objects.update<V1ServiceCIDR>(serviceCidrs, { name, subresource: 'status' }, (stored) => {
    stored.status = {
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: '',
          message: 'Kubernetes default Service CIDR is ready',
          lastTransitionTime: `${now.toISOString().slice(0, 19)}Z`,
        },
      ],
    }
  })
}

export async function ensureKubernetesService(
  objects: ObjectAccess,
  config: ServerConfig,
  advertise: Advertise,
): Promise<void> {
  const range = parseCidr(config.serviceClusterIpRanges[0] ?? '')
  if (range === undefined) throw new Error(`not a service range: ${JSON.stringify(config.serviceClusterIpRanges[0])}`)
  const service: V1Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...at, labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      type: 'ClusterIP',
      clusterIP: range.at(1n),
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: advertise.port }],
      sessionAffinity: 'None',
    },
  }
  await ensureExists(objects, { group: '', plural: 'services' }, service)
  // A loopback address means nothing to a pod: such a server (a test's) is reached by its clients only.
  if (advertise.address.startsWith('127.') || advertise.address === '::1') return
  await Promise.all([publishEndpoints(objects, advertise), publishSlice(objects, advertise)])
}

async function publishEndpoints(objects: ObjectAccess, { address, port }: Advertise): Promise<void> {
  const resource = { group: '', plural: 'endpoints' }
  const subsets = [{ addresses: [{ ip: address }], ports: [{ name: 'https', port, protocol: 'TCP' }] }]
  const endpoints: V1Endpoints = {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { ...at, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets,
  }
  if (await ensureExists(objects, resource, endpoints)) return
  await objects.update<V1Endpoints>(resource, at, (stored) => {
    stored.subsets = subsets
  })
}

async function publishSlice(objects: ObjectAccess, { address, port }: Advertise): Promise<void> {
  const resource = { group: 'discovery.k8s.io', plural: 'endpointslices' }
  const addressType = address.includes(':') ? 'IPv6' : 'IPv4'
  const slice: V1EndpointSlice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...at, labels: { 'kubernetes.io/service-name': name } },
    addressType,
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  }
  if (await ensureExists(objects, resource, slice)) return
  try {
    await objects.update<V1EndpointSlice>(resource, at, (stored) => {
      stored.endpoints = slice.endpoints
      stored.ports = slice.ports ?? []
    })
  } catch (error) {
    // Its address type never changes: a server that moved to the other family makes a new slice.
    if (!isReason(error, 'Invalid')) throw error
    await objects.delete(resource, at)
    await ensureExists(objects, resource, slice)
  }
}
