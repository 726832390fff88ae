import { controllerReference } from '@kapell/controllers/machinery/owner-refs'
import { endpoints as endpointsRef } from '@kapell/openapi/meta/refs'
import type {
  V1Endpoint,
  V1EndpointAddress,
  V1Endpoints,
  V1EndpointSlice,
  V1EndpointSubset,
  V1Service,
} from '@kapell/openapi/types'
import { sameMeaning } from '../shared/equal.ts'
import { familyOf } from '../shared/service-pods.ts'

/** Source: concepts page "EndpointSlices", "EndpointSlice mirroring". */
export const managedBy = 'endpointslicemirroring-controller.k8s.io'
export const managedByLabel = 'endpointslice.kubernetes.io/managed-by'
export const serviceLabel = 'kubernetes.io/service-name'
const skipLabel = 'endpointslice.kubernetes.io/skip-mirror'
const leaderAnnotation = 'control-plane.alpha.kubernetes.io/leader'
const notMirrored = new Set([
  'endpoints.kubernetes.io/last-change-trigger-time',
  'kubectl.kubernetes.io/last-applied-configuration',
])
/** Addresses of a subset beyond these are left out. */
export const maxPerSubset = 1000

/** Only what somebody keeps by hand: Services with a selector have slices already. */
export function isMirrored(endpoints: V1Endpoints | undefined, service: V1Service | undefined): boolean {
  return (
    endpoints !== undefined &&
    service !== undefined &&
    endpoints.metadata?.deletionTimestamp === undefined &&
    service.metadata?.deletionTimestamp === undefined &&
    endpoints.metadata?.labels?.[skipLabel] !== 'true' &&
    endpoints.metadata?.annotations?.[leaderAnnotation] === undefined &&
    Object.keys(service.spec?.selector ?? {}).length === 0
  )
}

/** The slices that say what the Endpoints say: one for each subset and family. */
export function mirrorSlices(endpoints: V1Endpoints): { slices: V1EndpointSlice[]; left: number } {
  const slices: V1EndpointSlice[] = []
  let left = 0
  for (const subset of endpoints.subsets ?? [])
    for (const addressType of ['IPv4', 'IPv6'] as const) {
      const all = [...mirrored(subset.addresses, true), ...mirrored(subset.notReadyAddresses, false)].filter(
        ({ addresses }) => familyOf(addresses[0] ?? '') === addressType,
      )
      if (all.length === 0) continue
      left += Math.max(all.length - maxPerSubset, 0)
      slices.push(sliceOf(endpoints, subset, addressType, all.slice(0, maxPerSubset)))
    }
  return { slices, left }
}

function mirrored(addresses: readonly V1EndpointAddress[] | undefined, ready: boolean): V1Endpoint[] {
  return (addresses ?? []).map(({ ip, hostname, nodeName, targetRef }) => ({
    addresses: [ip],
    conditions: { ready },
    ...(hostname === undefined || hostname === '' ? {} : { hostname }),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(targetRef === undefined ? {} : { targetRef }),
  }))
}

function sliceOf(
  endpoints: V1Endpoints,
  subset: V1EndpointSubset,
  addressType: string,
  found: V1Endpoint[],
): V1EndpointSlice {
  const { name = '', namespace, labels, annotations } = endpoints.metadata ?? {}
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${name.slice(0, 247)}-`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...labels, [serviceLabel]: name, [managedByLabel]: managedBy },
      annotations: Object.fromEntries(Object.entries(annotations ?? {}).filter(([key]) => !notMirrored.has(key))),
      ownerReferences: [controllerReference(endpoints, endpointsRef)],
    },
    addressType,
    endpoints: found,
    ports: (subset.ports ?? []).map(({ name: port = '', ...rest }) => ({ name: port, protocol: 'TCP', ...rest })),
  }
}

export interface MirrorPlan {
  create: V1EndpointSlice[]
  update: V1EndpointSlice[]
  delete: V1EndpointSlice[]
}

/** What has to be written: slices of the same family and ports are kept and brought up to date. */
export function planMirror(existing: readonly V1EndpointSlice[], wanted: readonly V1EndpointSlice[]): MirrorPlan {
  const plan: MirrorPlan = { create: [], update: [], delete: [] }
  const left = [...existing]
  for (const slice of wanted) {
    const at = left.findIndex((one) => one.addressType === slice.addressType && sameMeaning(one.ports, slice.ports))
    const known = at < 0 ? undefined : left.splice(at, 1)[0]
    if (known === undefined) plan.create.push(slice)
    else if (
      !sameMeaning(known.endpoints, slice.endpoints) ||
      !sameMeaning(known.metadata?.labels, slice.metadata?.labels) ||
      !sameMeaning(known.metadata?.annotations, slice.metadata?.annotations)
    )
      plan.update.push({
        ...known,
        metadata: {
          ...known.metadata,
          ...(slice.metadata?.labels === undefined ? {} : { labels: slice.metadata.labels }),
          ...(slice.metadata?.annotations === undefined ? {} : { annotations: slice.metadata.annotations }),
        },
        ...(slice.endpoints === undefined ? {} : { endpoints: slice.endpoints }),
      })
  }
  plan.delete.push(...left)
  return plan
}
