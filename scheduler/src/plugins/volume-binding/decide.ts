import { matchesTerm } from '@kapell/controllers/machinery/placement/node-selector'
import {
  annotationOf,
  annotations,
  classNameOf,
  findVolume,
  reaches,
  requestedSize,
} from '@kapell/controllers/machinery/placement/volumes'
import { selectorFromLabelSelector } from '@kapell/openapi/meta/labels'
import { parseQuantity } from '@kapell/openapi/meta/quantity'
import type { V1Node, V1PersistentVolume, V1PersistentVolumeClaim, V1StorageClass } from '@kapell/openapi/types'
import type { Storage } from '../../framework/storage.ts'
import type { PodClaims } from './claims.ts'

/** What would be done for a pod's claims, were the pod placed on a node. */
export interface Decision {
  /** Volumes that are there, and the claims that get them. */
  matches: { claim: V1PersistentVolumeClaim; volume: V1PersistentVolume }[]
  /** Claims whose volume is to be made. */
  provisions: V1PersistentVolumeClaim[]
}

/** Upstream's words. */
export const reasons = {
  nodeConflict: "node(s) didn't match PersistentVolume's node affinity",
  bindConflict: "node(s) didn't find available persistent volumes to bind",
  noSpace: 'node(s) did not have enough free storage',
  volumeGone: 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)',
}

/** Whether the pod's claims can be had on the node, and how. */
export function decide(claims: PodClaims, node: V1Node, storage: Storage): Decision | string[] {
  const why: string[] = []
  for (const claim of claims.bound) {
    const volume = storage.volume(claim.spec?.volumeName ?? '')
    if (volume === undefined) return [reasons.volumeGone]
    if (!reaches(volume, node)) {
      why.push(reasons.nodeConflict)
      break
    }
  }
  const decision: Decision = { matches: [], provisions: [] }
  const taken = new Set<string>()
  // The small ones first: a large volume taken by a small claim could be the only one for a large claim.
  const bySize = claims.waiting.toSorted((a, b) => requestedSize(a).cmp(requestedSize(b)))
  for (const claim of bySize) {
    const selected = annotationOf(claim, annotations.selectedNode)
    if (selected !== undefined) {
      if (selected !== node.metadata?.name) return [...why, reasons.bindConflict]
      decision.provisions.push(claim)
      continue
    }
    const volume = findVolume({ claim, volumes: storage.candidates(claim), node, taken })
    if (volume !== undefined) {
      taken.add(volume.metadata?.name ?? '')
      decision.matches.push({ claim, volume })
      continue
    }
    const barred = whyNotProvisioned(claim, node, storage)
    if (barred !== undefined) return [...why, barred]
    decision.provisions.push(claim)
  }
  return why.length > 0 ? why : decision
}

/** Why no volume can be made for the claim on the node; undefined when one can. */
function whyNotProvisioned(claim: V1PersistentVolumeClaim, node: V1Node, storage: Storage): string | undefined {
  const storageClass = storage.storageClass(classNameOf(claim))
  if (storageClass === undefined || storageClass.provisioner === 'kubernetes.io/no-provisioner')
    return reasons.bindConflict
  if (!isAllowed(storageClass, node)) return reasons.bindConflict
  return hasCapacity(claim, storageClass, node, storage) ? undefined : reasons.noSpace
}

function isAllowed({ allowedTopologies = [] }: V1StorageClass, node: V1Node): boolean {
  if (allowedTopologies.length === 0) return true
  return allowedTopologies.some(({ matchLabelExpressions = [] }) =>
    matchesTerm(
      { matchExpressions: matchLabelExpressions.map(({ key, values }) => ({ key, operator: 'In', values })) },
      node,
    ),
  )
}

/** Drivers that say what they have left are believed; all others have enough. Source: "Storage Capacity". */
function hasCapacity(
  claim: V1PersistentVolumeClaim,
  storageClass: V1StorageClass,
  node: V1Node,
  storage: Storage,
): boolean {
  if (storage.csiDriver(storageClass.provisioner)?.spec.storageCapacity !== true) return true
  const wanted = requestedSize(claim)
  return storage.capacities().some((capacity) => {
    const limit = capacity.maximumVolumeSize ?? capacity.capacity
    return (
      capacity.storageClassName === storageClass.metadata?.name &&
      limit !== undefined &&
      parseQuantity(limit).cmp(wanted) >= 0 &&
      capacity.nodeTopology !== undefined &&
      selectorFromLabelSelector(capacity.nodeTopology).matches(node.metadata?.labels ?? {})
    )
  })
}
