import { CycleState } from './cycle-state.ts'
import { addPod, copyNodeInfo, type NodeInfo } from './node-info.ts'
import { isVerdict, type Plugin, type Verdict } from './plugin.ts'
import type { PodInfo } from './pod-info.ts'
import type { Snapshot } from './snapshot.ts'

/** How a cycle's search for a node ended. */
export interface Placement {
  /** Absent: no node fits. */
  nodeName?: string
  /** Why each node that was looked at and refused was refused. */
  rejected: ReadonlyMap<string, Verdict>
  /** Set when a pre-filter ruled out every node at once: its reason. */
  preFilterReason?: string
  state: CycleState
}

/** Runs a profile's plug-ins over the extension points. Holds no state of its own: everything is in the cycle state. */
export class Framework {
  readonly plugins: readonly { plugin: Plugin; weight: number }[]

  constructor(plugins: readonly { plugin: Plugin; weight: number }[]) {
    const names = plugins.map(({ plugin }) => plugin.name)
    const twice = names.find((name, i) => names.indexOf(name) !== i)
    if (twice !== undefined) throw new Error(`scheduler plug-in ${twice} is listed twice`)
    this.plugins = plugins
  }

  preEnqueue(pod: PodInfo): Verdict | undefined {
    for (const { plugin } of this.plugins) {
      const verdict = plugin.preEnqueue?.(pod.pod)
      if (verdict !== undefined) return verdict
    }
    return undefined
  }

  /**
   * Finds the best node of the snapshot; `pickAmong` breaks ties (0 ≤ result < count). Room that preemption made for
   * other pods of at least this one's priority (`nominatedTo`) counts as taken.
   */
  place(
    pod: PodInfo,
    snapshot: Snapshot,
    pickAmong: (count: number) => number,
    nominatedTo: (nodeName: string) => readonly PodInfo[] = () => [],
  ): Placement {
    const state = new CycleState()
    const rejected = new Map<string, Verdict>()
    const narrowed = this.#preFilter(state, pod, snapshot, rejected)
    if (narrowed.reason !== undefined) return { rejected, preFilterReason: narrowed.reason, state }
    const feasible: NodeInfo[] = []
    for (const node of narrowed.nodes) {
      const verdict = this.filter(state, pod, node) ?? this.#filterWithNominated(pod, node, snapshot, nominatedTo)
      if (verdict === undefined) feasible.push(node)
      else rejected.set(node.name, verdict)
    }
    if (feasible.length === 0) return { rejected, state }
    const nodeName = feasible.length === 1 ? feasible[0]?.name : this.#best(state, pod, feasible, snapshot, pickAmong)
    return nodeName === undefined ? { rejected, state } : { nodeName, rejected, state }
  }

  filter(state: CycleState, pod: PodInfo, node: NodeInfo): Verdict | undefined {
    for (const { plugin } of this.plugins) {
      const verdict = plugin.filter?.(state, pod, node)
      if (verdict !== undefined) return verdict
    }
    return undefined
  }

  /** Whether the pod passes every filter on `node`, a changed copy of one of the snapshot's. */
  verdictOn(pod: PodInfo, node: NodeInfo, snapshot: Snapshot): Verdict | undefined {
    const changed = {
      nodes: snapshot.nodes.map((known) => (known.name === node.name ? node : known)),
      get: (name: string) => (name === node.name ? node : snapshot.get(name)),
    }
    const state = new CycleState()
    for (const { plugin } of this.plugins) {
      const result = plugin.preFilter?.(state, pod, changed)
      if (isVerdict(result)) return result
    }
    return this.filter(state, pod, node)
  }

  #filterWithNominated(
    pod: PodInfo,
    node: NodeInfo,
    snapshot: Snapshot,
    nominatedTo: (nodeName: string) => readonly PodInfo[],
  ): Verdict | undefined {
    const before = nominatedTo(node.name).filter((other) => other.uid !== pod.uid && other.priority >= pod.priority)
    if (before.length === 0) return undefined
    const copy = copyNodeInfo(node)
    for (const other of before) addPod(copy, other)
    return this.verdictOn(pod, copy, snapshot)
  }

  async postFilter(state: CycleState, pod: PodInfo, snapshot: Snapshot, rejected: ReadonlyMap<string, Verdict>) {
    const messages: string[] = []
    for (const { plugin } of this.plugins) {
      const result = await plugin.postFilter?.(state, pod, snapshot, rejected)
      if (result === undefined) continue
      messages.push(result.message)
      if (result.nominatedNodeName !== undefined)
        return { nominatedNodeName: result.nominatedNodeName, message: messages.join(', ') }
    }
    return { message: messages.join(', ') }
  }

  #preFilter(
    state: CycleState,
    pod: PodInfo,
    snapshot: Snapshot,
    rejected: Map<string, Verdict>,
  ): { nodes: readonly NodeInfo[]; reason?: string } {
    let names: ReadonlySet<string> | undefined
    const narrowing: string[] = []
    for (const { plugin } of this.plugins) {
      const result = plugin.preFilter?.(state, pod, snapshot)
      if (result === undefined) continue
      if (isVerdict(result)) {
        for (const node of snapshot.nodes) rejected.set(node.name, result)
        return { nodes: [], reason: result.reasons.join(', ') }
      }
      narrowing.push(plugin.name)
      names = names === undefined ? result.nodeNames : names.intersection(result.nodeNames)
    }
    if (names === undefined) return { nodes: snapshot.nodes }
    const nodes = [...names].map((name) => snapshot.get(name)).filter((node) => node !== undefined)
    const reason = `node(s) didn't satisfy plugin(s) [${narrowing.join(' ')}]`
    for (const node of snapshot.nodes)
      if (!names.has(node.name))
        rejected.set(node.name, { code: 'unresolvable', plugin: narrowing[0] ?? '', reasons: [reason] })
    return { nodes }
  }

  #best(
    state: CycleState,
    pod: PodInfo,
    nodes: readonly NodeInfo[],
    snapshot: Snapshot,
    pickAmong: (count: number) => number,
  ): string | undefined {
    const totals = new Float64Array(nodes.length)
    for (const { plugin, weight } of this.plugins) {
      if (plugin.score === undefined || weight === 0) continue
      if (plugin.preScore?.(state, pod, nodes, snapshot) === 'skip') continue
      const scores = nodes.map((node) => plugin.score?.(state, pod, node) ?? 0)
      plugin.normalize?.(state, pod, scores, nodes)
      scores.forEach((score, i) => (totals[i] = (totals[i] ?? 0) + score * weight))
    }
    const highest = Math.max(...totals)
    const best = nodes.filter((_, i) => totals[i] === highest)
    return best[pickAmong(best.length)]?.name
  }
}
