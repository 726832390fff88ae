import type { NodeInfo } from './node-info.ts'
import type { PodInfo } from './pod-info.ts'
import type { TermGroup } from './term-groups.ts'

/**
 * The nodes a cycle looks at, and counts of what is on them. It is a live view of the cache, not a copy: a cycle is
 * synchronous up to its decision, so nothing can change under its feet, and 5,000 nodes cost nothing to "copy".
 */
export interface Snapshot {
  readonly nodes: readonly NodeInfo[]
  get(name: string): NodeInfo | undefined
  /** How many slots there are: the length of every array that has one number a node. */
  readonly slots: number
  /** The values of a topology label, numbered. */
  domains(topologyKey: string): Domains
  /**
   * How many pods of each node (by slot) `matches` holds for. Kept current from now on, as long as it is asked for:
   * `identity` must tell apart all that the predicate depends on beside the pod.
   */
  countPods(identity: string, matches: (pod: PodInfo) => boolean): Int32Array
  /** The (anti-)affinity terms of pods that are there, alike ones together; those that could concern the namespace. */
  termGroups(namespace: string): Iterable<TermGroup>
  /** How many nodes have an image of that name. */
  nodesWithImage(name: string): number
  /** Tries out other pods on a node, for as long as nothing is awaited: {@link Trial.end} restores what was. */
  trial(nodeName: string): Trial | undefined
}

export interface Domains {
  /** By slot: the number of the node's domain, or -1 without the label. */
  ids: Int32Array
  count: number
}

export interface Trial {
  readonly node: NodeInfo
  add: (pod: PodInfo) => void
  remove: (uid: string) => void
  end: () => void
}
