import type { V1Node } from '@kapell/openapi/types'
import { addPod, nodeInfo, removePod, replaceNode, type MutableNodeInfo, type NodeInfo } from './framework/node-info.ts'
import { PodCounters } from './framework/pod-counters.ts'
import type { PodInfo } from './framework/pod-info.ts'
import type { Domains, Snapshot, Trial } from './framework/snapshot.ts'
import { TermGroups, type TermGroup } from './framework/term-groups.ts'
import { Topology } from './framework/topology.ts'

/**
 * What is where: nodes with their pods, those that the API server already tells of and those that this scheduler has
 * just placed and whose binding is under way ("assumed").
 */
export class SchedulerCache implements Snapshot {
  readonly #nodes = new Map<string, MutableNodeInfo>()
  /** Pods by UID, also those on nodes that are not known (yet, or any more). */
  readonly #pods = new Map<string, { pod: PodInfo; nodeName: string; assumed: boolean }>()
  /** Node names of pods on nodes that are not known, with the pods' UIDs. */
  readonly #homeless = new Map<string, Set<string>>()
  readonly #counters = new PodCounters()
  readonly #groups = new TermGroups()
  readonly #topology = new Topology()
  readonly #images = new Map<string, number>()
  readonly #freeSlots: number[] = []
  #slots = 0
  #list: MutableNodeInfo[] | undefined

  get nodes(): readonly NodeInfo[] {
    return (this.#list ??= [...this.#nodes.values()])
  }

  /** For metrics: goes through all pods. */
  get sizes(): { nodes: number; pods: number; assumed: number } {
    let assumed = 0
    for (const pod of this.#pods.values()) if (pod.assumed) assumed++
    return { nodes: this.#nodes.size, pods: this.#pods.size, assumed }
  }

  get slots(): number {
    return this.#slots
  }

  get(name: string): NodeInfo | undefined {
    return this.#nodes.get(name)
  }

  domains(topologyKey: string): Domains {
    return this.#topology.domains(topologyKey, this)
  }

  countPods(identity: string, matches: (pod: PodInfo) => boolean): Int32Array {
    return this.#counters.counts(identity, matches, this)
  }

  termGroups(namespace: string): Iterable<TermGroup> {
    return this.#groups.concerning(namespace)
  }

  nodesWithImage(name: string): number {
    return this.#images.get(name) ?? 0
  }

  setNode(node: V1Node): void {
    const name = node.metadata?.name ?? ''
    const known = this.#nodes.get(name)
    if (known !== undefined) {
      this.#countImages(known.node, -1)
      if (!sameLabels(known.labels, node.metadata?.labels ?? {})) this.#topology.reset()
      replaceNode(known, node)
    } else {
      const info = nodeInfo(node, this.#freeSlots.pop() ?? this.#slots++)
      this.#nodes.set(name, info)
      this.#list = undefined
      this.#topology.reset()
      for (const uid of this.#homeless.get(name) ?? []) {
        const waiting = this.#pods.get(uid)
        if (waiting !== undefined) this.#place(info, waiting.pod)
      }
      this.#homeless.delete(name)
    }
    this.#countImages(node, 1)
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name)
    if (info === undefined) return
    const uids = [...info.pods.keys()]
    for (const uid of uids) this.#displace(info, uid)
    if (uids.length > 0) this.#homeless.set(name, new Set(uids))
    this.#nodes.delete(name)
    this.#countImages(info.node, -1)
    this.#freeSlots.push(info.slot)
    this.#list = undefined
    this.#topology.reset()
  }

  /** The API server tells of a pod on a node: it confirms or corrects what was assumed. */
  setPod(pod: PodInfo, nodeName: string): void {
    this.#put(pod, nodeName, false)
  }

  /** This scheduler decided on a node; the API server does not know yet. */
  assume(pod: PodInfo, nodeName: string): void {
    this.#put(pod, nodeName, true)
  }

  /** The binding failed: the room is free again. A pod that the API server has confirmed meanwhile stays. */
  forget(uid: string): void {
    if (this.#pods.get(uid)?.assumed === true) this.removePod(uid)
  }

  removePod(uid: string): void {
    const known = this.#pods.get(uid)
    if (known === undefined) return
    this.#pods.delete(uid)
    const node = this.#nodes.get(known.nodeName)
    if (node !== undefined) return this.#displace(node, uid)
    const waiting = this.#homeless.get(known.nodeName)
    waiting?.delete(uid)
    if (waiting?.size === 0) this.#homeless.delete(known.nodeName)
  }

  /** Where a pod is, or is about to be. */
  nodeOf(uid: string): string | undefined {
    return this.#pods.get(uid)?.nodeName
  }

  isAssumed(uid: string): boolean {
    return this.#pods.get(uid)?.assumed ?? false
  }

  trial(nodeName: string): Trial | undefined {
    const node = this.#nodes.get(nodeName)
    if (node === undefined) return undefined
    const { generation } = node
    const added = new Set<string>()
    const removed = new Map<string, PodInfo>()
    return {
      node,
      add: (pod) => {
        if (!removed.delete(pod.uid)) added.add(pod.uid)
        this.#place(node, pod)
      },
      remove: (uid) => {
        const pod = node.pods.get(uid)
        if (pod === undefined) return
        if (!added.delete(uid)) removed.set(uid, pod)
        this.#displace(node, uid)
      },
      end: () => {
        for (const uid of added) this.#displace(node, uid)
        for (const pod of removed.values()) this.#place(node, pod)
        node.generation = generation
      },
    }
  }

  #put(pod: PodInfo, nodeName: string, assumed: boolean): void {
    this.removePod(pod.uid)
    this.#pods.set(pod.uid, { pod, nodeName, assumed })
    const node = this.#nodes.get(nodeName)
    if (node !== undefined) return this.#place(node, pod)
    const waiting = this.#homeless.get(nodeName) ?? new Set()
    this.#homeless.set(nodeName, waiting.add(pod.uid))
  }

  #place(node: MutableNodeInfo, pod: PodInfo): void {
    addPod(node, pod)
    this.#counters.change(node, pod, 1)
    this.#groups.change(node, pod, 1)
  }

  #displace(node: MutableNodeInfo, uid: string): void {
    const pod = node.pods.get(uid)
    if (pod === undefined) return
    removePod(node, uid)
    this.#counters.change(node, pod, -1)
    this.#groups.change(node, pod, -1)
  }

  #countImages(node: V1Node, by: 1 | -1): void {
    for (const image of node.status?.images ?? [])
      for (const name of new Set(image.names ?? [])) {
        const count = (this.#images.get(name) ?? 0) + by
        if (count === 0) this.#images.delete(name)
        else this.#images.set(name, count)
      }
  }
}

function sameLabels(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key] && Object.hasOwn(b, key))
}
