import type { PodInfo } from './pod-info.ts'

const nobody: readonly PodInfo[] = []

/** Pods that wait for room which preemption is making on a node. Source: "Pod Priority and Preemption". */
export class Nominations {
  readonly #nodeOf = new Map<string, string>()
  readonly #byNode = new Map<string, { pods: PodInfo[]; generation: number }>()
  #lastGeneration = 0

  get size(): number {
    return this.#nodeOf.size
  }

  /** Those who wait for room on the node. */
  on(nodeName: string): readonly PodInfo[] {
    return this.#nodeOf.size === 0 ? nobody : (this.#byNode.get(nodeName)?.pods ?? nobody)
  }

  /** Never the same for two different sets of waiting pods; 0 where nobody waits. */
  generation(nodeName: string): number {
    if (this.#nodeOf.size === 0) return 0
    return this.#byNode.get(nodeName)?.generation ?? 0
  }

  /** Where the pod waits for room. */
  nodeOf(uid: string): string | undefined {
    return this.#nodeOf.get(uid)
  }

  set(pod: PodInfo, nodeName: string): void {
    this.delete(pod.uid)
    this.#nodeOf.set(pod.uid, nodeName)
    const pods = [...this.on(nodeName), pod]
    this.#byNode.set(nodeName, { pods, generation: ++this.#lastGeneration })
  }

  /** The pod waits for no particular node any more. */
  delete(uid: string): void {
    const nodeName = this.#nodeOf.get(uid)
    if (nodeName === undefined) return
    const pods = this.on(nodeName).filter((pod) => pod.uid !== uid)
    this.#nodeOf.delete(uid)
    if (pods.length === 0) this.#byNode.delete(nodeName)
    else this.#byNode.set(nodeName, { pods, generation: ++this.#lastGeneration })
  }
}
