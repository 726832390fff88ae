import type { NodeInfo } from './node-info.ts'
import type { PodInfo } from './pod-info.ts'

interface Counter {
  matches: (pod: PodInfo) => boolean
  counts: Int32Array
}

/** Predicates that are counted at once; the one not asked for longest makes room for a new one. */
const maxCounters = 128

/**
 * How many pods each node has that some predicate holds for, kept current as pods come and go: a cycle that asks what
 * an earlier one asked finds the numbers ready, whatever the number of pods.
 */
export class PodCounters {
  readonly #counters = new Map<string, Counter>()

  /** By slot. `nodes` are counted through when the predicate is new. */
  counts(
    identity: string,
    matches: (pod: PodInfo) => boolean,
    cluster: { nodes: Iterable<NodeInfo>; slots: number },
  ): Int32Array {
    const known = this.#counters.get(identity)
    const counter = known ?? count(matches, cluster)
    if (counter.counts.length < cluster.slots) counter.counts = grown(counter.counts, cluster.slots)
    this.#counters.delete(identity)
    this.#counters.set(identity, counter)
    if (this.#counters.size > maxCounters)
      for (const oldest of this.#counters.keys()) {
        this.#counters.delete(oldest)
        break
      }
    return counter.counts
  }

  change({ slot }: NodeInfo, pod: PodInfo, by: 1 | -1): void {
    for (const counter of this.#counters.values()) {
      if (!counter.matches(pod)) continue
      if (slot >= counter.counts.length) counter.counts = grown(counter.counts, slot + 1)
      counter.counts[slot] = (counter.counts[slot] ?? 0) + by
    }
  }
}

function count(matches: Counter['matches'], { nodes, slots }: { nodes: Iterable<NodeInfo>; slots: number }): Counter {
  const counts = new Int32Array(slots)
  for (const node of nodes)
    for (const pod of node.pods.values()) if (matches(pod)) counts[node.slot] = (counts[node.slot] ?? 0) + 1
  return { matches, counts }
}

function grown(counts: Int32Array, atLeast: number): Int32Array {
  const larger = new Int32Array(Math.max(atLeast, counts.length * 2))
  larger.set(counts)
  return larger
}
