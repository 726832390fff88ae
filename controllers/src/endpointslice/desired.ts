import { controllerReference } from '@kapell/controllers/machinery/owner-refs'
import { services } from '@kapell/openapi/meta/refs'
import type { V1Endpoint, V1EndpointHints, V1EndpointSlice, V1Pod, V1Service } from '@kapell/openapi/types'
import { isDeleting, isReady } from '../shared/pods.ts'
import {
  addressesOf,
  familyOf,
  hostnameFor,
  isHeadless,
  isReachable,
  resolvePorts,
  triggerTime,
  type ResolvedPort,
} from '../shared/service-pods.ts'

export const managedBy = 'endpointslice-controller.k8s.io'
export const managedByLabel = 'endpointslice.kubernetes.io/managed-by'
export const serviceLabel = 'kubernetes.io/service-name'
const headlessLabel = 'service.kubernetes.io/headless'
const triggerAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time'

/** Endpoints that may share slices: of one family, with the same ports. */
export interface EndpointGroup {
  addressType: string
  ports: ResolvedPort[]
  endpoints: V1Endpoint[]
}

/** What a Service's slices must hold together. Families without an endpoint have one empty group each. */
export function desiredGroups(
  service: V1Service,
  pods: readonly V1Pod[],
  zoneOf: (node: string) => string | undefined,
): EndpointGroup[] {
  const groups = new Map<string, EndpointGroup>()
  for (const family of service.spec?.ipFamilies ?? ['IPv4']) {
    const before = groups.size
    for (const pod of pods) {
      const address = isReachable(pod) ? addressesOf(pod).find((one) => familyOf(one) === family) : undefined
      if (address === undefined) continue
      const ports = resolvePorts(service, pod)
      const id = groupId(family, ports)
      let group = groups.get(id)
      if (group === undefined) groups.set(id, (group = { addressType: family, ports, endpoints: [] }))
      group.endpoints.push(endpointOf(service, pod, address, zoneOf))
    }
    if (groups.size === before) groups.set(groupId(family, []), { addressType: family, ports: [], endpoints: [] })
  }
  return [...groups.values()]
}

export function groupId(addressType: string, ports: V1EndpointSlice['ports'] | ResolvedPort[]): string {
  const texts = (ports ?? []).map(({ name = '', port, protocol = 'TCP', appProtocol = '' }) =>
    JSON.stringify([name, port, protocol, appProtocol]),
  )
  return `${addressType} ${texts.sort().join()}`
}

function endpointOf(
  service: V1Service,
  pod: V1Pod,
  address: string,
  zoneOf: (node: string) => string | undefined,
): V1Endpoint {
  const serving = isReady(pod)
  const terminating = isDeleting(pod)
  const node = pod.spec?.nodeName
  const zone = node === undefined ? undefined : zoneOf(node)
  const hostname = hostnameFor(service, pod)
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating)
  const hints = ready ? hintsFor(service.spec?.trafficDistribution, node, zone) : undefined
  const { namespace, name, uid } = pod.metadata ?? {}
  return {
    addresses: [address],
    conditions: {
      ready,
      serving,
      terminating,
    },
    ...(hostname === undefined ? {} : { hostname }),
    targetRef: {
      kind: 'Pod',
      ...(namespace === undefined ? {} : { namespace }),
      ...(name === undefined ? {} : { name }),
      ...(uid === undefined ? {} : { uid }),
    },
    ...(node === undefined ? {} : { nodeName: node }),
    ...(zone === undefined ? {} : { zone }),
    ...(hints === undefined ? {} : { hints }),
  }
}

/**
 * From where an endpoint should be used first: its own zone, or its own node and else its zone. Endpoints that are not
 * ready say nothing, for proxies weigh only those that are. Source: the API's trafficDistribution.
 */
export function hintsFor(
  distribution: string | undefined,
  node: string | undefined,
  zone: string | undefined,
): V1EndpointHints | undefined {
  const forZones = zone === undefined ? {} : { forZones: [{ name: zone }] }
  if (distribution === 'PreferSameNode' && node !== undefined) return { forNodes: [{ name: node }], ...forZones }
  if ((distribution === 'PreferClose' || distribution === 'PreferSameZone') && zone !== undefined) return forZones
  return undefined
}

/** The labels of each slice: the Service's, and how to find them. */
export function sliceLabels(service: V1Service): Record<string, string> {
  const { [headlessLabel]: _, ...own } = service.metadata?.labels ?? {}
  return {
    ...own,
    [serviceLabel]: service.metadata?.name ?? '',
    [managedByLabel]: managedBy,
    ...(isHeadless(service) ? { [headlessLabel]: '' } : {}),
  }
}

export function newSlice(service: V1Service, group: EndpointGroup, endpoints: V1Endpoint[]): V1EndpointSlice {
  const { name = '', namespace } = service.metadata ?? {}
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${name.slice(0, 247)}-`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: sliceLabels(service),
      ownerReferences: [controllerReference(service, services)],
    },
    addressType: group.addressType,
    endpoints,
    ports: group.ports,
  }
}

/** Notes in a slice about to be written since when what it tells is so. */
export function withTrigger(slice: V1EndpointSlice, service: V1Service, pods: readonly V1Pod[]): V1EndpointSlice {
  const shown = new Set(slice.endpoints?.map(({ targetRef }) => targetRef?.uid))
  const time = triggerTime(
    service,
    pods.filter((pod) => shown.has(pod.metadata?.uid)),
  )
  if (time === undefined) return slice
  return {
    ...slice,
    metadata: { ...slice.metadata, annotations: { ...slice.metadata?.annotations, [triggerAnnotation]: time } },
  }
}
