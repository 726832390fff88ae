import type { Handle } from '../../framework/handle.ts'
import type { Plugin } from '../../framework/plugin.ts'
import { countTerms, filterTerms } from './filter.ts'
import { affinityHints } from './hints.ts'
import { normalizeRange, scoreDomains, weighDomains, type AffinityArgs } from './score.ts'

/** Brings pods together or keeps them apart, by the labels of what already runs in a topology domain. */
export function interPodAffinity(handle: Handle, args: AffinityArgs = {}): Plugin {
  return {
    name: 'InterPodAffinity',
    preFilter: (state, pod, snapshot) => countTerms(state, pod, snapshot, handle),
    filter: filterTerms,
    preScore: (state, pod, _nodes, snapshot) => weighDomains({ state, pod, snapshot, handle, args }),
    score: scoreDomains,
    normalize: (_state, _pod, scores) => normalizeRange(scores),
    queueingHints: affinityHints(handle),
  }
}
