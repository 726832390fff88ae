import type { V1Service, V1ServiceCIDR } from '@kapell/openapi/types'
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
}
