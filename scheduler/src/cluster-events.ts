import type { V1Node } from '@kapell/openapi/types'
import type { ClusterEvent } from './framework/plugin.ts'

const groups: Readonly<Record<string, string>> = {
  StorageClass: 'storage.k8s.io/',
  CSINode: 'storage.k8s.io/',
  CSIDriver: 'storage.k8s.io/',
  CSIStorageCapacity: 'storage.k8s.io/',
  ResourceClaim: 'resource.k8s.io/',
  ResourceSlice: 'resource.k8s.io/',
  DeviceClass: 'resource.k8s.io/',
}

/** As metrics call it: kinds that are not of the core group with their group. */
export function eventLabel(event: ClusterEvent): string {
  const kind = event.replace(/(Add|Update|Delete)$/, '')
  return `${groups[kind] ?? ''}${event}`
}

/** Parts of a node that can make a difference to where pods go, by upstream's names for their changes. */
const parts: readonly (readonly [name: string, part: (node: V1Node) => unknown])[] = [
  ['NodeUpdateNodeAllocatable', ({ status }) => status?.allocatable],
  ['NodeUpdateNodeLabel', ({ metadata }) => metadata?.labels],
  ['NodeUpdateNodeTaint', ({ spec }) => [spec?.taints, spec?.unschedulable]],
  ['NodeUpdateNodeCondition', ({ status }) => status?.conditions?.map(({ type, status: is }) => [type, is])],
  ['NodeUpdateNodeAnnotation', ({ metadata }) => metadata?.annotations],
  ['NodeUpdateNodeDeclaredFeature', ({ status }) => status?.declaredFeatures],
]

/** What of a node changed (the first of it); undefined: nothing but a sign of life. */
export function nodeChange(before: V1Node, after: V1Node): string | undefined {
  return parts.find(([, part]) => JSON.stringify(part(before)) !== JSON.stringify(part(after)))?.[0]
}
