import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { KubeObject } from '@kapell/openapi/meta/object'
import { endpointSlices, services } from '@kapell/openapi/meta/refs'
import type { ResourceRef } from '@kapell/openapi/meta/resource-ref'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1EndpointSlice, V1Service } from '@kapell/openapi/types'
import { isIPv4 } from 'node:net'
import { isDeepStrictEqual } from 'node:util'

const namespace = 'kube-system'
const name = 'kube-dns'

export interface KubeDnsOptions {
  /** May write Services and EndpointSlices of kube-system. */
  client: ApiClient
  /** The cluster address that pods have in their resolv.conf, for example "10.96.0.10". */
  clusterDnsIp: string
  nodeName: string
  /** Where this node's name server listens. */
  address: string
  port: number
}

/**
 * Makes or mends the Service kube-dns and this node's part of its endpoints. Pods of a node ask that node's own
 * server (internalTrafficPolicy Local), so that a name server that is away concerns its own node only.
 */
export async function ensureKubeDns(options: KubeDnsOptions): Promise<void> {
  const { client, clusterDnsIp, nodeName, address, port } = options
  const labels = { 'k8s-app': 'kube-dns', 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'kapell-dns' }
  const service: V1Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels },
    spec: {
      type: 'ClusterIP',
      clusterIP: clusterDnsIp,
      clusterIPs: [clusterDnsIp],
      internalTrafficPolicy: 'Local',
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP', targetPort: port },
        { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: port },
      ],
    },
  }
  const slice: V1EndpointSlice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-${nodeName}`,
      namespace,
      labels: {
        'kubernetes.io/service-name': name,
        'endpointslice.kubernetes.io/managed-by': 'kapell-node-agent',
      },
    },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address], conditions: { ready: true, serving: true, terminating: false }, nodeName }],
    ports: [
      { name: 'dns', port, protocol: 'UDP' },
      { name: 'dns-tcp', port, protocol: 'TCP' },
    ],
  }
  await ensure(client, services, service, (old) => old.spec?.clusterIP === clusterDnsIp)
  await ensure(
    client,
    endpointSlices,
    slice,
    (old) => isDeepStrictEqual(old.endpoints?.[0]?.addresses, [address]) && old.ports?.[0]?.port === port,
  )
}

/** Creates the object, or replaces one that is not as it must be. */
async function ensure<T extends KubeObject>(
  client: ApiClient,
  ref: ResourceRef<T>,
  object: T,
  isRight: (old: T) => boolean,
): Promise<void> {
  const resource = client.resource(ref, namespace)
  const objectName = object.metadata!.name!
  for (let attempt = 0; ; attempt += 1) {
    try {
      const old = await resource.get(objectName)
      if (isRight(old)) return
      if (ref.kind === 'Service' && attempt < 5) {
        // Its address cannot be changed in place.
        await resource.delete(objectName)
        continue
      }
      await resource.update({
        ...object,
        metadata: { ...object.metadata, resourceVersion: old.metadata?.resourceVersion },
      })
      return
    } catch (error) {
      if (isReason(error, 'NotFound')) {
        try {
          await resource.create(object)
          return
        } catch (createError) {
          if (attempt >= 5 || !isReason(createError, 'AlreadyExists')) throw createError
        }
      } else if (attempt >= 5 || !isReason(error, 'Conflict')) throw error
    }
  }
}

/** The usual address of the name server: the tenth of the Services' range, "10.96.0.10" of "10.96.0.0/16". */
export function clusterDnsIpOf(serviceCidr: string): string {
  const [address = '', bits = ''] = serviceCidr.split('/')
  const value = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)
  const size = 2 ** (32 - Number(bits))
  const ip = Math.floor(value / size) * size + 10
  if (!isIPv4(address) || !(size > 11))
    throw new Error(`the Service range "${serviceCidr}" has no room for a name server`)
  return [24, 16, 8, 0].map((shift) => Math.floor(ip / 2 ** shift) % 256).join('.')
}
