import type { NodeInfo } from './node-info.ts'
import type { Verdict } from './plugin.ts'

/** Why nodes were refused. */
export interface Rejected {
  of: (node: NodeInfo) => Verdict | undefined
  /** A verdict a refused node. */
  values: () => readonly Verdict[]
}

/** A list by slot: thousands of nodes may refuse a pod, and a map of them would cost more than asking did. */
export class Rejections implements Rejected {
  readonly #nodes: readonly NodeInfo[]
  readonly #bySlot: readonly (Verdict | undefined)[]
  readonly #others: Verdict | undefined
  #values: readonly Verdict[] | undefined

  /** `others`: of nodes that `bySlot` has no verdict for. The nodes are those of now. */
  constructor({ nodes }: { nodes: readonly NodeInfo[] }, bySlot: readonly (Verdict | undefined)[], others?: Verdict) {
    this.#nodes = nodes
    this.#bySlot = bySlot
    this.#others = others
  }

  of({ slot }: NodeInfo): Verdict | undefined {
    return this.#bySlot[slot] ?? this.#others
  }

  values(): readonly Verdict[] {
    if (this.#values !== undefined) return this.#values
    const all: Verdict[] = []
    for (const node of this.#nodes) {
      const verdict = this.of(node)
      if (verdict !== undefined) all.push(verdict)
    }
    return (this.#values = all)
  }
}

export const noRejections: Rejected = { of: () => undefined, values: () => [] }

/** Of few nodes. */
export function rejectionsOf(verdicts: ReadonlyMap<NodeInfo, Verdict>): Rejected {
  return { of: (node) => verdicts.get(node), values: () => [...verdicts.values()] }
}
