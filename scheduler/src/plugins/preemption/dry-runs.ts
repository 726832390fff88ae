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

  /** `budgets`: another number whenever any budget changed. */
  of(pod: PodInfo, budgets: number): (node: NodeInfo, nominations: number, run: () => Run['result']) => Run['result'] {
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
    return ({ slot, generation }, nominations, run) => {
      const before = known.runs[slot]
      if (before?.generation === generation && before.nominations === nominations) return before.result
      const result = run()
      known.runs[slot] = { generation, nominations, result }
      return result
    }
  }
}
