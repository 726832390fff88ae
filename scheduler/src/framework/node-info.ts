import type { V1Node } from '@kapell/openapi/types'
import type { PodInfo } from './pod-info.ts'
import {
  addResources,
  noResources,
  parseResources,
  type Resources,
} from '@kapell/controllers/machinery/placement/resources'

/** A node as the scheduler counts it: what it offers, and the pods that are (or are about to be) on it. */
export interface NodeInfo {
  readonly name: string
  readonly node: V1Node
  readonly allocatable: Resources
  /** By pod UID. */
  readonly pods: ReadonlyMap<string, PodInfo>
  readonly requested: Resources
  readonly scoringRequested: Resources
}

/** The one the cache changes in place. */
export interface MutableNodeInfo extends NodeInfo {
  node: V1Node
  allocatable: Resources
  pods: Map<string, PodInfo>
}

export function nodeInfo(node: V1Node): MutableNodeInfo {
  return {
    name: node.metadata?.name ?? '',
    node,
    allocatable: parseResources(node.status?.allocatable),
    pods: new Map(),
    requested: noResources(),
    scoringRequested: noResources(),
  }
}

export function addPod(to: MutableNodeInfo, pod: PodInfo): void {
  removePod(to, pod.uid)
  to.pods.set(pod.uid, pod)
  addResources(to.requested, pod.requests)
  addResources(to.scoringRequested, pod.scoringRequests)
}

export function removePod(from: MutableNodeInfo, uid: string): void {
  const pod = from.pods.get(uid)
  if (pod === undefined) return
  from.pods.delete(uid)
  addResources(from.requested, pod.requests, -1)
  addResources(from.scoringRequested, pod.scoringRequests, -1)
}

/** For trying out what would be: preemption removes pods from a copy. */
export function copyNodeInfo(of: NodeInfo): MutableNodeInfo {
  return {
    ...of,
    pods: new Map(of.pods),
    requested: { ...of.requested, scalar: new Map(of.requested.scalar) },
    scoringRequested: { ...of.scoringRequested, scalar: new Map(of.scoringRequested.scalar) },
  }
}
