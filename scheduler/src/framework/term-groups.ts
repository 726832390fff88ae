import type { Term, WeightedTerm } from './affinity-terms.ts'
import type { NodeInfo } from './node-info.ts'
import type { PodInfo } from './pod-info.ts'

export type TermKind = 'affinity' | 'antiAffinity' | 'preferred' | 'preferredAgainst'

/** One term that pods have which are already placed, and where they are. */
export interface TermGroup {
  kind: TermKind
  term: Term
  /** 1 to 100 for preferences; 0 for rules. */
  weight: number
  /** How many pods with this term each node holds, by slot; no zeros. */
  counts: Map<number, number>
}

const kinds: readonly TermKind[] = ['affinity', 'antiAffinity', 'preferred', 'preferredAgainst']

/**
 * Thousands of replicas share a handful of terms: asking each distinct term once whether it concerns a pod replaces
 * asking every pod on every node.
 */
export class TermGroups {
  /** Terms that name their namespaces, by each of them. */
  readonly #byNamespace = new Map<string, Map<string, TermGroup>>()
  /** Terms that select namespaces by label. */
  readonly #bySelector = new Map<string, TermGroup>()

  concerning(namespace: string): readonly TermGroup[] {
    return [...this.#bySelector.values(), ...(this.#byNamespace.get(namespace)?.values() ?? [])]
  }

  change(node: NodeInfo, pod: PodInfo, by: 1 | -1): void {
    for (const kind of kinds)
      for (const term of pod.terms[kind]) {
        const weight = (term as Partial<WeightedTerm>).weight ?? 0
        const key = `${kind} ${weight} ${term.topologyKey} ${term.identity}`
        for (const groups of this.#homes(term)) changeCount(groups, key, { kind, term, weight }, node.slot, by)
      }
    for (const namespace of namespacesOf(pod))
      if (this.#byNamespace.get(namespace)?.size === 0) this.#byNamespace.delete(namespace)
  }

  /** A term that selects namespaces is asked of all; else it lives with each namespace that it names. */
  #homes(term: Term): Map<string, TermGroup>[] {
    if (term.namespaceSelector !== undefined) return [this.#bySelector]
    return [...term.namespaces].map((namespace) => {
      const known = this.#byNamespace.get(namespace) ?? new Map<string, TermGroup>()
      this.#byNamespace.set(namespace, known)
      return known
    })
  }
}

function changeCount(
  groups: Map<string, TermGroup>,
  key: string,
  fresh: Omit<TermGroup, 'counts'>,
  slot: number,
  by: 1 | -1,
): void {
  const group = groups.get(key) ?? { ...fresh, counts: new Map<number, number>() }
  const count = (group.counts.get(slot) ?? 0) + by
  if (count === 0) group.counts.delete(slot)
  else group.counts.set(slot, count)
  if (group.counts.size === 0) groups.delete(key)
  else groups.set(key, group)
}

function namespacesOf({ terms }: PodInfo): Set<string> {
  const all = new Set<string>()
  for (const kind of kinds) for (const term of terms[kind]) for (const namespace of term.namespaces) all.add(namespace)
  return all
}
