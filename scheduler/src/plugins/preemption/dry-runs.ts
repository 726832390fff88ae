import type { Nominations } from '../../framework/nominations.ts'
import type { NodeInfo } from '../../framework/node-info.ts'
import type { PodInfo } from '../../framework/pod-info.ts'
import type { Verdict } from '../../framework/plugin.ts'
import type { Victims } from './victims.ts'

/** Kinds of preemptors whose dry runs are kept. */
const maxKinds = 8

interface Run {
  generation: number
  nominations: number
  result: Victims | Verdict
}

/**
 * What dry runs on nodes came to, for pods of one signature and priority about which nothing but the node decides: of
 * a wave of like pods each tries anew only the nodes that changed since the one before.
 */
export class DryRuns {
  readonly #byKind = new Map<string, { budgets: number; runs: Run[] }>()

  /** `budgets`: another number whenever any budget changed. Where the pod itself waits for room nothing is kept. */
  of(
    pod: PodInfo,
    budgets: number,
    nominations: Nominations,
  ): (node: NodeInfo, run: (node: NodeInfo) => Run['result']) => Run['result'] {
    const kind = `${pod.priority} ${pod.signature}`
    const found = this.#byKind.get(kind)
    const known = found?.budgets === budgets ? found : { budgets, runs: [] }
    this.#byKind.delete(kind)
    this.#byKind.set(kind, known)
    if (this.#byKind.size > maxKinds)
      for (const oldest of this.#byKind.keys()) {
        this.#byKind.delete(oldest)
        break
      }
    const own = nominations.nodeOf(pod.uid)
    const { runs } = known
    return (node, run) => {
      if (node.name === own) return run(node)
      const waiting = nominations.generation(node.name)
      const before = runs[node.slot]
      if (before?.generation === node.generation && before.nominations === waiting) return before.result
      const result = run(node)
      runs[node.slot] = { generation: node.generation, nominations: waiting, result }
      return result
    }
  }
}
