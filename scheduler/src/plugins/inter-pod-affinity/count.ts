import { termMatches, type NamespaceLabels, type Term } from '../../framework/affinity-terms.ts'
import type { Handle } from '../../framework/handle.ts'
import type { Snapshot } from '../../framework/snapshot.ts'

/** Pods on each node, by slot, that every one of the terms matches. */
export function countMatchingAll(terms: readonly Term[], snapshot: Snapshot, handle: Handle): Int32Array {
  const identity = terms.map((term) => term.identity).join('&')
  // What a namespace selector selects changes with the labels of namespaces.
  const age = terms.some((term) => term.namespaceSelector?.empty === false) ? ` @${handle.namespacesGeneration()}` : ''
  const labelsOf: NamespaceLabels = handle.namespaceLabels
  return snapshot.countPods(`affinity ${identity}${age}`, ({ pod }) =>
    terms.every((term) => termMatches(term, pod, labelsOf)),
  )
}
