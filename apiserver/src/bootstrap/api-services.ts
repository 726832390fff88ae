import type { V1APIService } from '@kapell/openapi/types'

/**
 * The groups this server answers for itself, with the priorities that order discovery.
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
    ['networking.k8s.io', 17_200, { v1: 15 }],
    ['policy', 17_100, { v1: 15 }],
    ['rbac.authorization.k8s.io', 17_000, { v1: 15 }],
    ['storage.k8s.io', 16_800, { v1: 15 }],
    ['admissionregistration.k8s.io', 16_700, { v1: 15 }],
    ['apiextensions.k8s.io', 16_700, { v1: 15 }],
    ['scheduling.k8s.io', 16_600, { v1: 15 }],
    ['coordination.k8s.io', 16_500, { v1: 15 }],
    ['node.k8s.io', 16_300, { v1: 15 }],
    ['discovery.k8s.io', 16_200, { v1: 15 }],
    ['resource.k8s.io', 16_200, { v1: 21 }],
    ['flowcontrol.apiserver.k8s.io', 16_100, { v1: 21 }],
  ]

export const localApiServices: readonly V1APIService[] = localGroups.flatMap(([group, priority, versions]) =>
  Object.entries(versions).map(([version, versionPriority]) => ({
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: {
      name: `${version}.${group}`,
      labels: { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' },
    },
    spec: { ...(group === '' ? {} : { group }), version, groupPriorityMinimum: priority, versionPriority },
  })),
)

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
