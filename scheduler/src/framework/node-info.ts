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
  /** Its place in the arrays that hold one number a node; given anew when the node is gone. */
  readonly slot: number
  /** Never the same for two different states of any node: answers that depend on one node alone are kept by it. */
  readonly generation: number
  readonly node: V1Node
  readonly labels: Readonly<Record<string, string>>
  readonly allocatable: Resources
  /** By pod UID. */
  readonly pods: ReadonlyMap<string, PodInfo>
  readonly requested: Resources
  readonly scoringRequested: Resources
}

/** The one the cache changes in place. */
export interface MutableNodeInfo extends NodeInfo {
  generation: number
  node: V1Node
  labels: Readonly<Record<string, string>>
  allocatable: Resources
  pods: Map<string, PodInfo>
}

let lastGeneration = 0

export function nodeInfo(node: V1Node, slot = 0): MutableNodeInfo {
  return {
    name: node.metadata?.name ?? '',
    slot,
    generation: ++lastGeneration,
    node,
    labels: node.metadata?.labels ?? {},
    allocatable: parseResources(node.status?.allocatable),
    pods: new Map(),
    requested: noResources(),
    scoringRequested: noResources(),
  }
}

export function replaceNode(info: MutableNodeInfo, node: V1Node): void {
  info.generation = ++lastGeneration
  info.node = node
  info.labels = node.metadata?.labels ?? {}
  info.allocatable = parseResources(node.status?.allocatable)
}

export function addPod(to: MutableNodeInfo, pod: PodInfo): void {
  removePod(to, pod.uid)
  to.generation = ++lastGeneration
  to.pods.set(pod.uid, pod)
  addResources(to.requested, pod.requests)
  addResources(to.scoringRequested, pod.scoringRequests)
}

export function removePod(from: MutableNodeInfo, uid: string): void {
  const pod = from.pods.get(uid)
  if (pod === undefined) return
  from.generation = ++lastGeneration
  from.pods.delete(uid)
  addResources(from.requested, pod.requests, -1)
  addResources(from.scoringRequested, pod.scoringRequests, -1)
}
