import { isReason } from '@kapell/openapi/meta/status'
import type { V1APIService } from '@kapell/openapi/types'
import type { ObjectAccess } from '../registry/services.ts'
import { ensureExists } from './ensure.ts'

export const automanaged = 'kube-aggregator.kubernetes.io/automanaged'

/**
 * The groups this server answers for itself, or can, with the priorities that order discovery.
 * Columns: group, priority of the group, versions with theirs.
 */
const localGroups: readonly (readonly [group: string, priority: number, versions: Readonly<Record<string, number>>])[] =
  [
    ['', 18_000, { v1: 1 }],
    ['apps', 17_800, { v1: 15 }],
    ['events.k8s.io', 17_750, { v1: 15 }],
    ['authentication.k8s.io', 17_700, { v1: 15 }],
    ['authorization.k8s.io', 17_600, { v1: 15 }],
    ['autoscaling', 17_500, { v1: 15, v2: 30 }],
    ['batch', 17_400, { v1: 15 }],
    ['certificates.k8s.io', 17_300, { v1: 15 }],
    ['networking.k8s.io', 17_200, { v1: 15, v1beta1: 9 }],
    ['policy', 17_100, { v1: 15 }],
    ['rbac.authorization.k8s.io', 17_000, { v1: 15 }],
    ['storage.k8s.io', 16_800, { v1: 15, v1beta1: 9 }],
    ['admissionregistration.k8s.io', 16_700, { v1: 15, v1beta1: 12, v1alpha1: 9 }],
    ['apiextensions.k8s.io', 16_700, { v1: 15 }],
    ['scheduling.k8s.io', 16_600, { v1: 15 }],
    ['coordination.k8s.io', 16_500, { v1: 15, v1beta1: 13, v1alpha2: 12 }],
    ['node.k8s.io', 16_300, { v1: 15 }],
    ['discovery.k8s.io', 16_200, { v1: 15 }],
    ['resource.k8s.io', 16_200, { v1: 21, v1beta2: 15, v1beta1: 9, v1alpha3: 1 }],
    ['flowcontrol.apiserver.k8s.io', 16_100, { v1: 21 }],
    ['internal.apiserver.k8s.io', 16_000, { v1alpha1: 9 }],
  ]

/** Those of versions that are not served are not made. */
export const localApiServices: readonly V1APIService[] = localGroups.flatMap(([group, priority, versions]) =>
  Object.entries(versions).map(([version, versionPriority]) => ({
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: {
      name: `${version}.${group}`,
      labels: { [automanaged]: 'onstart' },
    },
    spec: { ...(group === '' ? {} : { group }), version, groupPriorityMinimum: priority, versionPriority },
  })),
)

const apiServices = { group: 'apiregistration.k8s.io', plural: 'apiservices' }

/** Makes the APIService of a version that is served, and takes that of one away that was served before. */
export async function settleLocalApiService(
  objects: ObjectAccess,
  service: V1APIService,
  serves: (at: { group: string; version: string }) => boolean,
): Promise<void> {
  const { group = '', version = '' } = service.spec ?? {}
  if (serves({ group, version })) {
    await ensureExists(objects, apiServices, service)
    return
  }
  const name = service.metadata?.name ?? ''
  const found = await objects.getLatest<V1APIService>(apiServices, { name })
  if (found?.metadata?.labels?.[automanaged] !== 'onstart') return
  try {
    await objects.delete(apiServices, { name })
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
  }
}

/** Of groups that custom resources make. */
export const customGroupPriority = 1000

const priorities = new Map<string, number>([
  // That of APIServices themselves has none, and comes first.
  ['apiregistration.k8s.io', Infinity],
  // Where this server answers it; see metrics-api/.
  ['metrics.k8s.io', 100],
  ...localGroups.map(([group, priority]): [string, number] => [group, priority]),
])

/** What a group that this server answers itself counts in discovery's order. */
export const localGroupPriority = (group: string): number => priorities.get(group) ?? customGroupPriority
