import type {
  CoreV1EndpointPort,
  V1EndpointAddress,
  V1EndpointSubset,
  V1Endpoints,
  V1Pod,
  V1Service,
} from '@kapell/openapi/types'
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

/** More addresses than this are left out. Source: concepts page "Service", "Over-capacity endpoints". */
const maxAddresses = 1000
export const capacityAnnotation = 'endpoints.kubernetes.io/over-capacity'
export const triggerAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time'
const managedByLabel = 'endpoints.kubernetes.io/managed-by'
const headlessLabel = 'service.kubernetes.io/headless'

interface Row {
  address: V1EndpointAddress
  ports: ResolvedPort[]
  ready: boolean
}

/** The Endpoints of a Service as its pods make them; what `existing` carries besides stays. */
export function desiredEndpoints(
  service: V1Service,
  pods: readonly V1Pod[],
  existing: V1Endpoints | undefined,
): V1Endpoints {
  const { rows, truncated } = truncate(rowsOf(service, pods))
  const { [headlessLabel]: _, ...labels } = service.metadata?.labels ?? {}
  const { [capacityAnnotation]: __, ...annotations } = existing?.metadata?.annotations ?? {}
  const time = triggerTime(service, pods)
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      ...existing?.metadata,
      ...(service.metadata?.name === undefined ? {} : { name: service.metadata.name }),
      ...(service.metadata?.namespace === undefined ? {} : { namespace: service.metadata.namespace }),
      labels: {
        ...labels,
        ...(isHeadless(service) ? { [headlessLabel]: '' } : {}),
        [managedByLabel]: 'endpoint-controller',
      },
      annotations: {
        ...annotations,
        ...(time === undefined ? {} : { [triggerAnnotation]: time }),
        ...(truncated ? { [capacityAnnotation]: 'truncated' } : {}),
      },
    },
    subsets: subsetsOf(rows),
  }
}

function rowsOf(service: V1Service, pods: readonly V1Pod[]): Row[] {
  const family = service.spec?.ipFamilies?.[0] ?? 'IPv4'
  const publishAll = service.spec?.publishNotReadyAddresses === true
  const rows: Row[] = []
  for (const pod of pods) {
    if (!isReachable(pod) || (isDeleting(pod) && !publishAll)) continue
    const ip = addressesOf(pod).find((one) => familyOf(one) === family)
    const ports = resolvePorts(service, pod)
    if (ip === undefined || (ports.length === 0 && !isHeadless(service))) continue
    const hostname = hostnameFor(service, pod)
    const { namespace, name, uid } = pod.metadata ?? {}
    rows.push({
      ports,
      ready: publishAll || isReady(pod),
      address: {
        ip,
        ...(hostname === undefined ? {} : { hostname }),
        ...(pod.spec?.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
        targetRef: {
          kind: 'Pod',
          ...(namespace === undefined ? {} : { namespace }),
          ...(name === undefined ? {} : { name }),
          ...(uid === undefined ? {} : { uid }),
        },
      },
    })
  }
  return rows.sort((a, b) => (a.address.ip < b.address.ip ? -1 : 1))
}

/** Ready ones go before the others. */
function truncate(rows: Row[]): { rows: Row[]; truncated: boolean } {
  if (rows.length <= maxAddresses) return { rows, truncated: false }
  const ordered = [...rows.filter(({ ready }) => ready), ...rows.filter(({ ready }) => !ready)]
  return { rows: ordered.slice(0, maxAddresses), truncated: true }
}

/** Ports that the very same addresses have are told of together: one subset for each set of addresses. */
function subsetsOf(rows: readonly Row[]): V1EndpointSubset[] {
  const numbers = new Map(rows.map((row, i) => [row, i]))
  const byPort = new Map<string, { port: ResolvedPort | undefined; rows: Row[] }>()
  for (const row of rows)
    for (const port of row.ports.length === 0 ? [undefined] : row.ports) {
      const id = JSON.stringify(port ?? null)
      const known = byPort.get(id)
      if (known === undefined) byPort.set(id, { port, rows: [row] })
      else known.rows.push(row)
    }
  const groups = new Map<string, { ports: ResolvedPort[]; rows: Row[] }>()
  for (const { port, rows: members } of byPort.values()) {
    const id = members.map((row) => numbers.get(row)).join()
    const known = groups.get(id)
    if (known === undefined) groups.set(id, { ports: port === undefined ? [] : [port], rows: members })
    else if (port !== undefined) known.ports.push(port)
  }
  return [...groups.values()].map(({ ports, rows: members }) => {
    const ready = members.filter((row) => row.ready).map(({ address }) => address)
    const notReady = members.filter((row) => !row.ready).map(({ address }) => address)
    return {
      ...(ready.length === 0 ? {} : { addresses: ready }),
      ...(notReady.length === 0 ? {} : { notReadyAddresses: notReady }),
      ...(ports.length === 0 ? {} : { ports: ports.map(portOf) }),
    }
  })
}

function portOf({ name, port = 0, protocol, appProtocol }: ResolvedPort): CoreV1EndpointPort {
  return {
    ...(name === '' ? {} : { name }),
    port,
    protocol,
    ...(appProtocol === undefined ? {} : { appProtocol }),
  }
}
