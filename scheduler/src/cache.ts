import type { V1Node } from '@kapell/openapi/types'
import { addPod, nodeInfo, removePod, type MutableNodeInfo, type NodeInfo } from './framework/node-info.ts'
import type { PodInfo } from './framework/pod-info.ts'
import { parseResources } from '@kapell/controllers/machinery/placement/resources'
import type { Snapshot } from './framework/snapshot.ts'

/**
 * What is where: nodes with their pods, those that the API server already tells of and those that this scheduler has
 * just placed and whose binding is under way ("assumed").
 */
export class SchedulerCache implements Snapshot {
  readonly #nodes = new Map<string, MutableNodeInfo>()
  /** Pods by UID, also those on nodes that are not known (yet, or any more). */
  readonly #pods = new Map<string, { pod: PodInfo; nodeName: string; assumed: boolean }>()
  /** Pods that wait for room which preemption is making: node name and pod, by UID. */
  readonly #nominated = new Map<string, { pod: PodInfo; nodeName: string }>()
  #list: MutableNodeInfo[] | undefined

  get nodes(): readonly NodeInfo[] {
    return (this.#list ??= [...this.#nodes.values()])
  }

  get(name: string): NodeInfo | undefined {
    return this.#nodes.get(name)
  }

  setNode(node: V1Node): void {
    const name = node.metadata?.name ?? ''
    const known = this.#nodes.get(name)
    if (known !== undefined) {
      known.node = node
      known.allocatable = parseResources(node.status?.allocatable)
      return
    }
    const info = nodeInfo(node)
    for (const { pod, nodeName } of this.#pods.values()) if (nodeName === name) addPod(info, pod)
    this.#nodes.set(name, info)
    this.#list = undefined
  }

  removeNode(name: string): void {
    if (this.#nodes.delete(name)) this.#list = undefined
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
    if (node !== undefined) removePod(node, uid)
  }

  nominate(pod: PodInfo, nodeName: string): void {
    this.#nominated.set(pod.uid, { pod, nodeName })
  }

  nominatedTo(nodeName: string): PodInfo[] {
    if (this.#nominated.size === 0) return []
    return [...this.#nominated.values()].filter((n) => n.nodeName === nodeName).map((n) => n.pod)
  }

  /** The pod waits for no particular node any more. */
  denominate(uid: string): void {
    this.#nominated.delete(uid)
  }

  isAssumed(uid: string): boolean {
    return this.#pods.get(uid)?.assumed ?? false
  }

  #put(pod: PodInfo, nodeName: string, assumed: boolean): void {
    this.removePod(pod.uid)
    this.#nominated.delete(pod.uid)
    this.#pods.set(pod.uid, { pod, nodeName, assumed })
    const node = this.#nodes.get(nodeName)
    if (node !== undefined) addPod(node, pod)
  }
}
