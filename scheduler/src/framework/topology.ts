import type { NodeInfo } from './node-info.ts'
import type { Domains } from './snapshot.ts'

/** Topology keys that are numbered at once; a pod can name any label. */
const maxKeys = 64

/** Numbers the values of topology labels, so that counting by domain is adding into an array. */
export class Topology {
  readonly #byKey = new Map<string, Domains>()

  /** Nodes or their labels changed. */
  reset(): void {
    this.#byKey.clear()
  }

  domains(key: string, { nodes, slots }: { nodes: readonly NodeInfo[]; slots: number }): Domains {
    const known = this.#byKey.get(key)
    if (known !== undefined) return known
    const numbers = new Map<string, number>()
    const ids = new Int32Array(slots).fill(-1)
    for (const { slot, labels } of nodes) {
      if (!Object.hasOwn(labels, key)) continue
      const value = labels[key] ?? ''
      const number = numbers.get(value) ?? numbers.size
      numbers.set(value, number)
      ids[slot] = number
    }
    const domains = { ids, count: numbers.size }
    if (this.#byKey.size >= maxKeys) this.#byKey.clear()
    this.#byKey.set(key, domains)
    return domains
  }
}

/** Adds up a number a node into one a domain; nodes without the label are left out. */
export function sumByDomain(counts: Int32Array, { ids, count }: Domains): Float64Array {
  const sums = new Float64Array(count)
  const slots = Math.min(counts.length, ids.length)
  for (let slot = 0; slot < slots; slot++) {
    const here = counts[slot] ?? 0
    const id = ids[slot] ?? -1
    if (here !== 0 && id >= 0) sums[id] = (sums[id] ?? 0) + here
  }
  return sums
}
